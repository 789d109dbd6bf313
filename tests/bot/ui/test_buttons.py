"""The table of buttons has a whole row for each, and no two that do the same."""

from collections.abc import Awaitable, Callable

import pytest

from bot.texts import CATALOGS
from bot.ui.button_actions import _NOT_YOURS
from bot.ui.buttons import BUTTONS, ButtonTone, JobAction, JobActs, MayPress, job_button


def test_every_action_has_a_row_and_every_row_an_action() -> None:
    assert set(BUTTONS) == set(JobAction)


def test_every_row_does_something_of_its_own_and_nothing_that_can_be_done_is_without_a_button() -> None:
    methods = {name: _named(name) for name in JobActs.__abstractmethods__}
    acts: JobActs = type("Acts", (JobActs,), methods)()
    done = [row.act(acts).__name__ for row in BUTTONS.values()]
    assert sorted(done) == sorted(JobActs.__abstractmethods__)


def _named(name: str) -> Callable[[JobActs], Awaitable[None]]:
    async def act(self: JobActs) -> None: ...

    act.__name__ = name
    return act


@pytest.mark.parametrize("action", list(JobAction))
def test_what_a_button_says_is_said_in_every_language(action: JobAction) -> None:
    row = BUTTONS[action]
    assert row.labels
    for key in (*row.labels, row.too_late):
        assert all(key in catalog for catalog in CATALOGS.values()), key
    assert job_button(action, "de").label == CATALOGS["de"][next(iter(row.labels))]


def test_a_label_that_is_not_in_the_row_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        job_button(JobAction.CANCEL, "en", "control.delete")
    assert job_button(JobAction.AGAIN, "en", "control.retry").tone is ButtonTone.MAIN


def test_whoever_may_not_press_is_told_who_may() -> None:
    told = {row.may_press for row in BUTTONS.values()} - {MayPress.ANYONE}
    assert told == set(_NOT_YOURS)


def test_who_may_press_is_what_members_are_promised() -> None:
    """docs/conversation.md says it in words, above everything."""
    of = {whom: {action for action, row in BUTTONS.items() if row.may_press is whom} for whom in MayPress}
    assert of[MayPress.OWNER_OR_MODERATOR] == {JobAction.CANCEL, JobAction.DELETE, JobAction.DELETE_SURE}
    assert of[MayPress.POSTER_OR_MODERATOR] == {JobAction.REMOVE}
    assert of[MayPress.ANYONE] == {JobAction.LYRICS}
