"""Forms: what they hold, and what comes back. A form is known by its custom_id alone, so that it outlives a restart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.amounts import money_in_words
from bot.foreign_text import cleaned, isolated
from bot.jobs.lyrics import PromptRules
from bot.texts import text
from bot.ui.formatting import clip
from bot.ui.orders import OrderInput, Song
from bot.ui.requirements import OrderedModel, OrderRequirements

TITLE, LYRICS, SONG, STYLE, MODEL = "title", "lyrics", "song", "style", "model"

#: Discord's limit for a text field of a form.
MAX_TYPED_CHARACTERS = 4_000


class SongUpload(ui.FileUpload[Any]):
    """A file upload that offers `file_types` only: Discord has it since August 2026, discord.py 2.7.1 does not."""

    def __init__(self, *, file_types: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self._file_types = [*file_types]

    def to_component_dict(self) -> Any:
        """The component as it is sent."""
        return {**super().to_component_dict(), "file_types": self._file_types}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a form is opened with."""

    title: str = ""
    lyrics: str = ""
    style: str = ""
    model: str | None = None  #: None: the usual one
    song_name: str | None = None  #: the song that is used when none is attached; None: one must be attached


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAnswer:
    """What came back from a form."""

    title: str
    lyrics: str
    song: Song | None
    style: str = ""
    model: str | None = None


def order_form(
    custom_id: str, heading: str, filled: Filled, *, requirements: OrderRequirements, locale: str
) -> ui.Modal:
    """Title, lyrics, song. `heading` is a key. Needs a running loop; discord.py does not keep it."""
    form = ui.Modal(title=text(heading, locale), custom_id=custom_id)
    form.add_item(_title(filled, requirements, locale))
    form.add_item(_lyrics(filled, requirements, locale))
    form.add_item(_song(filled, requirements, locale))
    if requirements.takes_style:
        form.add_item(_style(filled, requirements, locale))
    if requirements.others:
        form.add_item(_model(filled, requirements, locale))
    form.stop()
    return form


def _title(filled: Filled, requirements: OrderRequirements, locale: str) -> ui.Label[Any]:
    field: ui.TextInput[Any] = ui.TextInput(
        custom_id=TITLE,
        required=False,
        max_length=requirements.title_max_characters,
        default=clip(filled.title, requirements.title_max_characters) or None,
    )
    return ui.Label(text=text("form.title", locale), description=text("form.title.about", locale), component=field)


def _lyrics(filled: Filled, requirements: OrderRequirements, locale: str) -> ui.Label[Any]:
    # no max_length of the model's: section names do not count, and what is too long must come back, not be cut off
    field: ui.TextInput[Any] = ui.TextInput(
        custom_id=LYRICS,
        style=discord.TextStyle.paragraph,
        max_length=MAX_TYPED_CHARACTERS,
        default=filled.lyrics[:MAX_TYPED_CHARACTERS] or None,
    )
    limit = max((requirements.prompt, *(other.prompt for other in requirements.others)), key=_typed)
    about = text("form.lyrics.about", locale, limit=limit.max_typed_characters)
    return ui.Label(text=text("form.lyrics", locale), description=about, component=field)


def _song(filled: Filled, requirements: OrderRequirements, locale: str) -> ui.Label[Any]:
    needed = filled.song_name is None
    # 2.7.1 sends null for what is left out, so all three are given
    upload = SongUpload(
        file_types=requirements.file_types,
        custom_id=SONG,
        required=needed,
        min_values=1 if needed else 0,
        max_values=1,
    )
    if filled.song_name is None:
        about = text("form.song.needed", locale, min_seconds=f"{requirements.reference_min_seconds:g}")
    else:
        about = clip(text("form.song.chosen", locale, name=clip(isolated(cleaned(filled.song_name)), 60)), 100)
    return ui.Label(text=text("form.song", locale), description=about, component=upload)


def _typed(rules: PromptRules) -> int:
    return rules.max_typed_characters


def _style(filled: Filled, requirements: OrderRequirements, locale: str) -> ui.Label[Any]:
    # what is too long for the model must come back, not be cut off
    field: ui.TextInput[Any] = ui.TextInput(
        custom_id=STYLE, required=False, max_length=MAX_TYPED_CHARACTERS, default=filled.style or None
    )
    takers = ", ".join(model.name for model in requirements.models if model.takes_style)
    about = text("form.style.about_some" if requirements.others else "form.style.about", locale, models=takers)
    return ui.Label(text=text("form.style", locale), description=clip(about, 100), component=field)


def _model(filled: Filled, requirements: OrderRequirements, locale: str) -> ui.Label[Any]:
    chosen = requirements.offered(filled.model) or requirements.model
    options = [
        discord.SelectOption(label=model_label(model, requirements), value=model.name, default=model is chosen)
        for model in requirements.models
    ]
    field: ui.Select[Any] = ui.Select(custom_id=MODEL, options=options, required=True)
    return ui.Label(text=text("form.model", locale), description=text("form.model.about", locale), component=field)


def model_label(model: OrderedModel, requirements: OrderRequirements) -> str:
    """Its name, and what a song costs where members are shown that; at most 100 characters."""
    if requirements.shown_currency is None:
        return clip(model.name, 100)
    return clip(f"{model.name} · {money_in_words(model.price_micros, requirements.shown_currency)}", 100)


def read_answer(data: Mapping[str, Any]) -> FormAnswer:
    """What was typed and attached; `data` is the `data` of a modal submit. Unknown fields are passed over."""
    fields = {str(field.get("custom_id")): field for field in _fields(data.get("components", ()))}
    chosen = fields.get(SONG, {}).get("values") or ()
    attachments = data.get("resolved", {}).get("attachments", {})
    return FormAnswer(
        title=str(fields.get(TITLE, {}).get("value") or ""),
        lyrics=str(fields.get(LYRICS, {}).get("value") or ""),
        style=str(fields.get(STYLE, {}).get("value") or ""),
        model=next((str(value) for value in fields.get(MODEL, {}).get("values") or ()), None),
        song=next((_song_in(attachments[key]) for key in map(str, chosen) if key in attachments), None),
    )


def typed_reason(data: Mapping[str, Any]) -> str:
    """Why a song is reported; `data` as above."""
    fields = {str(field.get("custom_id")): field for field in _fields(data.get("components", ()))}
    return str(fields.get("reason", {}).get("value") or "")


def _fields(components: Any) -> Iterator[Mapping[str, Any]]:
    for component in components:
        if "components" in component:  # an action row
            yield from _fields(component["components"])
        elif "component" in component:  # a label
            yield component["component"]
        else:
            yield component


def _song_in(attachment: Mapping[str, Any]) -> Song:
    return Song(url=str(attachment["url"]), name=str(attachment["filename"]), size_bytes=int(attachment["size"]))


def typed_in(data: Mapping[str, Any] | None) -> OrderInput:
    """The lyrics and the title that an interaction of any kind carried, so that they can be given back."""
    if not data:
        return OrderInput()
    if "components" in data:
        answer = read_answer(data)
        return OrderInput(lyrics=answer.lyrics, title=answer.title, style=answer.style, model=answer.model)
    options = {option.get("name"): str(option.get("value") or "") for option in data.get("options") or ()}
    return OrderInput(
        lyrics=options.get(LYRICS, ""),
        title=options.get(TITLE, ""),
        style=options.get(STYLE, ""),
        model=options.get(MODEL),
    )
