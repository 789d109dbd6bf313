"""Log channels and reports, in English."""

TEXTS: dict[str, str] = {
    "log.song": "Song {song}",
    "log.refused": "{who} · {where} · not let in: {rule}",
    "log.rule_member_per_day": "songs of the day used up",
    "log.rule_member_at_once": "as many songs under way as may be",
    "log.rule_guild_per_day": "the server's songs of the day used up",
    "log.rule_not_allowed": "may not order",
    "log.rule_budget": "budget used up",
    "log.rule_pause": "the bot is paused",
    "log.rule_block": "blocked",
    "log.rule_double_press": "the same press twice",
    "log.rule_allowed_guilds": "this server may not order",
    "log.rule_allow_direct": "no orders in direct messages",
    "log.rule_allow_user_install": "no orders by an app of one's own",
    "log.rule_words": "a word that is not sung here",
    "log.rule_member_space": "the member's songs hold too much of the disk",
    "log.rule_data_space": "all songs together hold too much of the disk",
    "log.rule_disk": "the disk is nearly full",
    "log.act_report": "🚩 reported",
    "log.act_report_dismissed": "dismissed the report of",
    "log.act_lyrics_shown": "opened the lyrics of",
    "log.act_remove_track": "removed",
    "log.act_block": "blocked",
    "log.act_log_channel": "chose the log channel",
    "log.show": "Show",
    "log.remove": "Remove track",
    "log.block": "Block member",
    "log.dismiss": "Dismiss",
    "log.removed": "✅ Removed by {by}. A song that was paid for stays its member's own.",
    "log.removed_partly": "✅ Removed by {by}, but a message could not be deleted: the bot may not, or it is not here.",
    "log.blocked": "⛔ {who} was blocked by {by}. Their songs that wait end unpaid.",
    "log.dismissed": "✅ Dismissed by {by}.",
    "log.not_allowed": "Only moderators may do that: whoever may manage messages here.",
    "log.not_allowed_block": "Only whoever may manage this server may block members.",
    "log.not_allowed_channel": "Only whoever may manage this server can choose its log channel, and only there.",
    "log.channel_chosen": (
        "From now on, {channel} gets a line for each song, each order that a rule did not let in, each report, and "
        "each act of a moderator. Lyrics are behind a button, for moderators."
    ),
    "log.channel_off": "This server has no log channel now.",
    "log.channel_closed": "I may not write in {channel}. Please let me see it and send messages there, and try again.",
    "log.form": "Report this song",
    "log.form_reason": "What is wrong with it?",
    "log.form_reason_about": "Moderators read this, and who wrote it",
    "log.no_song": "That is no message of a song of mine. Choose a track or a card that I have posted.",
    "log.reported": "Thank you. This server's moderators have your report about song {song}.",
    "log.reported_before": "You have reported song {song} before; the moderators have it.",
    "log.reported_to_operator": (
        "Thank you. This server has no channel for reports, so whoever runs this bot was told about song {song}. If it "
        "is urgent, ask a moderator of this server: they can delete the message at once."
    ),
}
