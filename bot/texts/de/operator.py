"""What operators read, in German."""

TEXTS: dict[str, str] = {
    "operator.not_manager": "Das können nur, die diesen Server verwalten dürfen (Recht „Server verwalten“).",
    "operator.not_operator": "Das können nur, die diesen Bot betreiben, und nur auf ihren eigenen Servern.",
    "operator.no_song": "Dieses Lied gibt es hier nicht.",
    "operator.too_late": "Das geht mit diesem Lied nicht, so wie es jetzt steht.",
    "operator.until.unknown": (
        "Die Zeit „{typed}“ verstehe ich nicht. Schreib zum Beispiel 2h, 3d, 2026-12-24 oder 2026-12-24 18:00 (UTC)."
    ),
    "operator.until.past": "„{typed}“ ist schon vorbei. Schreib eine Zeit, die noch kommt, zum Beispiel 2h oder 3d.",
    "operator.until.far": "„{typed}“ liegt über zehn Jahre voraus. Lass die Zeit weg, dann gilt es bis auf Weiteres.",
    "operator.pause.done": (
        "Pausiert. Neue Aufträge werden abgelehnt, wartende Lieder behalten ihren Platz, bezahlte gehen weiter."
    ),
    "operator.pause.done_until": (
        "Pausiert bis {at} ({again}). Neue Aufträge werden abgelehnt, wartende Lieder behalten ihren Platz, "
        "bezahlte gehen weiter."
    ),
    "operator.resume.done": "Aufträge werden wieder angenommen.",
    "operator.resume.none": "Hier war nichts pausiert.",
    "operator.resume.bot": "Auch der ganze Bot ist pausiert; das beenden können nur, die ihn betreiben.",
    "operator.block.done": (
        "{member} darf nichts mehr bestellen. Wartende Lieder, die unbezahlt endeten: {count}. Bezahlte kommen an."
    ),
    "operator.block.done_until": (
        "{member} darf bis {at} ({again}) nichts bestellen. Wartende Lieder, die unbezahlt endeten: {count}. "
        "Bezahlte kommen an."
    ),
    "operator.unblock.done": "{member} darf wieder bestellen.",
    "operator.unblock.none": "{member} war hier nicht gesperrt.",
    "operator.blocked.heading": "Gesperrt",
    "operator.blocked.line": "{member} · seit {since} · {end} · von {by}",
    "operator.blocked.forever": "bis auf Weiteres",
    "operator.blocked.until": "bis {again}",
    "operator.blocked.none": "Hier ist niemand gesperrt.",
    "operator.more": "und {count} weitere",
    "operator.shell": "der Konsole",
    "operator.limit.done": "Für {subject} gilt jetzt: {limits}.",
    "operator.limit.this_server": "diesen Server",
    "operator.limit.server": "den Server {id}",
    "operator.limit.per_day": "{value} am Tag",
    "operator.limit.at_once": "{value} gleichzeitig",
    "operator.limit.per_day_none": "am Tag: wie ohne Regel",
    "operator.limit.at_once_none": "gleichzeitig: wie ohne Regel",
    "operator.limit.two": "Nenne nur eines: eine Rolle, ein Mitglied oder einen Server.",
    "operator.limit.no_at_once": (
        "Für einen Server gibt es nur eine Grenze am Tag. Gleichzeitig wird für eine Rolle oder ein Mitglied "
        "begrenzt; auch @everyone ist eine Rolle."
    ),
    "operator.limit.over": (
        "Wer den Bot betreibt, erlaubt diesem Server {limit} Lieder am Tag; du kannst das oder weniger einstellen."
    ),
    "operator.limit.bad_server": (
        "„{typed}“ ist keine ID eines Servers. Sie ist eine Zahl wie 1094206712345678901; Discord zeigt sie "
        "im Entwicklermodus."
    ),
    "operator.limit.need": "Nenne eine Rolle, ein Mitglied oder die ID eines Servers.",
    "operator.give.done": (
        "{member} kann in den nächsten 24 Stunden {count} mehr bestellen, wenn keine Grenze von 0 und keine "
        "Sperre dagegensteht."
    ),
    "operator.give.range": "So viele Lieder lassen sich nicht schenken. Möglich sind 1 bis {limit}.",
    "operator.channels.heading": "Wo Lieder bestellt werden",
    "operator.channels.all": "In jedem Kanal.",
    "operator.channels.added": "Lieder werden jetzt in {channel} bestellt und in keinem Kanal, der nicht genannt ist.",
    "operator.channels.removed": "{channel} steht nicht mehr auf der Liste. Bestellt wird: {where}",
    "operator.channels.unknown": "{channel} steht nicht auf der Liste.",
    "operator.channels.full": "Die Liste fasst {limit} Kanäle; nimm erst einen weg.",
    "operator.words.heading": "Wörter, die nicht gesungen werden",
    "operator.words.none": "Hier steht kein Wort auf der Liste.",
    "operator.words.added": "Lieder mit ||{word}|| werden ab jetzt abgelehnt.",
    "operator.words.removed": "||{word}|| steht nicht mehr auf der Liste.",
    "operator.words.unknown": "||{word}|| steht nicht auf der Liste.",
    "operator.words.empty": "Das ist kein Wort. Schreib ein Wort oder eine Wendung; wort* findet auch, was so beginnt.",
    "operator.words.long": "Das hat {count} Zeichen; ein Wort oder eine Wendung darf {limit} haben.",
    "operator.words.full": "Die Liste fasst {limit} Wörter; nimm erst eines weg.",
    "operator.notice.done": "Das lesen jetzt alle auf Karten und in `/queue`:\n> {text}",
    "operator.notice.done_until": "Das lesen alle bis {at} ({again}) auf Karten und in `/queue`:\n> {text}",
    "operator.notice.cleared": "Der Hinweis ist gelöscht.",
    "operator.notice.long": "Das hat {count} Zeichen; ein Hinweis darf {limit} haben.",
    "operator.notice.name": "Hinweis",
    "operator.song.heading": "Lied {id}: {title}",
    "operator.song.member": "Mitglied",
    "operator.song.place": "Wo",
    "operator.song.state": "Stand",
    "operator.song.attempts": "Übergaben",
    "operator.song.generation": "ID beim Dienst",
    "operator.song.money": "Geld",
    "operator.song.money_value": "{spent} ausgegeben, {unknown} ungewiss",
    "operator.song.ledger": "Kassenbuch",
    "operator.song.history": "Verlauf",
    "operator.song.reason": "Grund",
    "operator.song.none": "keine",
    "operator.song.delivering": "Es wird noch einmal zugestellt.",
    "operator.song.looking": "Der Musikdienst wird noch einmal gefragt; das kostet nichts.",
    "operator.song.given_back": "{member} hat den Platz des Tages zurück.",
    "operator.song.not_given_back": "Der Platz war schon frei.",
    "operator.song.delete_ask": "**{title}** wegnehmen? Die Nachrichten verschwinden.",
    "operator.song.deleted": "Es ist weggenommen.",
    "operator.song.deleted_partly": "Es ist weggenommen; eine Nachricht ließ sich nicht entfernen.",
    "operator.control.deliver": "Noch einmal zustellen",
    "operator.control.look": "Noch einmal nachsehen",
    "operator.control.give_back": "Zurückgeben",
    "operator.control.delete": "Löschen",
    "operator.control.delete_sure": "Ja, löschen",
    "operator.spent.heading": "Die letzten {days} Tage",
    "operator.spent.songs": "Lieder",
    "operator.spent.money": "Geld",
    "operator.spent.unknown": "Ungewiss",
    "operator.spent.freed": "Nie angenommen",
    "operator.spent.given": "Geschenkt und zurückgegeben",
    "operator.spent.top": "Die meisten Lieder",
    "operator.spent.none": "noch niemand",
    "operator.spent.someone": "vergessene Mitglieder",
    "operator.spent.picture": "Lieder nach Tagen",
    "operator.spent.range": "Gesucht ist eine Zahl von Tagen, 1 bis {limit}.",
    "operator.why.heading": "Darf {name} hier bestellen?",
    "operator.why.yes": "✅ {member} darf hier jetzt bestellen.",
    "operator.why.no": "🚫 {member} darf hier jetzt nicht bestellen. Zu lesen wäre:\n> {sentence}",
    "operator.why.day": "Lieder des Tages: {used} von {limit} verbraucht.",
    "operator.why.day_none": "Lieder des Tages: keine Grenze.",
    "operator.why.at_once": "Gleichzeitig: {used} von {limit}.",
    "operator.why.at_once_none": "Gleichzeitig: keine Grenze.",
    "operator.why.guild": "Lieder dieses Servers am Tag: {used} von {limit} verbraucht.",
    "operator.why.gifts": "In 24 Stunden geschenkt: {count}.",
    "operator.why.operator": "Betreibt diesen Bot: Keine Grenze gilt, nur Budgets.",
    "operator.why.rules": "Regeln, die zutreffen",
    "operator.why.no_rules": "Keine; es gelten die Einstellungen.",
    "operator.why.rule.block": "gesperrt: {subject}, {end}",
    "operator.why.rule.pause": "dieser Server ist pausiert, {end}",
    "operator.why.rule.limit_day": "{value} am Tag: {subject}",
    "operator.why.rule.limit_at_once": "{value} gleichzeitig: {subject}",
    "operator.why.rule.channels": "nur in {channels}",
    "operator.why.everywhere": "von denen, die den Bot betreiben",
}
