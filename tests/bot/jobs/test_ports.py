"""Every port is kept by what stands behind it, in the bot and in tests: the same methods, called the same way."""

import inspect
from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from bot.delivery import CardMessages, TrackMessages
from bot.engine.runner import Steps
from bot.generation.acestep.client import AceStepClient
from bot.generation.aiml.client import GenerationClient
from bot.jobs import ports
from bot.jobs.ports import Canceller, Cards, Delivery, Generator, JobStore, LookUp
from bot.jobs.sound_ports import References, TrackPreparer
from bot.jobs.steps import JobSteps
from bot.packaged_tracks import PackagedTracks
from bot.references import ReferenceFetcher
from bot.store.jobs import SqlJobStore
from tests.bot.jobs.scripted import ScriptedDiscord, ScriptedFetcher, ScriptedGenerator

KEPT_BY = [
    (JobStore, SqlJobStore),
    (Generator, GenerationClient),
    (Generator, AceStepClient),
    (Generator, ScriptedGenerator),
    (LookUp, GenerationClient),
    (LookUp, ScriptedGenerator),
    (Canceller, ScriptedGenerator),
    (Cards, CardMessages),
    (Cards, ScriptedDiscord),
    (Delivery, TrackMessages),
    (Delivery, ScriptedDiscord),
    (References, ReferenceFetcher),
    (References, ScriptedFetcher),
    (TrackPreparer, PackagedTracks),
    (TrackPreparer, ScriptedFetcher),
    (Steps, JobSteps),
]


def methods_of(port: type) -> Iterator[tuple[str, Any]]:
    """What a port promises, its parts' promises included."""
    for part in port.__mro__:
        if part not in {object, Protocol} and part.__module__ != "typing":
            yield from (
                (name, what) for name, what in vars(part).items() if inspect.isfunction(what) and name[0] != "_"
            )


def called(method: Any) -> list[tuple[str, Any, Any]]:
    """How it is called, and whether it is awaited."""
    found = inspect.signature(inspect.unwrap(method)).parameters.values()
    given = [one for one in found if one.name not in {"self", "connection"}]  # `writes` and `reads` hand that in
    return [(one.name, one.kind, one.default) for one in given]


@pytest.mark.parametrize(("port", "behind"), KEPT_BY, ids=lambda one: one.__name__)
def test_what_stands_behind_a_port_keeps_it(port: type, behind: type):
    promised = dict(methods_of(port))
    assert promised
    for name, method in promised.items():
        kept = getattr(behind, name, None)
        assert kept is not None, f"{behind.__name__} has no {name}"
        assert called(kept) == called(method), name
        assert inspect.iscoroutinefunction(inspect.unwrap(kept)) == inspect.iscoroutinefunction(method), name


def test_no_port_is_left_without_a_test():
    protocols = {one for one in vars(ports).values() if isinstance(one, type) and getattr(one, "_is_protocol", False)}
    tested = {part for port, _ in KEPT_BY for part in port.__mro__}
    assert protocols - tested - {Protocol} == set()


def test_a_promise_is_worded_once():
    """What a method of the store promises stands with its port; beside the statement it could only grow stale."""
    repeated = [name for name, _ in methods_of(JobStore) if inspect.getattr_static(SqlJobStore, name).__doc__]
    assert repeated == []
    assert all(method.__doc__ for _, method in methods_of(JobStore))


def test_no_reader_of_the_store_gets_a_part_twice():
    """A method that two readers share stands in one part that both are made of."""
    named = [name for name, _ in methods_of(JobStore)]
    assert len(named) == len(set(named))
