"""What stands on buttons and in menus, and the short answers to a press, in English. Labels: at most 80 characters."""

TEXTS: dict[str, str] = {
    "control.cancel": "Cancel",
    "control.cancel_paid": "Cancel (still charged)",
    "control.cancel_stops": "Cancel (may be charged)",
    "control.again": "Again",
    "control.again_sure": "Yes, make it",
    "control.retry": "Try again",
    "control.after_all": "Make it after all",
    "control.with_other": "Try again with another model",
    "control.with": "Try again with {model}",
    "control.edit": "Edit lyrics",
    "control.other_song": "Another song",
    "control.lyrics": "Lyrics",
    "control.delete": "Delete",
    "control.risk": "Try again (may be charged twice)",
    "control.dismiss": "Dismiss",
    "control.look": "Look again",
    "control.fetch": "Deliver again",
    "control.link": "Open the track",
    "control.card": "Go to the track",
    "control.edit_draft": "Change and send again",
    "control.back": "Back",
    "control.older": "Older",
    "control.newer": "Newer",
    "control.post": "Post it here",
    "control.file": "Give me the file",
    "control.remove": "Remove",
    "control.jump": "Go to it",
    "control.choose": "Choose a song",
    "control.delete_sure": "Yes, delete it",
    "control.my_data": "Give me my data",
    "control.forget": "Delete everything of mine",
    "control.forget_sure": "Yes, delete everything",
    "control.cancelled": "Cancelled. Nothing was charged.",
    "control.cancelled_paid": (
        "I have stopped waiting for it. It had already been handed over and may still be charged."
    ),
    "control.dismissed": "All right, I have let it go.",
    "control.risked": "All right, I am trying it again.",
    "control.looking": "I am looking again. That costs nothing.",
    "control.delete_ask_moderator": (
        "Take the messages of **{title}** away? A song that was paid for stays its member's own, in their `/tracks`."
    ),
    "control.delete_ask": "Delete **{title}**? The message, the track and everything kept of it will be gone for good.",
    "control.deleted": "Deleted: the message, the files and everything I had kept of it.",
    "control.deleted_moderator": (
        "Deleted: the messages. What was paid for stays with its member alone; anything else is gone for good."
    ),
    "control.deleted_partly": (
        "Deleted here. I could not remove the message in the channel; you can ask a moderator to."
    ),
    "control.not_yours": "Only the person who ordered this song can do that.",
    "control.not_yours_moderator": "Only the person who ordered this song, or a moderator, can do that.",
    "control.finished": "It is too late to stop it: the track is finished and on its way here.",
    "control.too_late": "That is no longer possible: the song has moved on.",
    "control.too_late_live": "This song is still being worked on. Please cancel it first, or wait for it.",
    "control.already": "It is already on its way: {link}",
    "control.gone": "I no longer know this song. It was deleted.",
    "control.old": "This button is from an older version. Please use `/tracks`.",
}
