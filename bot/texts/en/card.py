"""What stands on a job's card, in English."""

TEXTS: dict[str, str] = {
    # the first line, also read where embeds are hidden
    "card.headline.checking": "🎧 **{title}** · listening to your song",
    "card.headline.checking_ahead": "⏳ **{title}** · waits to be listened to",
    "card.headline.held_up": "⏸️ **{title}** · waits for room on my disk",
    "card.headline.queued": "⏳ **{title}** · waiting in line",
    "card.headline.submitting": "📤 **{title}** · sending",
    "card.headline.unknown": "❓ **{title}** · your decision, please",
    "card.headline.generating": "🎶 **{title}** · being made",
    "card.headline.generating_place": "⏳ **{title}** · in the music service's own line",
    "card.headline.ready": "📦 **{title}** · finished, on its way",
    "card.headline.delivering": "📦 **{title}** · finished, on its way",
    "card.headline.delivered": "✅ **{title}** · done",
    "card.headline.delivered_elsewhere": "✅ **{title}** · done, sent to you in a direct message",
    "card.headline.delivered_in_place": "✅ **{title}** · done",
    "card.headline.refused": "🚫 **{title}** · this song cannot be used",
    "card.headline.failed": "❌ **{title}** · no track this time",
    "card.headline.expired": "⌛ **{title}** · it took too long",
    "card.headline.cancelled": "✖️ **{title}** · cancelled",
    "card.headline.undeliverable": "📪 **{title}** · finished, but not delivered",
    # what is going on, in a sentence
    "card.state.checking": "Nothing has been paid yet.",
    "card.state.checking_ahead_one": "One other song is heard first. Nothing has been paid yet.",
    "card.state.checking_ahead": "{ahead} other songs are heard first. Nothing has been paid yet.",
    "card.state.checking_in_line_one": "Then one other goes first. Nothing has been paid yet.",
    "card.state.checking_in_line": "Then {ahead} others go first. Nothing has been paid yet.",
    "card.state.held_up": (
        "The disk of this bot is full or takes nothing just now, so your song waits. It goes on by itself when there "
        "is room; you need not do anything. Nothing has been paid yet."
    ),
    "card.state.held_up_begun": (
        "The disk of this bot is full or takes nothing just now, so your song waits. It goes on by itself when there "
        "is room; you need not do anything, and nothing that was made is lost."
    ),
    "card.state.queued": "You are next.",
    "card.state.queued_ahead_one": "One other goes first.",
    "card.state.queued_ahead": "{ahead} others go first.",
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
    "card.state.submitting": "Off to the music service.",
    "card.state.generating": "Begun {since}.",
    "card.state.generating_next": "Begun {since}, the next one there.",
    "card.state.generating_place_one": "Begun {since}. There one other goes first.",
    "card.state.generating_place": "Begun {since}. There {place} others go first.",
    "card.state.generating_until": "Ready {expected}.",
    "card.state.generating_between": "Most likely ready between {earliest} and {latest}.",
    "card.state.generating_overdue": "Begun {since}; it takes a little longer than usual.",
    "card.state.stranded": (
        "It waits: what makes it is not set up here just now. Whoever runs this bot has been told. Nothing was "
        "charged, nothing is lost, and it goes on by itself; you can also cancel it."
    ),
    "card.state.stranded_begun": (
        "It waits: the music service that it was given to is not set up here just now. Whoever runs this bot has been "
        "told. Nothing is lost, and it goes on by itself."
    ),
    "card.state.cancelled_paid": "It had already been sent to the music service and may still be charged.",
    "card.state.told_privately": "The music service would not take it as it is. {member} has been told why.",
    "card.state.nothing_paid": "Nothing was charged.",
    "card.hint": "Note",
    "card.hint.cover": (
        "This model makes a cover: the tune and the build of your song stay, the words and the style are yours."
    ),
    "card.hint.long": "These lyrics are long. Above {warn} characters a song may be cut short or fail.",
    "card.hint.user_install": (
        "I am not a member here: within 15 minutes I can bring the track to this message, later only by direct "
        "message. Discord allows me five more messages here in that time."
    ),
    "card.hint.not_member": (
        "Only my commands are in this server, not I myself: within 15 minutes I can bring the track to this message, "
        "later only by direct message. `/tracks` has it in any case."
    ),
    "card.footer": "{name} · Song {id}",
    "card.footer_length": "{name} ({length}) · Song {id}",
    "card.unnamed": "Untitled",
}
