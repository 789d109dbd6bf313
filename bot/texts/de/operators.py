"""What operators read, in German."""

TEXTS: dict[str, str] = {
    "operators.not_manager": "Das können nur, die diesen Server verwalten dürfen (Recht „Server verwalten“).",
    "operators.not_operator": "Das können nur, die diesen Bot betreiben, und nur auf ihren eigenen Servern.",
    "operators.no_song": "Diesen Song gibt es hier nicht.",
    "operators.too_late": "Das geht mit diesem Song nicht, so wie er jetzt steht.",
    "operators.until.unknown": (
        "Die Zeit „{typed}“ verstehe ich nicht. Schreib zum Beispiel 2h, 3d, 2026-12-24 oder 2026-12-24 18:00 (UTC)."
    ),
    "operators.until.past": "„{typed}“ ist schon vorbei. Schreib eine Zeit, die noch kommt, zum Beispiel 2h oder 3d.",
    "operators.until.far": "„{typed}“ liegt über zehn Jahre voraus. Lass die Zeit weg, dann gilt es bis auf Weiteres.",
    "operators.pause.done": (
        "Pausiert. Neue Aufträge werden abgelehnt, wartende Songs behalten ihren Platz, bezahlte gehen weiter."
    ),
    "operators.pause.done_until": (
        "Pausiert bis {at} ({again}). Neue Aufträge werden abgelehnt, wartende Songs behalten ihren Platz, "
        "bezahlte gehen weiter."
    ),
    "operators.resume.done": "Aufträge werden wieder angenommen.",
    "operators.resume.none": "Hier war nichts pausiert.",
    "operators.resume.bot": "Auch der ganze Bot ist pausiert; das beenden können nur, die ihn betreiben.",
    "operators.block.done": (
        "{member} darf nichts mehr bestellen. Wartende Songs, die unbezahlt endeten: {count}. Bezahlte kommen an."
    ),
    "operators.block.done_until": (
        "{member} darf bis {at} ({again}) nichts bestellen. Wartende Songs, die unbezahlt endeten: {count}. "
        "Bezahlte kommen an."
    ),
    "operators.unblock.done": "{member} darf wieder bestellen.",
    "operators.unblock.none": "{member} war hier nicht gesperrt.",
    "operators.blocked.heading": "Gesperrt",
    "operators.blocked.line": "{member} · seit {since} · {end} · von {by}",
    "operators.blocked.forever": "bis auf Weiteres",
    "operators.blocked.until": "bis {again}",
    "operators.blocked.none": "Hier ist niemand gesperrt.",
    "operators.more": "und {count} weitere",
    "operators.shell": "der Konsole",
    "operators.limit.done": "Für {subject} gilt jetzt: {limits}.",
    "operators.limit.this_server": "diesen Server",
    "operators.limit.server": "den Server {id}",
    "operators.limit.per_day": "{value} am Tag",
    "operators.limit.at_once": "{value} gleichzeitig",
    "operators.limit.per_day_none": "am Tag: wie ohne Regel",
    "operators.limit.at_once_none": "gleichzeitig: wie ohne Regel",
    "operators.limit.two": "Nenne nur eines: eine Rolle, ein Mitglied oder einen Server.",
    "operators.limit.no_at_once": (
        "Für einen Server gibt es nur eine Grenze am Tag. Gleichzeitig wird für eine Rolle oder ein Mitglied "
        "begrenzt; auch @everyone ist eine Rolle."
    ),
    "operators.limit.over": (
        "Wer den Bot betreibt, erlaubt diesem Server {limit} Songs am Tag; du kannst das oder weniger einstellen."
    ),
    "operators.limit.bad_server": (
        "„{typed}“ ist keine ID eines Servers. Sie ist eine Zahl wie 1094206712345678901; Discord zeigt sie "
        "im Entwicklermodus."
    ),
    "operators.limit.need": "Nenne eine Rolle, ein Mitglied oder die ID eines Servers.",
    "operators.give.done": (
        "{member} kann in den nächsten 24 Stunden {count} mehr bestellen, wenn keine Grenze von 0 und keine "
        "Sperre dagegensteht."
    ),
    "operators.give.range": "So viele Songs lassen sich nicht schenken. Möglich sind 1 bis {limit}.",
    "operators.channels.heading": "Wo Songs bestellt werden",
    "operators.channels.all": "In jedem Kanal.",
    "operators.channels.added": "Songs werden jetzt in {channel} bestellt und in keinem Kanal, der nicht genannt ist.",
    "operators.channels.removed": "{channel} steht nicht mehr auf der Liste. Bestellt wird: {where}",
    "operators.channels.unknown": "{channel} steht nicht auf der Liste.",
    "operators.channels.full": "Die Liste fasst {limit} Kanäle; nimm erst einen weg.",
    "operators.words.heading": "Wörter, die nicht gesungen werden",
    "operators.words.none": "Hier steht kein Wort auf der Liste.",
    "operators.words.added": "Songs mit ||{word}|| werden ab jetzt abgelehnt.",
    "operators.words.removed": "||{word}|| steht nicht mehr auf der Liste.",
    "operators.words.unknown": "||{word}|| steht nicht auf der Liste.",
    "operators.words.empty": "Das ist kein Wort. Schreib ein Wort oder mehrere; wort* findet auch, was so beginnt.",
    "operators.words.long": "Das hat {count} Zeichen; ein Wort oder eine Wendung darf {limit} haben.",
    "operators.words.full": "Die Liste fasst {limit} Wörter; nimm erst eines weg.",
    "operators.notice.done": "Das lesen jetzt alle auf Karten und in `/queue`:\n> {text}",
    "operators.notice.done_until": "Das lesen alle bis {at} ({again}) auf Karten und in `/queue`:\n> {text}",
    "operators.notice.cleared": "Der Hinweis ist gelöscht.",
    "operators.notice.long": "Das hat {count} Zeichen; ein Hinweis darf {limit} haben.",
    "operators.notice.name": "Hinweis",
    "operators.notice.brake": (
        "Der Musikdienst nimmt von diesem Bot gerade keine Songs an. Was wartet, behält seinen Platz und geht von "
        "selbst weiter."
    ),
    "operators.song.heading": "Song {id}: {title}",
    "operators.song.member": "Mitglied",
    "operators.song.place": "Wo",
    "operators.song.state": "Stand",
    "operators.song.attempts": "Übergaben",
    "operators.song.generation": "ID beim Dienst",
    "operators.song.money": "Geld",
    "operators.song.money_value": "{spent} ausgegeben, {unknown} ungewiss",
    "operators.song.ledger": "Kassenbuch",
    "operators.song.history": "Verlauf",
    "operators.song.reason": "Grund",
    "operators.song.none": "keine",
    "operators.song.delivering": "Es wird noch einmal zugestellt.",
    "operators.song.looking": "Der Musikdienst wird noch einmal gefragt; das kostet nichts.",
    "operators.song.given_back": "{member} hat den Platz des Tages zurück.",
    "operators.song.not_given_back": "Der Platz war schon frei.",
    "operators.song.delete_ask": "**{title}** wegnehmen? Die Nachrichten verschwinden.",
    "operators.song.deleted": "Es ist weggenommen.",
    "operators.song.deleted_partly": "Es ist weggenommen; eine Nachricht ließ sich nicht entfernen.",
    "operators.control.deliver": "Noch einmal zustellen",
    "operators.control.look": "Noch einmal nachsehen",
    "operators.control.give_back": "Zurückgeben",
    "operators.control.delete": "Löschen",
    "operators.control.delete_sure": "Ja, löschen",
    "operators.spent.heading": "Die letzten {days} Tage",
    "operators.spent.songs": "Songs",
    "operators.spent.money": "Geld",
    "operators.spent.unknown": "Ungewiss",
    "operators.spent.freed": "Nie angenommen",
    "operators.spent.given": "Geschenkt und zurückgegeben",
    "operators.spent.top": "Die meisten Songs",
    "operators.spent.none": "noch niemand",
    "operators.spent.picture": "Songs nach Tagen",
    "operators.spent.range": "Gesucht ist eine Zahl von Tagen, 1 bis {limit}.",
    "operators.why.heading": "Darf {name} hier bestellen?",
    "operators.why.yes": "✅ {member} darf hier jetzt bestellen.",
    "operators.why.no": "🚫 {member} darf hier jetzt nicht bestellen. Zu lesen wäre:\n> {sentence}",
    "operators.why.day": "Songs des Tages: {used} von {limit} verbraucht.",
    "operators.why.day_none": "Songs des Tages: keine Grenze.",
    "operators.why.at_once": "Gleichzeitig: {used} von {limit}.",
    "operators.why.at_once_none": "Gleichzeitig: keine Grenze.",
    "operators.why.guild": "Songs dieses Servers am Tag: {used} von {limit} verbraucht.",
    "operators.why.gifts": "In 24 Stunden geschenkt: {count}.",
    "operators.why.operator": "Betreibt diesen Bot: Keine Grenze gilt, nur Budgets.",
    "operators.why.rules": "Regeln, die zutreffen",
    "operators.why.no_rules": "Keine; es gelten die Einstellungen.",
    "operators.why.rule.block": "gesperrt: {subject}, {end}",
    "operators.why.rule.pause": "dieser Server ist pausiert, {end}",
    "operators.why.rule.limit_day": "{value} am Tag: {subject}",
    "operators.why.rule.limit_at_once": "{value} gleichzeitig: {subject}",
    "operators.why.rule.channels": "nur in {channels}",
    "operators.why.everywhere": "von denen, die den Bot betreiben",
}
