"""One word for each state of a job, as lists show it, in English."""

TEXTS: dict[str, str] = {
    "state.checking": "listening",
    "state.queued": "waiting",
    "state.submitting": "sending",
    "state.unknown": "needs your decision",
    "state.generating": "being made",
    "state.ready": "finished",
    "state.delivering": "on its way",
    "state.delivered": "done",
    "state.refused": "song not usable",
    "state.failed": "failed",
    "state.expired": "too slow",
    "state.cancelled": "cancelled",
    "state.undeliverable": "not delivered",
}
