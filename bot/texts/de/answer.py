"""Private answers, in German: to orders that cannot be taken, to presses, and when something breaks."""

TEXTS: dict[str, str] = {
    "answer.your_text": "Dein Text, damit nichts verloren geht:",
    "answer.your_text_file": "Dein Text ist angehängt, damit nichts verloren geht.",
    "answer.no_song": "In dieser Nachricht ist kein Song. Nimm eine Nachricht mit einer MP3- oder WAV-Datei.",
    "answer.song_missing": "Bitte hänge auch einen Song an.",
    "answer.restarted": (
        "Ich wurde neu gestartet, während dein Formular offen war; der Song dazu ist verloren. "
        "Bitte nimm noch einmal `/compose` und hänge ihn an; dein Text steht hier."
    ),
    "answer.song_expired": "Den Song dazu habe ich nicht mehr. Bitte hänge ihn im Formular an.",
    "answer.lyrics_of": "Der Text von **{title}**:",
    "answer.failed": (
        "Bei mir ist etwas schiefgegangen, das tut mir leid. Wenn es wieder geschieht, sage es der Person, "
        "die diesen Bot betreibt: Zeichen `{reference}`."
    ),
    "answer.disk": (
        "Meine Festplatte tut gerade nicht, was sie soll, darum ging das nicht. Wer diesen Bot betreibt, muss "
        "nachsehen; bitte versuche es später noch einmal."
    ),
    "answer.preparing": "🎧 **{title}** · ich hole deinen Song hervor",
    "answer.no_file": "Die Datei dieses Stücks habe ich nicht mehr.",
    "answer.file_too_large": "Die Datei dieses Stücks ist zu groß, um sie hier zu senden.",
    "answer.file_unheard": "Ich konnte die Datei dieses Stücks nicht prüfen, und ich sende nur, was ich gehört habe.",
}
