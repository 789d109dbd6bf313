"""Was Mitglieder noch bestellen dürfen, auf Deutsch."""

TEXTS: dict[str, str] = {
    "quota.under_way": "In Arbeit: {songs}.",
}
