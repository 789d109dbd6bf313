"""Why an order was not taken or a job ended without a track, in English. Values: see `bot.ui.formatting`."""

TEXTS: dict[str, str] = {
    "reason.lyrics_empty": "There is nothing to sing in these lyrics. Section names, symbols and emoji are not sung.",
    "reason.lyrics_too_short": (
        "These lyrics have {count} characters as they would be sung; the model needs at least {limit}. "
        "Please write at least {over} more."
    ),
    "reason.lyrics_too_long": (
        "These lyrics have {count} characters as they would be sung; the model takes at most {limit}. "
        "Please shorten them by {over}."
    ),
    "reason.lyrics_too_long_there": "The music service finds these lyrics too long. Please shorten them.",
    "reason.lyrics_fit_elsewhere": (
        "These lyrics have {count} characters as they would be sung; {model} takes at most {limit}. {other} takes up "
        "to {other_limit}: choose that one, or shorten them by {over}. Nothing was charged."
    ),
    "reason.model_gone": "{model} is not offered here any more. Please choose another; there are: {offered}.",
    "reason.style_not_taken": (
        "{model} takes no words about the style. Please leave the style empty, or choose another model if there is one."
    ),
    "reason.style_too_short": (
        "The style has {count} characters; the model needs at least {limit}. Please write at least {over} more."
    ),
    "reason.style_too_long": (
        "The style has {count} characters; the model takes at most {limit}. Please shorten it by {over}."
    ),
    "reason.title_too_long": "The title has {count} characters; at most {limit} fit. Please shorten it.",
    "reason.words_refused": "The title or the lyrics contain a word that is not sung here. Please change it.",
    "reason.foreign_url": "This file does not come from Discord. Please attach the song itself.",
    "reason.file_too_large": (
        "This file is too large: at most {limit_mb} MB. Please attach a smaller one, MP3 for example."
    ),
    "reason.file_empty": "This file is empty. Please attach the song once more.",
    "reason.no_permission": (
        "I am missing the permission **{permission}** here, so the track could not be brought here as it should "
        "be and nothing was started. Please ask whoever runs this server to grant it, or use another channel."
    ),
    "reason.guild_closed": (
        "I do not take new songs on this server, and nothing was started. Whoever runs this bot decides which servers "
        "may; please ask them, or order where the bot is at home."
    ),
    "reason.direct_closed": (
        "I do not take new songs in direct messages, and nothing was started. Please order on a server where this bot "
        "is at home."
    ),
    "reason.user_install_closed": (
        "I do not take new songs from apps that somebody has added to their own account, and nothing was started. "
        "Please order on a server where this bot is at home."
    ),
    "reason.private_thread": (
        "I am not in this private thread, so I could not bring the track here, and nothing was started. Mention me "
        "here once, which lets me in, and order again; or use another channel."
    ),
    "reason.member_space": (
        "Your songs hold {used} of the {limit_size} that each member has here, and this one has {size}. Nothing was "
        "started. References and tracks count: choose a song you no longer need in `/tracks` and press *Delete*."
    ),
    "reason.data_space": (
        "All songs together hold as much as this bot may keep, so nothing was started. Old ones leave by themselves; "
        "*Delete* in `/tracks` makes room at once. Please try again later."
    ),
    "reason.disk_nearly_full": (
        "My disk is nearly full, so I take no new songs just now and nothing was started. Songs that are under way go "
        "on. Whoever runs the bot must make room; please try again later."
    ),
    "reason.store_busy": (
        "I could not write your order down just now, and nothing was started. Please try again shortly."
    ),
    "reason.paused": "I am paused just now, so nothing was started. Please try again later.",
    "reason.paused_until": "I am paused just now, so nothing was started. I take orders again {again}.",
    "reason.blocked": "You cannot order songs here. Whoever runs this bot or this server has decided that.",
    "reason.blocked_until": (
        "You cannot order songs here; that ends {again}. Whoever runs this bot or this server has decided it."
    ),
    "reason.wrong_channel": "Songs are not ordered in this channel, so nothing was started. Please use {channels}.",
    "reason.not_allowed": "Songs cannot be ordered by you here: the limit that holds for you is 0.",
    "reason.already_taken": "That is already on its way.",
    "reason.limit_day": "Your songs of the day are used up.",
    "reason.limit_day_many": "Your {limit} songs of the day are used up. Again {again}.",
    "reason.limit_day_one": "Your song of the day is used up. Again {again}.",
    "reason.limit_at_once": "You have as many songs under way as are allowed at the same time.",
    "reason.limit_at_once_many": "You have {limit} songs under way, and no more at the same time are allowed.",
    "reason.limit_at_once_one": "You have a song under way, and only one at a time is allowed.",
    "reason.limit_guild": "This server's songs of the day are used up.",
    "reason.limit_guild_many": "This server's {limit} songs of the day are used up. Again {again}.",
    "reason.limit_guild_one": "This server's song of the day is used up. Again {again}.",
    "reason.hearing_waits": (
        "Three of your files needed more work than one song may cost, so I listen to none of yours for a while. Please "
        "try again later, best with a plain MP3; nothing was started."
    ),
    "reason.hearing_waits_until": (
        "Three of your files within an hour needed more work than one song may cost, so nothing was started. I listen "
        "to your songs again {again}; best is a plain MP3."
    ),
    "reason.budget": "This bot has spent what it may spend for now, so nothing was started.",
    "reason.budget_until": (
        "This bot has spent what it may spend for now, so nothing was started. It takes songs again {again}."
    ),
    "reason.guild_left": (
        "I was removed from the server where you ordered it, so it is not made. Nothing was charged, and the song does "
        "not count."
    ),
    "reason.place_gone": "Whoever runs this bot has taken it out of the line. Nothing was charged.",
    "reason.unanswered": (
        "My answer to your order did not reach Discord in time, so nothing was started and nothing was charged. I have "
        "kept your song and your words: *Make it after all* orders it now."
    ),
    "reason.disk": (
        "The disk of this bot did not take your song, so nothing was started and nothing was charged. It is not your "
        "file: whoever runs the bot must look at it. Please try again later."
    ),
    "reason.sound": (
        "This file cannot be used as a reference. It must be an MP3 or WAV with music and vocals, longer than "
        "{min_seconds} seconds."
    ),
    "reason.reference_gone": "Discord no longer has the song that you attached. Please attach it again.",
    "reason.reference_unreadable": "The music service could not read this song. Please try another MP3 or WAV file.",
    "reason.content_refused": "The music service refuses these words or this song. Please change them.",
    "reason.request_refused": (
        "The music service does not take this request as it is. Another song or other words may help."
    ),
    "reason.provider_failed": "The music service began and gave up. That is not your fault; trying again often helps.",
    "reason.key_refused": "The music service does not accept this bot's key. Whoever runs the bot must look at it.",
    "reason.address_wrong": (
        "The music service is not found at the address this bot was given. Nothing was charged, and it is neither your "
        "song nor your words: whoever runs the bot must look at it."
    ),
    "reason.no_credits": (
        "This bot has used up its credits at the music service. Whoever runs the bot must top them up."
    ),
    "reason.proxy": (
        "This bot's own way into the internet, a proxy, lets nothing through at present, so this try was not charged. "
        "Whoever runs the bot must look at it; neither your song nor your connection is to blame."
    ),
    "reason.busy_too_long": "The music service was busy or out of reach for too long. Nothing was charged.",
    "reason.busy_too_long_again": (
        "The music service was busy or out of reach for too long. This time nothing was charged; the first try may "
        "have been."
    ),
    "reason.outcome_unknown": (
        "The music service did not answer when I sent it your song, so I cannot tell whether it was taken. "
        "I will not send it twice by myself: trying again may be charged twice."
    ),
    "reason.deadline": "The track was not finished in time. It may still come: *Look again* costs nothing.",
    "reason.generation_lost": "The music service no longer knows this song.",
    "reason.track_lost": "The track was finished, but its file could not be fetched. *Look again* costs nothing.",
    "reason.channel_gone": "The track is finished, but I could not post it. You can fetch it with `/tracks`.",
    "reason.track_unheard": (
        "The track is finished, but I could not check its file, and I post only what I have heard. "
        "*Deliver again* tries once more and costs nothing."
    ),
    "reason.track_too_large": (
        "The track is finished, but its file is too large for this channel. Fetch it with `/tracks` where larger files "
        "fit; *Deliver again* tries once more here."
    ),
    "reason.internal": (
        "Something in me keeps going wrong with this song, and I am sorry. Whoever runs this bot finds the cause in "
        "its log."
    ),
    "reason.member_cancelled": "It was cancelled.",
    "reason.dismissed": "You let it go.",
}
