"""The lists behind `/tracks` and `/queue`, in German."""

TEXTS: dict[str, str] = {
    "tracks.heading": "Deine Songs",
    "tracks.empty": "Du hast noch keine Songs. Mach einen mit `/compose`.",
    "tracks.page": "Seite {page} von {pages} · {count} insgesamt",
    "tracks.line": "{icon} **{title}** · {state} · {age}",
    "tracks.line_linked": "{icon} **{title}** · {state} · {age} · {link}",
    "tracks.link": "öffnen",
    "tracks.choice": "{title} · {state}",
    "tracks.unknown": "Einen solchen Song hast du nicht. Wähle einen aus der Liste, die beim Tippen erscheint.",
    "tracks.no_lyrics": "(kein Text)",
    "tracks.my_data": (
        "Das ist alles, was ich von dir aufbewahre: deine Songs mit ihren Texten, Regeln, die dich betreffen, und "
        "wie deine Songs gezählt wurden. Eine Datei ist zum Lesen, die andere für Programme. Die Aufnahmen selbst "
        "findest du in `/tracks`."
    ),
    "tracks.my_data_too_large": (
        "Was ich von dir aufbewahre, ist zu viel für eine Nachricht. Bitte lösche in `/tracks` einige Songs, oder "
        "frag die Leute, die diesen Bot betreiben."
    ),
    "tracks.forget_ask": (
        "Alles löschen, was ich von dir aufbewahre? Alle deine Songs, ihre Texte und Dateien, meine Nachrichten "
        "damit und dein Name sind dann endgültig weg. Noch nicht bezahlte Songs enden; schon bezahlte kommen noch "
        "an und werden danach gelöscht."
    ),
    "tracks.forgotten": (
        "Gelöscht: deine Songs ({count}) mit Texten und Dateien, und dein Name. Meine Nachrichten damit verschwinden "
        "gerade."
    ),
    "tracks.forgotten_finishing": (
        "Schon bezahlt und noch in Arbeit: {count}. Ich bringe sie dir noch; danach lösche ich, was ich dazu "
        "aufbewahre, und die Nachricht bleibt dir."
    ),
    "tracks.forgotten_ledger": (
        "Dass jemand Songs bestellt hat, bleibt in meiner Abrechnung. Deine ID steht dort noch bis spätestens "
        "{until}, weil die Tageslimits danach zählen; dann führt dort nichts mehr zu dir. Bist du gesperrt, bleibt "
        "das bis zur Aufhebung; was Betreiber getan haben, wird so lange aufbewahrt wie Songs."
    ),
    "tracks.queue.heading": "Das entsteht hier gerade",
    "tracks.queue.empty": "Hier entsteht gerade nichts. `/compose` ändert das.",
    "tracks.queue.line": "{icon} **{title}** · {member} · {state} · {age}",
    "tracks.queue.held": "angehalten",
    "tracks.queue.held.no_credits": (
        "Angehaltene Songs warten, bis das Guthaben dieses Bots beim Musikdienst wieder aufgeladen ist. Danach geht "
        "es von selbst weiter."
    ),
    "tracks.queue.held.key_refused": (
        "Angehaltene Songs warten, bis dieser Bot einen Schlüssel hat, den der Musikdienst annimmt. Danach geht es "
        "von selbst weiter."
    ),
    "tracks.queue.held.address_wrong": (
        "Angehaltene Songs warten, bis dieser Bot die richtige Adresse des Musikdienstes hat. Danach geht es von "
        "selbst weiter."
    ),
    "tracks.queue.elsewhere": "{count} weitere anderswo auf diesem Server.",
    "tracks.queue.more": "… und {count} weitere.",
}
