"""What stands on the message that carries a track, and in its file, in English."""

TEXTS: dict[str, str] = {
    "track.ready": "🎵 {member} **{title}** is ready.",
    "track.sketch": "-# offline sketch, no AI",
    "track.comment": "made with Compose",
    "track.ready_length": "🎵 {member} **{title}** is ready ({length}).",
    "track.shared": "🎵 **{title}**, made for {member}",
    "track.link_alone": (
        "This channel does not take the file: it is too large, or I may not attach it. "
        "For about a day its link leads to it."
    ),
    "track.unheard": ("I could not check this file, so I do not post it myself. For about a day its link leads to it."),
    "track.unfetched": "I could not fetch this file myself. For about a day its link leads to it.",
    "track.link_alone_filtered": (
        "This server's AutoMod did not let the message with the file through. For about a day its link leads to it."
    ),
    "track.smaller": (
        "-# The file was too large for this channel, so it is a smaller copy; the original is behind the link."
    ),
    "track.smaller_no_link": "-# The file was too large for this channel, so it is a smaller copy.",
    "track.too_large_no_link": (
        "The file is too large for this channel. Fetch it with `/tracks` where larger files fit."
    ),
    "track.link": "🔗 [Open the track](<{url}>)",
    "track.direct": "I could not post it where you asked for it, so here it is.",
    "track.description": "{title}, made for {member}",
}
