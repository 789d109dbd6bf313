"""What is said in English about a file's sound."""

TEXTS: dict[str, str] = {
    # Refused.
    "sound.empty": "This file is empty. Attach the song again.",
    "sound.not_sound": "This is {what}, not a song. Attach an MP3 or WAV file.",
    "sound.not_read": "This is {what}, which cannot be read here. Save the song as MP3 or WAV and attach that.",
    "sound.unknown": "This is no sound file that can be recognised, whatever its name says. Attach an MP3 or WAV file.",
    "sound.only_tags": (
        "This file begins with a title or pictures, and no music was found behind them. Attach the song again."
    ),
    "sound.no_sound": "This is {what} without any sound in it. Attach one with sound, or an MP3 or WAV file.",
    "sound.codec": (
        "The sound in this file is packed in a way that cannot be read here ({codec}), or it is copy-protected. "
        "Save the song as MP3 or WAV and attach that."
    ),
    "sound.free_format": (
        "This MP3 uses the rare “free format”, which the music service cannot play. "
        "Save it again as an ordinary MP3, for example with 192 kbit/s."
    ),
    "sound.too_short": (
        "This song is {seconds:.1f} seconds long; the music service needs more than {needed:.0f} seconds. "
        "Attach a longer one."
    ),
    "sound.incomplete": (
        "Only {seconds:.1f} of {claimed:.0f} seconds of this song can be played, the rest is missing or broken; "
        "the music service needs more than {needed:.0f} seconds. Attach a complete copy."
    ),
    "sound.silent": (
        "This file is almost silent: something is heard for {seconds:.1f} seconds, and {needed:.0f} are the least. "
        "Attach a song with sound."
    ),
    "sound.silent_track": (
        "This file has {tracks} sound tracks, and the one that players play is almost silent: something is heard for "
        "{seconds:.1f} seconds, and {needed:.0f} are the least. Save the sound you mean as MP3 or WAV and attach that."
    ),
    "sound.corrupt": "This file is damaged, {percent:.0f} % of it cannot be played. Attach another copy of the song.",
    "sound.rate": (
        "This file says it has {rate} samples per second, which no song has; {lowest} are the least. "
        "Save it with 44100 and attach that."
    ),
    "sound.channels": (
        "This file says it has {channels} channels; at most {most} can be read. Save it in stereo and attach that."
    ),
    "sound.dense": (
        "This file says it has {rate} samples per second in each of {channels} channels; together no more than {most} "
        "can be read. Save it in stereo with 44100 and attach that."
    ),
    "sound.heavy_tags": (
        "The tags of this file (title, pictures and the like) hold more than is read: {entries} entries and "
        "{mebibytes:.0f} MiB are the most. Save the song without them and attach that."
    ),
    "sound.endless": "This recording plays for more than {minutes} minutes, the longest that is read. Attach one song.",
    "sound.too_heavy": (
        "Reading this file took too much time or memory, so it was stopped. "
        "Save the song as an ordinary MP3 and attach that."
    ),
    "sound.over_cpu": (
        "Reading this file took more than {seconds:.0f} seconds of computing, so it was stopped. "
        "Save the song as an ordinary MP3 and attach that."
    ),
    "sound.over_time": (
        "Reading this file took longer than {seconds:.0f} seconds, so it was stopped. "
        "Try again in a minute, or save the song as an ordinary MP3 and attach that."
    ),
    "sound.over_memory": (
        "Reading this file took more memory than there is for one song ({mebibytes:.0f} MiB at most), so it was "
        "stopped. Save the song as an ordinary MP3 and attach that."
    ),
    "sound.over_output": (
        "Converting this file made more than {mebibytes:.0f} MiB, so it was stopped. Attach a shorter song."
    ),
    "sound.crashed": (
        "The decoder broke down while it read this file; whether because of the file or by a fault of its own cannot "
        "be told from here. Save the song as an ordinary MP3 and attach that."
    ),
    "sound.internal": (
        "Your file is not to blame: something in me went wrong while I was listening to it, and I am sorry. "
        "Whoever runs this bot finds the cause in its log. Your song and your words are kept; please try again later."
    ),
    "sound.unreadable": "The file could not be opened. Attach it again.",
    "sound.disk": (
        "Your file is not to blame: I could not store what I make of it, because my disk is full or does not take it. "
        "Your song and your words are kept; please try again later."
    ),
    "sound.unavailable": (
        "Your file is not to blame: I have no room to listen to it just now. Your song and your words are kept; "
        "please try again in a few minutes."
    ),
    "sound.too_big_anyway": (
        "Even as a small MP3 this would be {mebibytes:.0f} MiB, and only {most:.0f} MiB can be passed on. "
        "Attach a shorter song."
    ),
    "sound.not_converted": "This file could not be converted. Save the song as an ordinary MP3 and attach that.",
    # Convertible: what will be changed.
    "sound.other_format": "This is {what}; the music service takes MP3 and WAV, so it is converted to MP3.",
    "sound.inner_codec": (
        "This is {what} with an uncommon kind of sound inside ({codec}), so it is converted to an ordinary MP3."
    ),
    "sound.odd_rate": "It has the unusual rate of {rate} samples per second, so it is converted to an ordinary MP3.",
    "sound.surround": "It has {channels} channels, so it is converted to a stereo MP3.",
    "sound.header": (
        "Its header is misleading (it really plays for {seconds:.1f} seconds), so it is written anew as an MP3."
    ),
    "sound.damaged": "About {percent:.0f} % of it is damaged; what can be played is written anew as an MP3.",
    "sound.too_long": (
        "It is {seconds:.0f} seconds long and the music service takes {longest:.0f}, so its best stretch is cut out."
    ),
    "sound.too_big": (
        "It is {mebibytes:.1f} MiB large and only {most:.0f} MiB can be passed on, so it is converted to a smaller MP3."
    ),
    # What a file is, with its article.
    "sound.kind.mp3": "an MP3 file",
    "sound.kind.mp2": "an MP2 file",
    "sound.kind.free_format": "a free-format MP3 file",
    "sound.kind.wav": "a WAV file",
    "sound.kind.w64": "a Wave64 file",
    "sound.kind.aac": "an AAC file",
    "sound.kind.mp4": "an MP4 or M4A file",
    "sound.kind.ogg": "an Ogg file",
    "sound.kind.flac": "a FLAC file",
    "sound.kind.aiff": "an AIFF file",
    "sound.kind.webm": "a WebM or Matroska file",
    "sound.kind.caf": "a CAF file",
    "sound.kind.avi": "an AVI film",
    "sound.kind.wma": "a Windows Media file",
    "sound.kind.au": "an AU file",
    "sound.kind.amr": "an AMR voice recording",
    "sound.kind.wavpack": "a WavPack file",
    "sound.kind.midi": "a MIDI file (notes without sound)",
    "sound.kind.ape": "a Monkey’s Audio file",
    "sound.kind.other_media": "a sound or film file of a rare kind",
    "sound.kind.picture": "a picture",
    "sound.kind.archive": "a packed archive (ZIP or the like)",
    "sound.kind.html": "a web page",
    "sound.kind.pdf": "a PDF document",
    "sound.kind.playlist": "a playlist that only names other files",
    "sound.kind.program": "a program",
    "sound.kind.text": "a text file",
}
