"""Log channels and reports, in German."""

TEXTS: dict[str, str] = {
    "log.song": "Song {song}",
    "log.refused": "{who} · {where} · nicht angenommen: {rule}",
    "log.rule_member_per_day": "Songs für heute aufgebraucht",
    "log.rule_member_at_once": "es laufen schon so viele Songs wie erlaubt",
    "log.rule_guild_per_day": "Songs des Servers für heute aufgebraucht",
    "log.rule_not_allowed": "darf keine Songs bestellen",
    "log.rule_budget": "Budget aufgebraucht",
    "log.rule_pause": "der Bot macht Pause",
    "log.rule_block": "gesperrt",
    "log.rule_double_press": "zweimal gedrückt",
    "log.rule_allowed_guilds": "dieser Server darf nicht bestellen",
    "log.rule_allow_direct": "keine Aufträge in Direktnachrichten",
    "log.rule_allow_user_install": "keine Aufträge über eine eigene App",
    "log.rule_words": "ein Wort, das hier nicht gesungen wird",
    "log.rule_member_space": "die Songs des Mitglieds belegen zu viel Platz",
    "log.rule_data_space": "alle Songs zusammen belegen zu viel Platz",
    "log.rule_disk": "die Festplatte ist fast voll",
    "log.rule_channel": "für Songs ist ein anderer Kanal da",
    "log.rule_hearing": "zu viele Dateien, deren Prüfung an ihre Grenzen kam",
    "log.act_report": "🚩 meldet",
    "log.act_report_dismissed": "verwirft die Meldung zu",
    "log.act_lyrics_shown": "öffnet den Songtext von",
    "log.act_remove_track": "entfernt",
    "log.act_block": "sperrt",
    "log.act_log_channel": "wählt den Log-Kanal",
    "log.act_pause": "pausiert den Bot hier",
    "log.act_resume": "beendet die Pause",
    "log.act_unblock": "entsperrt",
    "log.act_limit": "setzt eine Grenze für",
    "log.act_give": "schenkt Songs an",
    "log.act_channel_add": "erlaubt Aufträge in",
    "log.act_channel_remove": "nimmt zurück, dass bestellt wird in",
    "log.act_word_add": "ergänzt die Wörter, die nicht gesungen werden:",
    "log.act_word_remove": "streicht von den Wörtern, die nicht gesungen werden:",
    "log.act_notice": "setzt den Hinweis",
    "log.act_deliver_again": "lässt noch einmal ausliefern:",
    "log.act_look_again": "lässt noch einmal suchen:",
    "log.act_give_back": "gibt den Platz zurück von",
    "log.act_delete": "löscht",
    "log.show": "Zeigen",
    "log.remove": "Stück entfernen",
    "log.block": "Mitglied sperren",
    "log.dismiss": "Verwerfen",
    "log.removed": "✅ Von {by} entfernt. Ein bezahlter Song bleibt seinem Mitglied erhalten.",
    "log.removed_partly": (
        "✅ Von {by} entfernt, aber eine Nachricht ließ sich nicht löschen: Der Bot darf es nicht, oder sie liegt "
        "woanders."
    ),
    "log.blocked": "⛔ {who} wurde von {by} gesperrt. Wartende Songs enden unbezahlt.",
    "log.dismissed": "✅ Von {by} verworfen.",
    "log.not_allowed": "Das dürfen nur Moderatoren: wer hier Nachrichten verwalten darf.",
    "log.not_allowed_block": "Mitglieder sperren darf nur, wer diesen Server verwalten darf.",
    "log.not_allowed_channel": (
        "Den Log-Kanal kann nur wählen, wer diesen Server verwalten darf, und nur auf dem Server selbst."
    ),
    "log.channel_chosen": (
        "Ab jetzt bekommt {channel} eine Zeile für jeden Song, jeden Auftrag, den eine Regel abgelehnt hat, jede "
        "Meldung und jede Handlung eines Moderators. Songtexte stehen hinter einem Knopf, nur für Moderatoren."
    ),
    "log.channel_off": "Dieser Server hat jetzt keinen Log-Kanal.",
    "log.channel_closed": (
        "In {channel} darf ich nicht schreiben. Bitte lass mich den Kanal sehen und dort Nachrichten senden und "
        "versuche es noch einmal."
    ),
    "log.form": "Diesen Song melden",
    "log.form_reason": "Was stimmt damit nicht?",
    "log.form_reason_about": "Moderatoren lesen das und sehen, von wem es kommt",
    "log.no_song": "Das ist keine Nachricht zu einem Song von mir. Wähle ein Stück oder eine Karte von mir.",
    "log.reported": "Danke. Die Moderatoren dieses Servers haben deine Meldung zu Song {song}.",
    "log.reported_before": "Song {song} hast du schon gemeldet; die Moderatoren wissen davon.",
    "log.reported_to_operator": (
        "Danke. Dieser Server hat keinen Kanal für Meldungen, darum erfährt von Song {song}, wer diesen Bot betreibt. "
        "Wenn es eilt, frag hier einen Moderator: Er kann die Nachricht sofort löschen."
    ),
}
