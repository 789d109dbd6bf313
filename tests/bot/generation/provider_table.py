"""Writes the table of docs/providers.md from the traits: `python -m tests.bot.generation.provider_table`."""

from collections.abc import Callable
from pathlib import Path

from bot.generation.trait_kinds import ModelTraits, StyleNeed
from bot.generation.traits import TRAITS
from bot.jobs.lyrics import Dialect
from bot.jobs.music_models import ReferenceForm, Repeat
from bot.model_names import keys_needed

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "providers.md"
BEGIN = "<!-- the table: written by `make docs` from the traits -->"
END = "<!-- the end of the table -->"

_DIALECTS = {
    Dialect.HASH_MARKS: "lines of text; no section names",
    Dialect.SECTION_TAGS: "lines of text, with `[Verse]` and the like",
}
_FORMS = {ReferenceForm.URL: "fetched by its address", ReferenceForm.BYTES: "sent along"}
_REPEATS = {
    Repeat.NEVER: "never sent twice",
    Repeat.SAME_TICKET: "sent again, charged once",
    Repeat.FREE: "sent again, twice at most: nothing is charged",
}


def _needs(traits: ModelTraits) -> str:
    keys = keys_needed((traits.model,))
    return ", ".join(f"`{key}`" for key in sorted(keys)) or "a server of your own"


def _lyrics(traits: ModelTraits) -> str:
    words = traits.words
    risky = "" if words.warn_characters >= words.max_characters else f"; over {words.warn_characters} are risky"
    return f"{words.min_characters} to {words.max_characters} characters{risky}; {_DIALECTS[words.dialect]}"


def _style(traits: ModelTraits) -> str:
    style = traits.style
    if style.need is StyleNeed.NONE:
        return "none"
    return f"{style.need}, {style.min_characters} to {style.max_characters} characters; usually “{style.default}”"


def _reference(traits: ModelTraits) -> str:
    rules = traits.reference
    longest = "" if rules.max_seconds is None else f", cut to {rules.max_seconds:g} s"
    return f"over {rules.over_seconds:g} s{longest}; {_FORMS[rules.form]}"


def _lost(traits: ModelTraits) -> str:
    if traits.repeat is not Repeat.NEVER:
        return _REPEATS[traits.repeat]
    who = (
        "looked up at the service; if it does not know, its member decides" if traits.looks_up else "its member decides"
    )
    return f"{_REPEATS[traits.repeat]}: {who}"


def _time(traits: ModelTraits) -> str:
    waiting = traits.waiting
    return f"usually {waiting.median_seconds:g} s, nine of ten within {waiting.nine_of_ten_seconds:.0f} s"


#: What is said of each model, in order.
ROWS: dict[str, Callable[[ModelTraits], str]] = {
    "needs": _needs,
    "makes": lambda traits: "a cover: the reference's tune, other words" if traits.is_cover else "a new tune",
    "lyrics": _lyrics,
    "style": _style,
    "reference": _reference,
    "costs": lambda traits: traits.price,
    "rights in a track": lambda traits: traits.licence,
    "takes": _time,
    "an order whose answer was lost": _lost,
    "*Cancel* after that": lambda traits: "asks the service to stop" if traits.cancels else "only stops the waiting",
    "at once; looks; given up after": lambda traits: (
        f"{traits.concurrency}; every {traits.poll_interval_seconds:g} s; {traits.deadline_seconds:g} s"
    ),
}


def table() -> str:
    """The whole table, a column for each model."""
    rows = [["", *(f"`{name}`" for name in TRAITS)], ["---"] * (len(TRAITS) + 1)]
    rows += [[name, *(said(traits) for traits in TRAITS.values())] for name, said in ROWS.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def page(before: str) -> str:
    """The page with the table as it should be. Raises ValueError when it has no place for one."""
    head, begin, rest = before.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has no place for the table")
    return f"{head}{BEGIN}\n\n{table()}\n\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
