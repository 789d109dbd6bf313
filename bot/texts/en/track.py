"""What stands on the message that carries a track, and in its file, in English."""

TEXTS: dict[str, str] = {
    "track.ready": "🎵 {member} **{title}** is ready.",
    "track.sketch": "-# offline sketch, no AI",
    "track.comment": "made with Compose",
    "track.ready_length": "🎵 {member} **{title}** is ready ({length}).",
    "track.shared": "🎵 **{title}**, made for {member}",
    "track.link_alone": (
        "This channel does not take the file: it is too large, or I may not attach it. "
        "The link below leads to it for about a day."
    ),
    "track.unheard": (
        "I could not check this file, so I do not post it myself. The link below leads to it for about a day."
    ),
    "track.unfetched": "I could not fetch this file myself. The link below leads to it for about a day.",
    "track.link_alone_filtered": (
        "This server's AutoMod did not let the message with the file through. "
        "The link below leads to it for about a day."
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
