"""What stands on a job's card, in German."""

TEXTS: dict[str, str] = {
    "card.headline.checking": "🎧 **{title}** · ich höre mir deinen Song an",
    "card.headline.checking_ahead": "⏳ **{title}** · wartet aufs Anhören",
    "card.headline.held_up": "⏸️ **{title}** · wartet auf Platz auf meiner Festplatte",
    "card.headline.queued": "⏳ **{title}** · wartet in der Schlange",
    "card.headline.submitting": "📤 **{title}** · wird gesendet",
    "card.headline.unknown": "❓ **{title}** · bitte entscheide du",
    "card.headline.generating": "🎶 **{title}** · entsteht gerade",
    "card.headline.generating_place": "⏳ **{title}** · wartet beim Musikdienst",
    "card.headline.ready": "📦 **{title}** · fertig, unterwegs",
    "card.headline.delivering": "📦 **{title}** · fertig, unterwegs",
    "card.headline.delivered": "✅ **{title}** · fertig",
    "card.headline.delivered_elsewhere": "✅ **{title}** · fertig, als Direktnachricht an dich",
    "card.headline.delivered_in_place": "✅ **{title}** · fertig",
    "card.headline.refused": "🚫 **{title}** · dieser Song geht nicht",
    "card.headline.failed": "❌ **{title}** · diesmal kein Stück",
    "card.headline.expired": "⌛ **{title}** · es hat zu lange gedauert",
    "card.headline.cancelled": "✖️ **{title}** · abgebrochen",
    "card.headline.undeliverable": "📪 **{title}** · fertig, aber nicht angekommen",
    "card.state.checking": "Bezahlt ist noch nichts.",
    "card.state.checking_ahead_one": "Vorher ist ein anderer Song dran. Bezahlt ist noch nichts.",
    "card.state.checking_ahead": "Vorher sind {ahead} andere Songs dran. Bezahlt ist noch nichts.",
    "card.state.checking_in_line_one": "Danach ist noch ein anderer dran. Bezahlt ist noch nichts.",
    "card.state.checking_in_line": "Danach sind noch {ahead} andere dran. Bezahlt ist noch nichts.",
    "card.state.held_up": (
        "Die Festplatte dieses Bots ist voll oder nimmt gerade nichts an, darum wartet dein Song. Er geht von selbst "
        "weiter, sobald Platz ist; du musst nichts tun. Bezahlt ist noch nichts."
    ),
    "card.state.held_up_begun": (
        "Die Festplatte dieses Bots ist voll oder nimmt gerade nichts an, darum wartet dein Song. Er geht von selbst "
        "weiter, sobald Platz ist; du musst nichts tun, und was schon gemacht ist, geht nicht verloren."
    ),
    "card.state.queued": "Du bist als Nächstes dran.",
    "card.state.queued_ahead_one": "Ein anderer ist vorher dran.",
    "card.state.queued_ahead": "{ahead} andere sind vorher dran.",
    "card.held.no_credits": (
        "Gerade warten alle Songs: Das Guthaben dieses Bots beim Musikdienst ist aufgebraucht, und wer ihn betreibt, "
        "muss es aufladen. Danach geht es mit deinem von selbst weiter; bezahlt ist dafür noch nichts."
    ),
    "card.held.key_refused": (
        "Gerade warten alle Songs: Der Musikdienst nimmt den Schlüssel dieses Bots nicht an, und wer ihn betreibt, "
        "muss nachsehen. Danach geht es mit deinem von selbst weiter; bezahlt ist dafür noch nichts."
    ),
    "card.held.address_wrong": (
        "Gerade warten alle Songs: Unter der Adresse, die dieser Bot bekommen hat, ist der Musikdienst nicht zu "
        "finden, und wer ihn betreibt, muss nachsehen. Danach geht es mit deinem von selbst weiter; bezahlt ist dafür "
        "noch nichts."
    ),
    "card.state.submitting": "Auf dem Weg zum Musikdienst.",
    "card.state.generating": "Begonnen {since}.",
    "card.state.generating_next": "Begonnen {since}, dort ist er als Nächstes dran.",
    "card.state.generating_place_one": "Begonnen {since}. Dort ist ein anderer vorher dran.",
    "card.state.generating_place": "Begonnen {since}. Dort sind {place} andere vorher dran.",
    "card.state.generating_until": "Fertig {expected}.",
    "card.state.generating_between": "Wohl fertig zwischen {earliest} und {latest}.",
    "card.state.generating_overdue": "Begonnen {since}; es dauert etwas länger als sonst.",
    "card.state.stranded": (
        "Dein Song wartet: Was ihn machen soll, ist hier gerade nicht eingerichtet. Wer diesen Bot betreibt, weiß "
        "Bescheid. Es wurde nichts berechnet, nichts geht verloren, und es geht von selbst weiter; du kannst ihn auch "
        "abbrechen."
    ),
    "card.state.stranded_begun": (
        "Dein Song wartet: Der Musikdienst, der ihn schon hat, ist hier gerade nicht eingerichtet. Wer diesen Bot "
        "betreibt, weiß Bescheid. Nichts geht verloren, und es geht von selbst weiter."
    ),
    "card.state.cancelled_paid": "Der Song war schon beim Musikdienst und kann noch berechnet werden.",
    "card.state.told_privately": "Der Musikdienst wollte es so nicht annehmen. {member} weiß den Grund.",
    "card.state.nothing_paid": "Es wurde nichts berechnet.",
    "card.hint": "Hinweis",
    "card.hint.cover": (
        "Dieses Modell macht ein Cover: Melodie und Aufbau bleiben die deines Songs, Text und Stil kommen von dir."
    ),
    "card.hint.long": "Dieser Text ist lang. Über {warn} Zeichen kann ein Song gekürzt werden oder misslingen.",
    "card.hint.user_install": (
        "Ich bin hier kein Mitglied: 15 Minuten lang kann ich das Stück zu dieser Nachricht bringen, danach nur als "
        "Direktnachricht. So lange erlaubt mir Discord hier noch fünf weitere Nachrichten."
    ),
    "card.hint.not_member": (
        "Auf diesem Server gibt es nur meine Befehle, nicht mich selbst: 15 Minuten lang kann ich das Stück zu dieser "
        "Nachricht bringen, danach nur als Direktnachricht. Mit `/tracks` bekommst du es auf jeden Fall."
    ),
    "card.footer": "{name} · Song {id}",
    "card.footer_length": "{name} ({length}) · Song {id}",
    "card.unnamed": "Ohne Titel",
}
