"""A verdict in a member's words. Only keys and numbers cross the process border; the sentence is made here."""

from bot.audio.model import Reason, Value
from bot.texts import text


def sentence(reason: Reason, locale: str = "en") -> str:
    """What was wrong, with which limit, and what to do, in the language of `locale`."""
    values: dict[str, Value] = dict(reason.values)
    if "what" in values:
        values["what"] = text(f"sound.kind.{values['what']}", locale)
    return text(f"sound.{reason.problem.value}", locale, **values)
