"""What stands on forms, in English. Discord: titles and labels at most 45 characters, descriptions 100."""

TEXTS: dict[str, str] = {
    "form.compose": "Compose",
    "form.edit": "Edit the lyrics",
    "form.other_song": "Another song",
    "form.title": "Title",
    "form.title.about": "What the track is called. Empty: its first line",
    "form.lyrics": "Lyrics",
    "form.lyrics.about": "At most {limit} characters are sung. An empty line is a pause.",
    "form.song": "Song",
    "form.song.needed": "MP3 or WAV with music and vocals, over {min_seconds} seconds",
    "form.song.chosen": "Leave this empty to keep {name}",
}
