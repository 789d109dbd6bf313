"""What the page's panel offers for the music API: slow, out of order, out of credits, or worse."""

from typing import Any

from sandbox.discord import Channel
from sandbox.generation import FakeGeneration
from sandbox.page import Group, Lever

_SLOW_SECONDS = 8.0
_LONG_SECONDS = 60.0
_OUTAGE_SECONDS = 20.0


class MusicLevers:
    """Faults by name, so that a switch finds its own again; and the settings as they were."""

    def __init__(self, api: FakeGeneration) -> None:
        self._api = api
        self._usual = api.world.settings
        self._rules: dict[str, int] = {}
        self.groups = (self._group(),)

    def _group(self) -> Group:
        return Group(
            title="Music API",
            levers=(
                self._fault("slow", "Slow", f"Every answer takes {_SLOW_SECONDS:.0f} s.", "any", _SLOW),
                self._fault("refuses", "Answers 500", "To every order for a song.", "submit", _FAILS),
                self._fault("file_gone", "Finished files are missing", "404 for every track.", "track", _MISSING),
                self._setting("busy", "Busy", "429: as many songs as it takes are running.", most_at_once=0),
                self._setting(
                    "broke",
                    "Out of credits",
                    "Songs wait until somebody pays; the bot looks every five minutes.",
                    songs_left=0,
                ),
                self._setting("locked", "Key revoked", "401 to every call.", is_key_revoked=True),
                self._setting(
                    "long", "Works for a minute", "On every song from now on.", generating_seconds=_LONG_SECONDS
                ),
                Lever(
                    id="lost",
                    label="Lose the next answer",
                    about="It takes the next order, charges for it, and the connection breaks.",
                    pull=lambda *_: self._once("submit", manner="drop", after_effect=True),
                ),
                Lever(
                    id="spoil",
                    label="Spoil the next song",
                    about="It is ordered, worked on, and ends in an error.",
                    pull=lambda *_: self._api.script(polls=("generating", "error")),
                ),
                Lever(
                    id="outage",
                    label=f"Gone for {_OUTAGE_SECONDS:.0f} seconds",
                    about="Every connection is reset.",
                    pull=lambda *_: self._outage(),
                ),
            ),
        )

    def notes(self) -> list[str]:
        """How often each call got each answer, in one line; none before the first call."""
        calls = ", ".join(f"{name} × {count}" for name, count in self._api.ledger.calls.items())
        return [f"Music API: {calls}"] if calls else []

    def restore(self) -> None:
        """All faults and scripts away, all settings as they were."""
        self._api.heal()
        self._rules.clear()
        self._api.world.scripts.clear()
        self._api.world.settings = self._usual

    def _fault(self, name: str, label: str, about: str, call: str, kind: dict[str, Any]) -> Lever:
        def pull(_: Channel, wanted: Any) -> None:
            if name in self._rules:
                self._api.heal(self._rules.pop(name))
            if wanted:
                self._rules[name] = self._api.fault(call, **kind)

        return Lever(id=name, label=label, about=about, pull=pull, look=lambda _: name in self._rules)

    def _setting(self, name: str, label: str, about: str, **changed: Any) -> Lever:
        (field, value), *_ = changed.items()
        return Lever(
            id=name,
            label=label,
            about=about,
            pull=lambda _, wanted: self._api.change(**{field: value if wanted else getattr(self._usual, field)}),
            look=lambda _: getattr(self._api.world.settings, field) == value,
        )

    def _once(self, call: str, **kind: Any) -> None:
        self._api.fault(call, rule={"times": 1}, **kind)

    def _outage(self) -> None:
        self._api.outage(_OUTAGE_SECONDS)


_SLOW = {"manner": "slow", "delay_seconds": _SLOW_SECONDS}
_FAILS = {"status": 500}
_MISSING = {"status": 404}
