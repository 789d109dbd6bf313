"""Messages about jobs whose card nobody may be looking at any more, in English."""

TEXTS: dict[str, str] = {
    "delivery.news": "{member} **{title}**: {sentence}",
}
