"""Names and descriptions of commands and options, in German. Discord: names 1-32, descriptions 1-100 characters.

Names are lower case without spaces, but for the message command.
"""

TEXTS: dict[str, str] = {
    "command.compose": "compose",
    "command.compose.about": "Mach aus einem Lied und deinem Text ein neues Stück",
    "command.compose.reference": "vorlage",
    "command.compose.reference.about": "Das Lied als Vorbild: MP3 oder WAV mit Musik und Gesang, über 15 Sekunden",
    "command.compose.lyrics": "text",
    "command.compose.lyrics.about": "Was gesungen wird, etwa 600 Zeichen; ohne Text öffnet sich ein Formular",
    "command.compose.title": "titel",
    "command.compose.title.about": "Wie das Stück heißt",
    "command.from_message": "Daraus komponieren",
    "command.tracks": "tracks",
    "command.tracks.about": "Deine Lieder: hören, teilen, wiederholen oder löschen",
    "command.tracks.song": "lied",
    "command.tracks.song.about": "Gleich dieses zeigen",
    "command.queue": "queue",
    "command.queue.about": "Was hier gerade entsteht",
    "command.quota": "kontingent",
    "command.quota.about": "Wie viele Lieder du heute noch bestellen kannst und was in Arbeit ist",
    "command.admin": "compose-admin",
    "command.admin.about": "Für alle, die diesen Server verwalten",
    "command.log_channel": "log-kanal",
    "command.log_channel.about": "Wohin je eine Zeile geht: für Songs, Ablehnungen, Meldungen, Moderation",
    "command.log_channel.channel": "kanal",
    "command.log_channel.channel.about": "Ein Kanal, den Moderatoren lesen; weglassen heißt: keiner",
    "command.report": "Diesen Song melden",
}
