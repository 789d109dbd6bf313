"""One word for each state of a job, as lists show it, in German."""

TEXTS: dict[str, str] = {
    "state.checking": "wird angehört",
    "state.queued": "wartet",
    "state.submitting": "wird gesendet",
    "state.unknown": "du musst entscheiden",
    "state.generating": "entsteht",
    "state.ready": "fertig",
    "state.delivering": "unterwegs",
    "state.delivered": "fertig",
    "state.refused": "Song ungeeignet",
    "state.failed": "misslungen",
    "state.expired": "zu langsam",
    "state.cancelled": "abgebrochen",
    "state.undeliverable": "nicht angekommen",
}
