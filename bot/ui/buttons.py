"""Every button of a job, one row of one table each: what it says, how loud, who may press it, what it does. Pure.

Cards, lists and messages take label and weight from the row; `bot.ui.button_actions` asks it who may press, and does
what the row names.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType

from bot.texts import text


class JobAction(StrEnum):
    """Names a row. Stands in the button's custom_id for years, so a value is never reused for something else."""

    CANCEL = "cancel"
    AGAIN = "again"
    AGAIN_SURE = "again_sure"
    EDIT = "edit"
    LYRICS = "words"
    DELETE = "delete"
    DELETE_SURE = "delete_sure"
    RISK = "risk"
    DISMISS = "dismiss"
    LOOK = "look"
    POST = "post"
    FILE = "file"
    REMOVE = "remove"
    WITH = "with"


class ButtonTone(StrEnum):
    """A button's weight."""

    QUIET = "quiet"
    MAIN = "main"
    DANGER = "danger"


class MayPress(Enum):
    """Who may press a button. A moderator is one of the server that the job belongs to, where they press."""

    OWNER = auto()
    OWNER_OR_MODERATOR = auto()
    POSTER_OR_MODERATOR = auto()  #: who made the message that it stands on; its song may be deleted
    ANYONE = auto()


class JobActs(ABC):
    """What buttons do, once whoever presses may."""

    @abstractmethod
    async def cancel(self) -> None:
        """Let the job go while that can be done."""

    @abstractmethod
    async def again(self) -> None:
        """Same song, same lyrics, a new job; asks first where it would be the last one of the day."""

    @abstractmethod
    async def again_sure(self) -> None:
        """The same without asking."""

    @abstractmethod
    async def again_with(self) -> None:
        """Same song, same lyrics, a new job with the model that stands on the button."""

    @abstractmethod
    async def edit(self) -> None:
        """A form with the old lyrics."""

    @abstractmethod
    async def lyrics(self) -> None:
        """The lyrics, privately: to their member as typed, to others what is sung."""

    @abstractmethod
    async def delete(self) -> None:
        """Ask whether it is meant: a track that was paid for is gone for good."""

    @abstractmethod
    async def delete_sure(self) -> None:
        """Messages, files, row."""

    @abstractmethod
    async def risk(self) -> None:
        """An unknown outcome: once more, may be charged twice."""

    @abstractmethod
    async def dismiss(self) -> None:
        """An unknown outcome: let it go."""

    @abstractmethod
    async def look(self) -> None:
        """Look once more for a track, or deliver it once more; costs nothing."""

    @abstractmethod
    async def post(self) -> None:
        """The kept track, for everybody, where the button was pressed."""

    @abstractmethod
    async def file(self) -> None:
        """The kept track, for its owner alone."""

    @abstractmethod
    async def remove(self) -> None:
        """Take away a message that `post` made; the song stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonRow:
    """One button. All that can be said of it stands here."""

    labels: Mapping[str, ButtonTone]  #: text key -> weight; the first is meant where a card names none
    may_press: MayPress
    act: Callable[[JobActs], Callable[[], Awaitable[None]]]
    too_late: str = "control.too_late"  #: the text that answers a press when the job has moved on


_QUIET, _MAIN, _DANGER = ButtonTone.QUIET, ButtonTone.MAIN, ButtonTone.DANGER

BUTTONS: Mapping[JobAction, ButtonRow] = MappingProxyType(
    {
        JobAction.CANCEL: ButtonRow(
            labels={"control.cancel": _QUIET, "control.cancel_paid": _QUIET, "control.cancel_stops": _QUIET},
            may_press=MayPress.OWNER_OR_MODERATOR,
            act=lambda on: on.cancel,
        ),
        JobAction.AGAIN: ButtonRow(
            labels={"control.again": _QUIET, "control.retry": _MAIN, "control.after_all": _MAIN},
            may_press=MayPress.OWNER,
            act=lambda on: on.again,
        ),
        JobAction.AGAIN_SURE: ButtonRow(
            labels={"control.again_sure": _MAIN}, may_press=MayPress.OWNER, act=lambda on: on.again_sure
        ),
        JobAction.WITH: ButtonRow(
            labels={"control.with_other": _QUIET, "control.with": _QUIET},
            may_press=MayPress.OWNER,
            act=lambda on: on.again_with,
        ),
        JobAction.EDIT: ButtonRow(
            labels={"control.edit": _QUIET, "control.other_song": _MAIN},
            may_press=MayPress.OWNER,
            act=lambda on: on.edit,
        ),
        JobAction.LYRICS: ButtonRow(
            labels={"control.lyrics": _QUIET}, may_press=MayPress.ANYONE, act=lambda on: on.lyrics
        ),
        JobAction.DELETE: ButtonRow(
            labels={"control.delete": _QUIET},
            may_press=MayPress.OWNER_OR_MODERATOR,
            act=lambda on: on.delete,
            too_late="control.too_late_live",
        ),
        JobAction.DELETE_SURE: ButtonRow(
            labels={"control.delete_sure": _DANGER},
            may_press=MayPress.OWNER_OR_MODERATOR,
            act=lambda on: on.delete_sure,
            too_late="control.too_late_live",
        ),
        JobAction.RISK: ButtonRow(labels={"control.risk": _DANGER}, may_press=MayPress.OWNER, act=lambda on: on.risk),
        JobAction.DISMISS: ButtonRow(
            labels={"control.dismiss": _QUIET}, may_press=MayPress.OWNER, act=lambda on: on.dismiss
        ),
        JobAction.LOOK: ButtonRow(
            labels={"control.look": _MAIN, "control.fetch": _MAIN}, may_press=MayPress.OWNER, act=lambda on: on.look
        ),
        JobAction.POST: ButtonRow(labels={"control.post": _MAIN}, may_press=MayPress.OWNER, act=lambda on: on.post),
        JobAction.FILE: ButtonRow(labels={"control.file": _QUIET}, may_press=MayPress.OWNER, act=lambda on: on.file),
        JobAction.REMOVE: ButtonRow(
            labels={"control.remove": _QUIET}, may_press=MayPress.POSTER_OR_MODERATOR, act=lambda on: on.remove
        ),
    }
)


#: Discord's limit.
_MAX_LABEL = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class JobButton:
    """Does something to a job."""

    action: JobAction
    label: str
    tone: ButtonTone
    model: str = ""  #: with which it is made, where the button decides that


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkButton:
    """Leads somewhere."""

    label: str
    url: str


def job_button(action: JobAction, locale: str, label: str = "") -> JobButton:
    """The row's button in the reader's language; `label`: the text key, one of the row's, if not its first."""
    labels = BUTTONS[action].labels
    key = label or next(iter(labels))
    return JobButton(action=action, label=text(key, locale), tone=labels[key])


def with_button(model: str, locale: str) -> JobButton:
    """Tries a song again with this model."""
    label = text("control.with", locale, model=model)[:_MAX_LABEL]
    tone = BUTTONS[JobAction.WITH].labels["control.with"]
    return JobButton(action=JobAction.WITH, label=label, tone=tone, model=model)
