"""What Discord calls the permissions that a delivery needs, in English."""

TEXTS: dict[str, str] = {
    "permission.view_channel": "View Channel",
    "permission.send_messages": "Send Messages",
    "permission.send_messages_in_threads": "Send Messages in Threads",
    "permission.connect": "Connect",
    "permission.attach_files": "Attach Files",
}
