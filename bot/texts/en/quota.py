"""What members may still order, in English."""

TEXTS: dict[str, str] = {
    "quota.under_way": "Under way: {songs}.",
}
