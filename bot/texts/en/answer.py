"""Private answers, in English: to orders that cannot be taken, to presses, and when something breaks."""

TEXTS: dict[str, str] = {
    "answer.your_text": "Your text, so that nothing is lost:",
    "answer.your_text_file": "Your text is attached, so that nothing is lost.",
    "answer.no_song": "There is no song in that message. Use this on a message with an MP3 or WAV file.",
    "answer.song_missing": "Please attach a song as well.",
    "answer.restarted": (
        "I was restarted while your form was open, and the song that went with it is lost. "
        "Please use `/compose` again and attach it; your text is here."
    ),
    "answer.song_expired": "I no longer have the song that belongs to this one. Please attach it in the form.",
    "answer.lyrics_of": "The words of **{title}**:",
    "answer.failed": (
        "Something went wrong on my side, and I am sorry. If it happens again, tell whoever runs this bot: "
        "reference `{reference}`."
    ),
    "answer.disk": (
        "My disk does not do what it should, so I could not do that. Whoever runs this bot must look at it; please try "
        "again later."
    ),
    "answer.preparing": "🎧 **{title}** · bringing back your song",
    "answer.no_file": "I no longer have this track's file.",
    "answer.file_too_large": "This track's file is too large to be sent here.",
    "answer.file_unheard": "I could not check this track's file, and I send only what I have heard.",
}
