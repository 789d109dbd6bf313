"""A finding as a sentence for members. Only keys and numbers cross the process border; the sentence is made here."""

from bot.audio.model import Finding, Value
from bot.texts import text


def sentence(finding: Finding, locale: str = "en") -> str:
    """What was wrong, with which limit, and what to do, in the language of `locale`."""
    values: dict[str, Value] = dict(finding.values)
    if "what" in values:
        values["what"] = text(f"sound.kind.{values['what']}", locale)
    return text(f"sound.{finding.problem.value}", locale, **values)
