"""What Discord calls the permissions that a delivery needs, in German."""

TEXTS: dict[str, str] = {
    "permission.view_channel": "Kanal ansehen",
    "permission.send_messages": "Nachrichten senden",
    "permission.send_messages_in_threads": "Nachrichten in Threads senden",
    "permission.connect": "Verbinden",
    "permission.attach_files": "Dateien anhängen",
}
