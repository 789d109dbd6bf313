"""Which texts name and describe the commands of operators and their options."""

#: Command -> the keys of its name and its description.
COMMANDS: dict[str, tuple[str, str]] = {
    "admin": ("command.operator.admin", "command.operator.admin.about"),
    "owner": ("command.operator.owner", "command.operator.owner.about"),
    "pause": ("command.operator.pause", "command.operator.pause.about"),
    "resume": ("command.operator.resume", "command.operator.resume.about"),
    "block": ("command.operator.block", "command.operator.block.about"),
    "unblock": ("command.operator.unblock", "command.operator.unblock.about"),
    "blocked": ("command.operator.blocked", "command.operator.blocked.about"),
    "limit": ("command.operator.limit", "command.operator.limit.about"),
    "give": ("command.operator.give", "command.operator.give.about"),
    "channels": ("command.operator.channels", "command.operator.channels.about"),
    "channels.add": ("command.operator.channels.add", "command.operator.channels.add.about"),
    "channels.remove": ("command.operator.channels.remove", "command.operator.channels.remove.about"),
    "channels.list": ("command.operator.channels.list", "command.operator.channels.list.about"),
    "words": ("command.operator.words", "command.operator.words.about"),
    "words.add": ("command.operator.words.add", "command.operator.words.add.about"),
    "words.remove": ("command.operator.words.remove", "command.operator.words.remove.about"),
    "words.list": ("command.operator.words.list", "command.operator.words.list.about"),
    "notice": ("command.operator.notice", "command.operator.notice.about"),
    "song": ("command.operator.song", "command.operator.song.about"),
    "spent": ("command.operator.spent", "command.operator.spent.about"),
    "why": ("command.operator.why", "command.operator.why.about"),
}

#: Option -> the same.
OPTIONS: dict[str, tuple[str, str]] = {
    "reason": ("command.operator.option.reason", "command.operator.option.reason.about"),
    "until": ("command.operator.option.until", "command.operator.option.until.about"),
    "member": ("command.operator.option.member", "command.operator.option.member.about"),
    "role": ("command.operator.option.role", "command.operator.option.role.about"),
    "server": ("command.operator.option.server", "command.operator.option.server.about"),
    "per_day": ("command.operator.option.per_day", "command.operator.option.per_day.about"),
    "at_once": ("command.operator.option.at_once", "command.operator.option.at_once.about"),
    "note": ("command.operator.option.note", "command.operator.option.note.about"),
    "songs": ("command.operator.option.songs", "command.operator.option.songs.about"),
    "channel": ("command.operator.option.channel", "command.operator.option.channel.about"),
    "word": ("command.operator.option.word", "command.operator.option.word.about"),
    "text": ("command.operator.option.text", "command.operator.option.text.about"),
    "id": ("command.operator.option.id", "command.operator.option.id.about"),
    "days": ("command.operator.option.days", "command.operator.option.days.about"),
}
