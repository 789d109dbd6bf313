"""What stands on the message that carries a track, and in its file, in German."""

TEXTS: dict[str, str] = {
    "track.ready": "🎵 {member} **{title}** ist fertig.",
    "track.sketch": "-# offline sketch, no AI (Skizze ohne Netz, keine KI)",
    "track.comment": "mit Compose gemacht",
    "track.ready_length": "🎵 {member} **{title}** ist fertig ({length}).",
    "track.shared": "🎵 **{title}**, gemacht für {member}",
    "track.link_alone": (
        "Dieser Kanal nimmt die Datei nicht: Sie ist zu groß, oder ich darf sie hier nicht anhängen. "
        "Etwa einen Tag lang führt der Link zu ihr."
    ),
    "track.unheard": (
        "Ich konnte diese Datei nicht prüfen, darum sende ich sie nicht selbst. "
        "Etwa einen Tag lang führt der Link zu ihr."
    ),
    "track.unfetched": ("Ich konnte diese Datei nicht selbst holen. Etwa einen Tag lang führt der Link zu ihr."),
    "track.link_alone_filtered": (
        "Der AutoMod dieses Servers hat die Nachricht mit der Datei nicht durchgelassen. "
        "Etwa einen Tag lang führt der Link zu ihr."
    ),
    "track.smaller": (
        "-# Die Datei war für diesen Kanal zu groß, darum ist dies eine kleinere Kopie; der Link führt zum Original."
    ),
    "track.smaller_no_link": "-# Die Datei war für diesen Kanal zu groß, darum ist dies eine kleinere Kopie.",
    "track.too_large_no_link": (
        "Die Datei ist für diesen Kanal zu groß. Hole sie mit `/tracks` dort ab, wo größere Dateien erlaubt sind."
    ),
    "track.link": "🔗 [Stück öffnen](<{url}>)",
    "track.direct": "Ich konnte es nicht dort senden, wo du es bestellt hast; darum ist es hier.",
    "track.description": "{title}, gemacht für {member}",
}
