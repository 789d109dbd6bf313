"""What is said in English about a file's sound."""

TEXTS: dict[str, str] = {}
