"""The lists behind `/tracks` and `/queue`, in English."""

TEXTS: dict[str, str] = {
    "tracks.heading": "Your songs",
    "tracks.empty": "You have no songs yet. Make one with `/compose`.",
    "tracks.page": "Page {page} of {pages} · {count} in all",
    "tracks.line": "{icon} **{title}** · {state} · {age}",
    "tracks.line_linked": "{icon} **{title}** · {state} · {age} · {link}",
    "tracks.link": "open",
    "tracks.choice": "{title} · {state}",
    "tracks.unknown": "You have no such song. Choose one from the list that appears while you type.",
    "tracks.no_lyrics": "(no words)",
    "tracks.my_data": (
        "This is everything I keep of you: your songs with their words, rules about you, and how your songs were "
        "counted. One file is for reading, the other for programs. The tracks themselves are in `/tracks`."
    ),
    "tracks.my_data_too_large": (
        "What I keep of you is too much for one message. Please delete some songs in `/tracks`, or ask whoever runs "
        "this bot."
    ),
    "tracks.forget_ask": (
        "Delete everything I keep of you? All your songs, their words, their files, my messages with them and your "
        "name will be gone for good. Songs that are not paid for yet end; those that are paid for still arrive, and "
        "are deleted then."
    ),
    "tracks.forgotten": (
        "Deleted: your songs ({count}) with their words and files, and your name. My messages with them are going now."
    ),
    "tracks.forgotten_finishing": (
        "Already paid for and still being made: {count}. They will be brought to you; then I delete what I keep of "
        "them, and the message stays with you."
    ),
    "tracks.forgotten_ledger": (
        "That somebody ordered songs stays in my accounts. Your id stands there until {until} at the latest, because "
        "the daily limits count by it; then nothing there leads to you. If you are blocked, that stays until it is "
        "lifted; what operators did is kept as long as songs are."
    ),
    "tracks.queue.heading": "Being made here",
    "tracks.queue.empty": "Nothing is being made here right now. `/compose` changes that.",
    "tracks.queue.line": "{icon} **{title}** · {member} · {state} · {age}",
    "tracks.queue.held": "held",
    "tracks.queue.held.no_credits": (
        "Songs that are held wait until whoever runs this bot has topped up its credits at the music service. They go "
        "on by themselves then."
    ),
    "tracks.queue.held.key_refused": (
        "Songs that are held wait until whoever runs this bot has given it a key that the music service accepts. They "
        "go on by themselves then."
    ),
    "tracks.queue.held.address_wrong": (
        "Songs that are held wait until whoever runs this bot has given it the right address of the music service. "
        "They go on by themselves then."
    ),
    "tracks.queue.elsewhere": "{count} more elsewhere on this server.",
    "tracks.queue.more": "… and {count} more.",
}
