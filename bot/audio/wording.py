"""A verdict in a member's words. Only keys and numbers cross the process border; the sentence is made here."""

from bot.audio.model import Reason, Value
from bot.texts import language_of, text

#: Languages that write 12,3 for 12.3.
COMMA_LANGUAGES = frozenset({"de"})


class _Comma(float):
    """A number that formats itself with a decimal comma."""

    __slots__ = ()

    def __format__(self, spec: str, /) -> str:
        return super().__format__(spec).replace(".", ",")


def sentence(reason: Reason, locale: str = "en") -> str:
    """What was wrong, with which limit, and what to do, in the language of `locale`."""
    values: dict[str, Value] = dict(reason.values)
    if "what" in values:
        values["what"] = text(f"sound.kind.{values['what']}", locale)
    if language_of(locale) in COMMA_LANGUAGES:
        values = {name: _Comma(value) if isinstance(value, float) else value for name, value in values.items()}
    return text(f"sound.{reason.problem.value}", locale, **values)
