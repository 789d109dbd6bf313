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
