"""What stands on forms, in English. Discord: titles and labels at most 45 characters, descriptions 100."""

TEXTS: dict[str, str] = {
    "form.compose": "Compose",
    "form.edit": "Edit the lyrics",
    "form.other_song": "Another song",
    "form.title": "Title",
    "form.title.about": "What the track is called. Empty: its first line",
    "form.lyrics": "Lyrics",
    "form.lyrics.about": "At most {limit} characters are sung. An empty line is a pause.",
    "form.style": "Style",
    "form.style.about": "How it should sound, such as: slow folk, female voice. May be left empty",
    "form.style.about_some": "How it should sound. Only for {models}",
    "form.model": "Model",
    "form.model.about": "Who makes the track",
    "form.song": "Song",
    "form.song.needed": "MP3 or WAV with music and vocals, over {min_seconds} seconds",
    "form.song.chosen": "Leave this empty to keep {name}",
}
