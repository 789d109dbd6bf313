"""What stands on a job's card, in English."""

TEXTS: dict[str, str] = {
    # the first line, also read where embeds are hidden
    "card.headline.checking": "🎧 **{title}** · listening to your song",
    "card.headline.checking_ahead": "⏳ **{title}** · waits to be listened to",
    "card.headline.held_up": "⏸️ **{title}** · waits for room on my disk",
    "card.headline.queued": "⏳ **{title}** · waiting in line",
    "card.headline.submitting": "📤 **{title}** · handing it over",
    "card.headline.unknown": "❓ **{title}** · your decision, please",
    "card.headline.generating": "🎶 **{title}** · being made",
    "card.headline.ready": "📦 **{title}** · finished, on its way here",
    "card.headline.delivering": "📦 **{title}** · finished, on its way here",
    "card.headline.delivered": "✅ **{title}** · done",
    "card.headline.refused": "🚫 **{title}** · this song cannot be used",
    "card.headline.failed": "❌ **{title}** · no track this time",
    "card.headline.expired": "⌛ **{title}** · it took too long",
    "card.headline.cancelled": "✖️ **{title}** · cancelled",
    "card.headline.undeliverable": "📪 **{title}** · finished, but not delivered",
    # what is going on, in a sentence
    "card.state.checking": "I am listening to your song to make sure that it can be used. Nothing has been paid yet.",
    "card.state.checking_ahead_one": "I listen to one other song first. Nothing has been paid yet.",
    "card.state.checking_ahead": "I listen to {ahead} other songs first. Nothing has been paid yet.",
    "card.state.held_up": (
        "The disk of this bot is full or takes nothing just now, so your song waits. It goes on by itself when there "
        "is room; you need not do anything. Nothing has been paid yet."
    ),
    "card.state.held_up_begun": (
        "The disk of this bot is full or takes nothing just now, so your song waits. It goes on by itself when there "
        "is room; you need not do anything, and nothing that was made is lost."
    ),
    "card.state.queued": "Your song is fine. It will be handed to the music service as soon as there is room.",
    "card.state.queued_ahead_one": "Your song is fine. One other goes first.",
    "card.state.queued_ahead": "Your song is fine. {ahead} others go first.",
    "card.state.queued_held": "Your song is fine.",
    "card.held.no_credits": (
        "Songs wait just now: this bot has used up its credits at the music service, and whoever runs it must top them "
        "up. Yours goes on by itself then; nothing has been paid for it."
    ),
    "card.held.key_refused": (
        "Songs wait just now: the music service does not accept this bot's key, and whoever runs the bot must look at "
        "it. Yours goes on by itself then; nothing has been paid for it."
    ),
    "card.held.address_wrong": (
        "Songs wait just now: the music service is not found at the address this bot was given, and whoever runs the "
        "bot must look at it. Yours goes on by itself then; nothing has been paid for it."
    ),
    "card.state.submitting": "Your song and your words are on their way to the music service.",
    "card.state.generating": "The music service is at work. Begun {since}.",
    "card.state.generating_until": "The music service is at work. Begun {since}, expected {expected}.",
    "card.state.generating_between": (
        "The music service is at work. Begun {since}, most likely ready between {earliest} and {latest}."
    ),
    "card.state.generating_overdue": (
        "The music service is at work. Begun {since}; it takes a little longer than usual."
    ),
    "card.state.ready": "The track is finished and is being brought here.",
    "card.state.delivering": "The track is finished and is being brought here.",
    "card.state.delivered": "The track is here: {link}",
    "card.state.delivered_elsewhere": "The track was sent to you in a direct message.",
    "card.state.delivered_in_place": "Here it is.",
    "card.state.cancelled_paid": "It had already been handed to the music service and may still be charged.",
    "card.state.told_privately": "The music service would not take it as it is. {member} has been told why.",
    "card.state.nothing_paid": "Nothing was charged.",
    "card.lyrics": "What will be sung",
    "card.song": "Song",
    "card.song_value": "{name}",
    "card.song_value_length": "{name} ({length})",
    "card.member": "For",
    "card.ordered": "Ordered",
    "card.hint": "Note",
    "card.hint.long": "These lyrics are long. Above {warn} characters a song may be cut short or fail.",
    "card.hint.user_install": (
        "I am not a member here: within 15 minutes I can bring the track to this message, later only by direct "
        "message. Discord allows me five more messages here in that time."
    ),
    "card.hint.not_member": (
        "Only my commands are in this server, not I myself: within 15 minutes I can bring the track to this message, "
        "later only by direct message. `/tracks` has it in any case."
    ),
    "card.footer": "Song {id}",
    "card.unnamed": "Untitled",
}
