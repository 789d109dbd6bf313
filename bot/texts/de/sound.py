"""What is said in German about a file's sound."""

TEXTS: dict[str, str] = {
    # Refused.
    "sound.empty": "Diese Datei ist leer. Häng den Song noch einmal an.",
    "sound.not_sound": "Das ist {what}, kein Song. Häng eine MP3- oder WAV-Datei an.",
    "sound.not_read": (
        "Das ist {what}; so etwas kann hier nicht gelesen werden. "
        "Speichere den Song als MP3 oder WAV und häng ihn so an."
    ),
    "sound.unknown": (
        "Das ist keine Tondatei, die sich erkennen lässt, wie auch immer sie heißt. Häng eine MP3- oder WAV-Datei an."
    ),
    "sound.only_tags": (
        "Am Anfang dieser Datei stehen Titel oder Bilder, dahinter war keine Musik zu finden. "
        "Häng den Song noch einmal an."
    ),
    "sound.no_sound": "Das ist {what} ohne Ton. Häng etwas mit Ton an, oder eine MP3- oder WAV-Datei.",
    "sound.codec": (
        "Der Ton in dieser Datei ist so verpackt, dass er hier nicht gelesen werden kann ({codec}), oder er ist "
        "kopiergeschützt. Speichere den Song als MP3 oder WAV und häng ihn so an."
    ),
    "sound.free_format": (
        "Diese MP3 nutzt das seltene „Free Format“, das der Musikdienst nicht abspielen kann. "
        "Speichere sie noch einmal als gewöhnliche MP3, etwa mit 192 kbit/s."
    ),
    "sound.too_short": (
        "Dieser Song ist {seconds:.1f} Sekunden lang; der Musikdienst braucht mehr als {needed:.0f} Sekunden. "
        "Häng einen längeren an."
    ),
    "sound.incomplete": (
        "Von den {claimed:.0f} Sekunden dieses Songs lassen sich nur {seconds:.1f} abspielen, der Rest fehlt oder ist "
        "kaputt; der Musikdienst braucht mehr als {needed:.0f} Sekunden. Häng eine vollständige Datei an."
    ),
    "sound.silent": (
        "Diese Datei ist fast stumm: zu hören sind {seconds:.1f} Sekunden, und {needed:.0f} müssen es sein. "
        "Häng einen Song an, in dem etwas klingt."
    ),
    "sound.silent_track": (
        "Diese Datei hat {tracks} Tonspuren, und die, die abgespielt wird, ist fast stumm: zu hören sind {seconds:.1f} "
        "Sekunden, und {needed:.0f} müssen es sein. Speichere den gemeinten Ton als MP3 oder WAV und häng ihn so an."
    ),
    "sound.corrupt": (
        "Diese Datei ist beschädigt, {percent:.0f} % davon lassen sich nicht abspielen. "
        "Häng eine andere Kopie des Songs an."
    ),
    "sound.rate": (
        "Laut Datei hat sie {rate} Abtastwerte je Sekunde, so etwas hat kein Song; {lowest} müssen es sein. "
        "Speichere sie mit 44100 und häng sie so an."
    ),
    "sound.channels": (
        "Laut Datei hat sie {channels} Kanäle; höchstens {most} können gelesen werden. "
        "Speichere sie in Stereo und häng sie so an."
    ),
    "sound.dense": (
        "Laut Datei hat sie {rate} Abtastwerte je Sekunde auf jedem von {channels} Kanälen; zusammen können höchstens "
        "{most} gelesen werden. Speichere sie in Stereo mit 44100 und häng sie so an."
    ),
    "sound.heavy_tags": (
        "Die Tags dieser Datei (Titel, Bilder und dergleichen) enthalten mehr, als gelesen wird: höchstens {entries} "
        "Einträge und {mebibytes:.0f} MiB. Speichere den Song ohne sie und häng ihn so an."
    ),
    "sound.endless": (
        "Diese Aufnahme dauert länger als {minutes} Minuten; so lange wird höchstens gelesen. "
        "Häng einen einzelnen Song an."
    ),
    "sound.too_heavy": (
        "Diese Datei zu lesen brauchte zu viel Zeit oder Speicher und wurde abgebrochen. "
        "Speichere den Song als gewöhnliche MP3 und häng ihn so an."
    ),
    "sound.over_cpu": (
        "Diese Datei zu lesen brauchte mehr als {seconds:.0f} Sekunden Rechenzeit und wurde abgebrochen. "
        "Speichere den Song als gewöhnliche MP3 und häng ihn so an."
    ),
    "sound.over_time": (
        "Diese Datei zu lesen dauerte länger als {seconds:.0f} Sekunden und wurde abgebrochen. "
        "Versuch es in einer Minute noch einmal, oder speichere den Song als gewöhnliche MP3 und häng ihn so an."
    ),
    "sound.over_memory": (
        "Diese Datei zu lesen brauchte mehr Speicher, als für einen Song da ist (höchstens {mebibytes:.0f} MiB), "
        "und wurde abgebrochen. Speichere den Song als gewöhnliche MP3 und häng ihn so an."
    ),
    "sound.over_output": (
        "Beim Umwandeln wurden aus dieser Datei mehr als {mebibytes:.0f} MiB, darum wurde es abgebrochen. "
        "Häng einen kürzeren Song an."
    ),
    "sound.crashed": (
        "Der Decoder ist beim Lesen dieser Datei abgestürzt; ob es an der Datei liegt oder an ihm selbst, lässt sich "
        "von hier aus nicht sagen. Speichere den Song als gewöhnliche MP3 und häng ihn so an."
    ),
    "sound.internal": (
        "Es liegt nicht an deiner Datei: Beim Anhören ist in mir etwas schiefgegangen, das tut mir leid. Wer den Bot "
        "betreibt, findet die Ursache in seinem Protokoll. Dein Song und dein Text sind noch da; versuch es bitte "
        "später noch einmal."
    ),
    "sound.unreadable": "Die Datei ließ sich nicht öffnen. Häng sie noch einmal an.",
    "sound.disk": (
        "Es liegt nicht an deiner Datei: Ich konnte nicht speichern, was ich daraus mache, weil meine Festplatte voll "
        "ist oder nicht mitspielt. Dein Song und dein Text sind noch da; versuch es bitte später noch einmal."
    ),
    "sound.unavailable": (
        "Es liegt nicht an deiner Datei: Ich komme gerade nicht dazu, sie anzuhören. Dein Song und dein Text sind noch "
        "da; versuch es bitte in ein paar Minuten noch einmal."
    ),
    "sound.too_big_anyway": (
        "Selbst als kleine MP3 hätte dieser Song {mebibytes:.0f} MiB, und nur {most:.0f} MiB lassen sich weitergeben. "
        "Häng einen kürzeren an."
    ),
    "sound.not_converted": (
        "Diese Datei ließ sich nicht umwandeln. Speichere den Song als gewöhnliche MP3 und häng ihn so an."
    ),
    # Convertible: what will be changed.
    "sound.other_format": "Das ist {what}; der Musikdienst nimmt MP3 und WAV, darum wird daraus eine MP3.",
    "sound.inner_codec": (
        "Das ist {what} mit ungewöhnlichem Ton darin ({codec}), darum wird daraus eine gewöhnliche MP3."
    ),
    "sound.odd_rate": ("Sie hat ungewöhnliche {rate} Abtastwerte je Sekunde, darum wird daraus eine gewöhnliche MP3."),
    "sound.surround": "Sie hat {channels} Kanäle, darum wird daraus eine MP3 in Stereo.",
    "sound.header": (
        "Ihr Kopf führt in die Irre (sie dauert in Wahrheit {seconds:.1f} Sekunden), "
        "darum wird sie als MP3 neu geschrieben."
    ),
    "sound.damaged": (
        "Etwa {percent:.0f} % davon sind beschädigt; was sich abspielen lässt, wird als MP3 neu geschrieben."
    ),
    "sound.too_long": (
        "Der Song ist {seconds:.0f} Sekunden lang und der Musikdienst nimmt {longest:.0f}, "
        "darum wird die beste Stelle herausgeschnitten."
    ),
    "sound.too_big": (
        "Die Datei hat {mebibytes:.1f} MiB und nur {most:.0f} MiB lassen sich weitergeben, "
        "darum wird daraus eine kleinere MP3."
    ),
    # What a file is, with its article.
    "sound.kind.mp3": "eine MP3-Datei",
    "sound.kind.mp2": "eine MP2-Datei",
    "sound.kind.free_format": "eine MP3-Datei im Free Format",
    "sound.kind.wav": "eine WAV-Datei",
    "sound.kind.w64": "eine Wave64-Datei",
    "sound.kind.aac": "eine AAC-Datei",
    "sound.kind.mp4": "eine MP4- oder M4A-Datei",
    "sound.kind.ogg": "eine Ogg-Datei",
    "sound.kind.flac": "eine FLAC-Datei",
    "sound.kind.aiff": "eine AIFF-Datei",
    "sound.kind.webm": "eine WebM- oder Matroska-Datei",
    "sound.kind.caf": "eine CAF-Datei",
    "sound.kind.avi": "ein AVI-Film",
    "sound.kind.wma": "eine Windows-Media-Datei",
    "sound.kind.au": "eine AU-Datei",
    "sound.kind.amr": "eine AMR-Sprachaufnahme",
    "sound.kind.wavpack": "eine WavPack-Datei",
    "sound.kind.midi": "eine MIDI-Datei (Noten ohne Ton)",
    "sound.kind.ape": "eine Monkey’s-Audio-Datei",
    "sound.kind.other_media": "eine Ton- oder Filmdatei seltener Art",
    "sound.kind.picture": "ein Bild",
    "sound.kind.archive": "ein gepacktes Archiv (ZIP oder Ähnliches)",
    "sound.kind.html": "eine Webseite",
    "sound.kind.pdf": "ein PDF-Dokument",
    "sound.kind.playlist": "eine Abspielliste, die nur andere Dateien nennt",
    "sound.kind.program": "ein Programm",
    "sound.kind.text": "eine Textdatei",
}
