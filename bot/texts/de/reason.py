"""Why an order was not taken or a job ended without a track, in German. Values: see `bot.ui.formatting`."""

TEXTS: dict[str, str] = {
    "reason.lyrics_empty": (
        "In diesem Text gibt es nichts zu singen. Namen von Strophen, Zeichen und Emojis werden nicht gesungen."
    ),
    "reason.lyrics_too_short": (
        "Dieser Text hat gesungen {count} Zeichen; das Modell braucht mindestens {limit}. "
        "Bitte schreib noch {over} oder mehr dazu."
    ),
    "reason.lyrics_too_long": (
        "Dieser Text hat gesungen {count} Zeichen; das Modell nimmt höchstens {limit}. Bitte kürze ihn um {over}."
    ),
    "reason.lyrics_too_long_there": "Dem Musikdienst ist dieser Text zu lang. Bitte kürze ihn.",
    "reason.lyrics_fit_elsewhere": (
        "Dieser Text hat gesungen {count} Zeichen; {model} nimmt höchstens {limit}. {other} nimmt bis zu "
        "{other_limit}: Wähle das, oder kürze ihn um {over}. Es wurde nichts berechnet."
    ),
    "reason.model_gone": "{model} wird hier nicht mehr angeboten. Bitte wähle ein anderes; es gibt: {offered}.",
    "reason.style_not_taken": (
        "{model} nimmt keine Angaben zum Stil. Bitte lass den Stil leer, oder wähle ein anderes Modell, wenn es eines "
        "gibt."
    ),
    "reason.style_too_short": (
        "Der Stil hat {count} Zeichen; das Modell braucht mindestens {limit}. Bitte schreib noch {over} oder mehr dazu."
    ),
    "reason.style_too_long": (
        "Der Stil hat {count} Zeichen; das Modell nimmt höchstens {limit}. Bitte kürze ihn um {over}."
    ),
    "reason.title_too_long": "Der Titel hat {count} Zeichen; höchstens {limit} passen. Bitte kürze ihn.",
    "reason.words_refused": "Titel oder Text enthalten ein Wort, das hier nicht gesungen wird. Bitte ändere es.",
    "reason.foreign_url": "Diese Datei kommt nicht von Discord. Bitte hänge den Song selbst an.",
    "reason.file_too_large": (
        "Diese Datei ist zu groß: höchstens {limit_mb} MB. Bitte hänge eine kleinere an, etwa als MP3."
    ),
    "reason.file_empty": "Diese Datei ist leer. Bitte hänge den Song noch einmal an.",
    "reason.no_permission": (
        "Mir fehlt hier das Recht **{permission}**; das Stück käme nicht an, wie es soll, darum wurde nichts begonnen. "
        "Bitte die Leitung dieses Servers darum, oder nimm einen anderen Kanal."
    ),
    "reason.guild_closed": (
        "Auf diesem Server nehme ich keine neuen Songs an, begonnen wurde nichts. Wer den Bot betreibt, entscheidet, "
        "welche Server das dürfen; frag dort nach, oder bestelle da, wo der Bot zu Hause ist."
    ),
    "reason.direct_closed": (
        "In Direktnachrichten nehme ich keine neuen Songs an, begonnen wurde nichts. Bitte bestelle auf einem Server, "
        "auf dem dieser Bot zu Hause ist."
    ),
    "reason.user_install_closed": (
        "Von Apps, die jemand dem eigenen Konto hinzugefügt hat, nehme ich keine neuen Songs an, begonnen wurde "
        "nichts. Bitte bestelle auf einem Server, auf dem dieser Bot zu Hause ist."
    ),
    "reason.private_thread": (
        "Ich bin nicht in diesem privaten Thread; das Stück käme nicht an, darum wurde nichts begonnen. Erwähne mich "
        "hier einmal, dann bin ich dabei, und bestelle noch einmal; oder nimm einen anderen Kanal."
    ),
    "reason.member_space": (
        "Deine Songs belegen {used} der {limit_size}, die hier jeder hat, und dieser hat {size}. Es wurde nichts "
        "begonnen. Vorlagen und Stücke zählen: Wähle in `/tracks` einen Song, den du nicht mehr brauchst, und drücke "
        "*Löschen*."
    ),
    "reason.data_space": (
        "Alle Songs zusammen belegen so viel, wie dieser Bot aufheben darf, darum wurde nichts begonnen. Alte gehen "
        "von selbst; *Löschen* in `/tracks` schafft sofort Platz. Bitte versuche es später noch einmal."
    ),
    "reason.disk_nearly_full": (
        "Meine Festplatte ist fast voll, darum nehme ich gerade keine neuen Songs an; es wurde nichts begonnen. Was "
        "schon läuft, geht weiter. Wer den Bot betreibt, muss Platz schaffen; bitte versuche es später noch einmal."
    ),
    "reason.store_busy": (
        "Ich konnte deinen Auftrag gerade nicht aufschreiben, begonnen wurde nichts. Bitte versuche es gleich "
        "noch einmal."
    ),
    "reason.paused": "Ich mache gerade Pause; begonnen wurde nichts. Bitte versuche es später noch einmal.",
    "reason.paused_until": "Ich mache gerade Pause; begonnen wurde nichts. Aufträge nehme ich wieder an: {again}.",
    "reason.blocked": "Du kannst hier keine Songs bestellen. Das hat entschieden, wer den Bot oder den Server leitet.",
    "reason.blocked_until": (
        "Du kannst hier keine Songs bestellen; die Sperre endet {again}. Das hat entschieden, wer den Bot oder den "
        "Server leitet."
    ),
    "reason.wrong_channel": (
        "In diesem Kanal werden keine Songs bestellt; begonnen wurde nichts. Bitte nimm {channels}."
    ),
    "reason.not_allowed": "Du darfst hier keine Songs bestellen: Die Grenze, die für dich gilt, ist 0.",
    "reason.already_taken": "Dieser Song ist schon unterwegs.",
    "reason.limit_day": "Deine Songs für heute sind aufgebraucht.",
    "reason.limit_day_many": "Deine {limit} Songs für heute sind aufgebraucht. Wieder {again}.",
    "reason.limit_day_one": "Dein Song für heute ist aufgebraucht. Wieder {again}.",
    "reason.limit_at_once": "Du hast so viele Songs in Arbeit, wie auf einmal erlaubt sind.",
    "reason.limit_at_once_many": "Du hast {limit} Songs in Arbeit; mehr auf einmal sind nicht erlaubt.",
    "reason.limit_at_once_one": "Du hast einen Song in Arbeit; mehr als einer auf einmal ist nicht erlaubt.",
    "reason.limit_guild": "Die Songs dieses Servers für heute sind aufgebraucht.",
    "reason.limit_guild_many": "Die {limit} Songs dieses Servers für heute sind aufgebraucht. Wieder {again}.",
    "reason.limit_guild_one": "Der Song dieses Servers für heute ist aufgebraucht. Wieder {again}.",
    "reason.hearing_waits": (
        "Drei deiner Dateien brauchten mehr Arbeit, als ein Song kosten darf; darum höre ich mir eine Weile keine von "
        "dir an. Bitte versuche es später noch einmal, am besten mit einer einfachen MP3; begonnen wurde nichts."
    ),
    "reason.hearing_waits_until": (
        "Drei deiner Dateien brauchten innerhalb einer Stunde mehr Arbeit, als ein Song kosten darf; begonnen wurde "
        "nichts. Deine Songs höre ich wieder an: {again}. Am besten nimmst du eine einfache MP3."
    ),
    "reason.budget": "Dieser Bot hat vorerst ausgegeben, was er ausgeben darf; begonnen wurde nichts.",
    "reason.budget_until": (
        "Dieser Bot hat vorerst ausgegeben, was er ausgeben darf; begonnen wurde nichts. Songs nimmt er wieder an: "
        "{again}."
    ),
    "reason.guild_left": (
        "Ich wurde von dem Server entfernt, auf dem du den Song bestellt hast; deshalb entsteht er nicht. Er hat "
        "nichts gekostet und zählt nicht."
    ),
    "reason.place_gone": "Wer den Bot betreibt, hat den Song aus der Warteschlange genommen. Berechnet wurde nichts.",
    "reason.unanswered": (
        "Meine Antwort auf deine Bestellung ist nicht rechtzeitig bei Discord angekommen, deshalb wurde nichts "
        "begonnen und nichts berechnet. Dein Song und dein Text sind noch da: *Doch noch machen* bestellt ihn jetzt."
    ),
    "reason.disk": (
        "Die Festplatte dieses Bots hat deinen Song nicht angenommen; begonnen und berechnet wurde nichts. An deiner "
        "Datei liegt es nicht: Wer den Bot betreibt, muss nachsehen. Bitte versuche es später noch einmal."
    ),
    "reason.sound": (
        "Diese Datei taugt nicht als Vorlage. Sie muss eine MP3- oder WAV-Datei mit Musik und Gesang sein, länger als "
        "{min_seconds} Sekunden."
    ),
    "reason.reference_gone": "Discord hat den angehängten Song nicht mehr. Bitte hänge ihn noch einmal an.",
    "reason.reference_unreadable": (
        "Der Musikdienst konnte diesen Song nicht lesen. Bitte versuche es mit einer anderen MP3- oder WAV-Datei."
    ),
    "reason.content_refused": "Der Musikdienst lehnt diesen Text oder diesen Song ab. Bitte nimm einen anderen.",
    "reason.request_refused": (
        "Der Musikdienst nimmt diesen Auftrag so nicht an. Ein anderer Song oder ein anderer Text kann helfen."
    ),
    "reason.provider_failed": (
        "Der Musikdienst hat begonnen und aufgegeben. Das liegt nicht an dir; ein neuer Versuch hilft oft."
    ),
    "reason.key_refused": (
        "Der Musikdienst nimmt den Schlüssel dieses Bots nicht an. Wer den Bot betreibt, muss nachsehen."
    ),
    "reason.address_wrong": (
        "Unter der Adresse, die dieser Bot hat, ist der Musikdienst nicht zu finden. Es wurde nichts berechnet, und es "
        "liegt weder an deinem Song noch an deinem Text: Wer den Bot betreibt, muss nachsehen."
    ),
    "reason.no_credits": (
        "Das Guthaben dieses Bots beim Musikdienst ist verbraucht. Wer den Bot betreibt, muss es auffüllen."
    ),
    "reason.proxy": (
        "Der Weg dieses Bots ins Internet, ein Proxy, lässt zurzeit nichts durch; darum wurde für diesen Versuch "
        "nichts berechnet. Wer den Bot betreibt, muss nachsehen; weder dein Song noch deine Verbindung ist schuld."
    ),
    "reason.busy_too_long": (
        "Der Musikdienst war zu lange beschäftigt oder nicht zu erreichen. Es wurde nichts berechnet."
    ),
    "reason.busy_too_long_again": (
        "Der Musikdienst war zu lange beschäftigt oder nicht zu erreichen. Diesmal wurde nichts berechnet, der erste "
        "Versuch vielleicht schon."
    ),
    "reason.outcome_unknown": (
        "Der Musikdienst hat nicht geantwortet, als ich ihm deinen Song schickte; ich weiß nicht, ob er ihn angenommen "
        "hat. Von selbst schicke ich ihn nicht zweimal: Ein neuer Versuch kann doppelt berechnet werden."
    ),
    "reason.deadline": (
        "Das Stück wurde nicht rechtzeitig fertig. Vielleicht kommt es noch: *Noch einmal nachsehen* kostet nichts."
    ),
    "reason.generation_lost": "Der Musikdienst kennt diesen Song nicht mehr.",
    "reason.track_lost": (
        "Das Stück war fertig, aber seine Datei war nicht zu bekommen. *Noch einmal nachsehen* kostet nichts."
    ),
    "reason.channel_gone": "Das Stück ist fertig, aber ich konnte es nicht senden. Mit `/tracks` kannst du es abholen.",
    "reason.track_unheard": (
        "Das Stück ist fertig, aber ich konnte die Datei nicht prüfen, und ich sende nur, was ich gehört habe. "
        "*Noch einmal senden* versucht es erneut und kostet nichts."
    ),
    "reason.track_too_large": (
        "Das Stück ist fertig, aber die Datei ist für diesen Kanal zu groß. Hole sie mit `/tracks` dort ab, wo größere "
        "Dateien erlaubt sind; *Noch einmal senden* versucht es hier erneut."
    ),
    "reason.internal": (
        "Bei diesem Song geht in mir immer wieder etwas schief, das tut mir leid. Wer den Bot betreibt, findet die "
        "Ursache in seinem Protokoll."
    ),
    "reason.member_cancelled": "Es wurde abgebrochen.",
    "reason.dismissed": "Du hast den Song auf sich beruhen lassen.",
}
