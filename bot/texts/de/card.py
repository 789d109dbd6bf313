"""What stands on a job's card, in German."""

TEXTS: dict[str, str] = {
    "card.headline.checking": "🎧 **{title}** · ich höre mir dein Lied an",
    "card.headline.checking_ahead": "⏳ **{title}** · wartet aufs Anhören",
    "card.headline.held_up": "⏸️ **{title}** · wartet auf Platz auf meiner Festplatte",
    "card.headline.queued": "⏳ **{title}** · wartet in der Schlange",
    "card.headline.submitting": "📤 **{title}** · wird übergeben",
    "card.headline.unknown": "❓ **{title}** · bitte entscheide du",
    "card.headline.generating": "🎶 **{title}** · entsteht gerade",
    "card.headline.ready": "📦 **{title}** · fertig, unterwegs hierher",
    "card.headline.delivering": "📦 **{title}** · fertig, unterwegs hierher",
    "card.headline.delivered": "✅ **{title}** · fertig",
    "card.headline.refused": "🚫 **{title}** · dieses Lied geht nicht",
    "card.headline.failed": "❌ **{title}** · diesmal kein Stück",
    "card.headline.expired": "⌛ **{title}** · es hat zu lange gedauert",
    "card.headline.cancelled": "✖️ **{title}** · abgebrochen",
    "card.headline.undeliverable": "📪 **{title}** · fertig, aber nicht angekommen",
    "card.state.checking": "Ich höre mir dein Lied an, ob es sich eignet. Bezahlt ist noch nichts.",
    "card.state.checking_ahead_one": "Vorher höre ich mir ein anderes Lied an. Bezahlt ist noch nichts.",
    "card.state.checking_ahead": "Vorher höre ich mir {ahead} andere Lieder an. Bezahlt ist noch nichts.",
    "card.state.held_up": (
        "Die Festplatte dieses Bots ist voll oder nimmt gerade nichts an, darum wartet dein Lied. Es geht von selbst "
        "weiter, sobald Platz ist; du musst nichts tun. Bezahlt ist noch nichts."
    ),
    "card.state.held_up_begun": (
        "Die Festplatte dieses Bots ist voll oder nimmt gerade nichts an, darum wartet dein Lied. Es geht von selbst "
        "weiter, sobald Platz ist; du musst nichts tun, und was schon gemacht ist, geht nicht verloren."
    ),
    "card.state.queued": "Dein Lied passt. Sobald Platz ist, geht es an den Musikdienst.",
    "card.state.queued_ahead_one": "Dein Lied passt. Ein anderes ist vorher dran.",
    "card.state.queued_ahead": "Dein Lied passt. {ahead} andere sind vorher dran.",
    "card.state.queued_held": "Dein Lied passt.",
    "card.held.no_credits": (
        "Gerade warten alle Lieder: Das Guthaben dieses Bots beim Musikdienst ist aufgebraucht, und wer ihn betreibt, "
        "muss es aufladen. Danach geht es mit deinem von selbst weiter; bezahlt ist dafür noch nichts."
    ),
    "card.held.key_refused": (
        "Gerade warten alle Lieder: Der Musikdienst nimmt den Schlüssel dieses Bots nicht an, und wer ihn betreibt, "
        "muss nachsehen. Danach geht es mit deinem von selbst weiter; bezahlt ist dafür noch nichts."
    ),
    "card.held.address_wrong": (
        "Gerade warten alle Lieder: Unter der Adresse, die dieser Bot bekommen hat, ist der Musikdienst nicht zu "
        "finden, und wer ihn betreibt, muss nachsehen. Danach geht es mit deinem von selbst weiter; bezahlt ist dafür "
        "noch nichts."
    ),
    "card.state.submitting": "Dein Lied und deine Worte sind unterwegs zum Musikdienst.",
    "card.state.generating": "Der Musikdienst arbeitet. Begonnen {since}.",
    "card.state.generating_until": "Der Musikdienst arbeitet. Begonnen {since}, erwartet {expected}.",
    "card.state.generating_between": (
        "Der Musikdienst arbeitet. Begonnen {since}, höchstwahrscheinlich fertig zwischen {earliest} und {latest}."
    ),
    "card.state.generating_overdue": "Der Musikdienst arbeitet. Begonnen {since}; es dauert etwas länger als sonst.",
    "card.state.ready": "Das Stück ist fertig und wird hergebracht.",
    "card.state.delivering": "Das Stück ist fertig und wird hergebracht.",
    "card.state.delivered": "Das Stück ist da: {link}",
    "card.state.delivered_elsewhere": "Das Stück ging als Direktnachricht an dich.",
    "card.state.delivered_in_place": "Hier ist es.",
    "card.state.cancelled_paid": "Es war schon beim Musikdienst und kann noch berechnet werden.",
    "card.state.told_privately": "Der Musikdienst wollte es so nicht annehmen. {member} weiß den Grund.",
    "card.state.nothing_paid": "Es wurde nichts berechnet.",
    "card.lyrics": "Das wird gesungen",
    "card.song": "Lied",
    "card.song_value": "{name}",
    "card.song_value_length": "{name} ({length})",
    "card.member": "Für",
    "card.ordered": "Bestellt",
    "card.hint": "Hinweis",
    "card.hint.long": "Dieser Text ist lang. Über {warn} Zeichen kann ein Lied gekürzt werden oder misslingen.",
    "card.hint.user_install": (
        "Ich bin hier kein Mitglied: 15 Minuten lang kann ich das Stück zu dieser Nachricht bringen, danach nur als "
        "Direktnachricht. So lange erlaubt mir Discord hier noch fünf weitere Nachrichten."
    ),
    "card.hint.not_member": (
        "Auf diesem Server gibt es nur meine Befehle, nicht mich selbst: 15 Minuten lang kann ich das Stück zu dieser "
        "Nachricht bringen, danach nur als Direktnachricht. Mit `/tracks` bekommst du es auf jeden Fall."
    ),
    "card.footer": "Lied {id}",
    "card.unnamed": "Ohne Titel",
}
