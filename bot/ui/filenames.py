"""What a track's file is called: after its title, in letters that every system and Discord's own links take. Pure."""

import re
import unicodedata

from bot.jobs.model import Job

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_MOST_CHARACTERS = 60


def file_name(job: Job, suffix: str) -> str:
    """Such as `Side-by-side.mp3`; `track-17.mp3` where the title has no Latin letter. ASCII: discord.py's rule."""
    latin = unicodedata.normalize("NFKD", job.title.translate(_GERMAN)).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", latin)[:_MOST_CHARACTERS].strip("-")
    return f"{stem or f'track-{job.id}'}{suffix or '.mp3'}"
