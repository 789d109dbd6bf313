"""Names and descriptions of commands and options, in English. Discord: names 1-32, descriptions 1-100 characters.

Names are lower case without spaces, but for the message command.
"""

TEXTS: dict[str, str] = {
    "command.compose": "compose",
    "command.compose.about": "Turn a song and your lyrics into a new track",
    "command.compose.reference": "reference",
    "command.compose.reference.about": "The song to take after: MP3 or WAV with music and vocals, over 15 seconds",
    "command.compose.lyrics": "lyrics",
    "command.compose.lyrics.about": "What is to be sung, about 600 characters; leave it out and a form opens",
    "command.compose.title": "title",
    "command.compose.title.about": "What the track is called",
    "command.from_message": "Compose from this",
    "command.tracks": "tracks",
    "command.tracks.about": "Your own songs: hear, share, repeat or delete them",
    "command.tracks.song": "song",
    "command.tracks.song.about": "Show this one at once",
    "command.queue": "queue",
    "command.queue.about": "What is being made here right now",
    "command.quota": "quota",
    "command.quota.about": "How many songs you may still order today, and what is being made",
    "command.admin": "compose-admin",
    "command.admin.about": "For whoever manages this server",
    "command.log_channel": "log-channel",
    "command.log_channel.about": "Where a line goes for each song, refusal, report and act of a moderator",
    "command.log_channel.channel": "channel",
    "command.log_channel.channel.about": "A channel that moderators read; leave it out for none",
    "command.report": "Report this song",
}
