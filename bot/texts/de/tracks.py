"""The lists behind `/tracks` and `/queue`, in German."""

TEXTS: dict[str, str] = {
    "tracks.heading": "Deine Lieder",
    "tracks.empty": "Du hast noch keine Lieder. Mach eines mit `/compose`.",
    "tracks.page": "Seite {page} von {pages} · {count} insgesamt",
    "tracks.line": "{icon} **{title}** · {state} · {age}",
    "tracks.line_linked": "{icon} **{title}** · {state} · {age} · {link}",
    "tracks.link": "öffnen",
    "tracks.choice": "{title} · {state}",
    "tracks.unknown": "Ein solches Lied hast du nicht. Wähle eines aus der Liste, die beim Tippen erscheint.",
    "tracks.no_lyrics": "(kein Text)",
    "tracks.queue.heading": "Das entsteht hier gerade",
    "tracks.queue.empty": "Hier entsteht gerade nichts. `/compose` ändert das.",
    "tracks.queue.line": "{icon} **{title}** · {member} · {state} · {age}",
    "tracks.queue.held": "angehalten",
    "tracks.queue.held.no_credits": (
        "Angehaltene Lieder warten, bis das Guthaben dieses Bots beim Musikdienst wieder aufgeladen ist. Danach geht "
        "es von selbst weiter."
    ),
    "tracks.queue.held.key_refused": (
        "Angehaltene Lieder warten, bis dieser Bot einen Schlüssel hat, den der Musikdienst annimmt. Danach geht es "
        "von selbst weiter."
    ),
    "tracks.queue.held.address_wrong": (
        "Angehaltene Lieder warten, bis dieser Bot die richtige Adresse des Musikdienstes hat. Danach geht es von "
        "selbst weiter."
    ),
    "tracks.queue.elsewhere": "{count} weitere anderswo auf diesem Server.",
    "tracks.queue.more": "… und {count} weitere.",
}
