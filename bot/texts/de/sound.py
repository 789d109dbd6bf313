"""What is said in German about a file's sound."""

TEXTS: dict[str, str] = {}
