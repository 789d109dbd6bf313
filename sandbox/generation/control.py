"""The stand-in's own small API under /sandbox: set faults and scripts, change settings, read what happened.

It is there only when it is asked for, and every request carries the token of this start; see `sandbox.discord.doors`.
"""

from dataclasses import asdict
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from sandbox.discord.doors import Doors, ShutError
from sandbox.generation.config import Rule, Script, Settings
from sandbox.generation.ledger import Generation
from sandbox.generation.world import World


def add_control(app: web.Application, world: World, *, doors: Doors, token: str) -> None:
    """Routes: GET state, GET records, PATCH settings, POST and DELETE rules, POST scripts."""
    control = _Control(world, doors, token)
    app.router.add_get("/sandbox/state", control.guarded(control.state))
    app.router.add_get("/sandbox/records", control.guarded(control.records))
    app.router.add_patch("/sandbox/settings", control.guarded(control.change))
    app.router.add_post("/sandbox/rules", control.guarded(control.add_rule))
    app.router.add_delete("/sandbox/rules", control.guarded(control.remove_rules))
    app.router.add_delete("/sandbox/rules/{number:[0-9]+}", control.guarded(control.remove_rules))
    app.router.add_post("/sandbox/scripts", control.guarded(control.add_script))


class _Control:
    def __init__(self, world: World, doors: Doors, token: str) -> None:
        self._world = world
        self._doors = doors
        self._token = token

    def guarded(self, handler: Any) -> Any:
        """Only for who knows the token."""

        async def answer(request: web.Request) -> web.Response:
            try:
                self._doors.control(request, self._token)
                return web.json_response(await handler(request))
            except ShutError as shut:
                return web.json_response({"problem": str(shut), "refused_by": shut.by}, status=shut.status)
            except ValidationError as error:
                return web.json_response({"problem": str(error)}, status=400)
            except ValueError as error:
                return web.json_response({"problem": f"not JSON: {error}"}, status=400)

        return answer

    async def state(self, request: web.Request) -> dict[str, Any]:
        """Counts and settings."""
        return state_of(self._world)

    async def records(self, request: web.Request) -> dict[str, Any]:
        """Every POST and every generation."""
        return records_of(self._world)

    async def change(self, request: web.Request) -> dict[str, Any]:
        """Settings to change."""
        world = self._world
        world.settings = Settings.model_validate({**world.settings.model_dump(), **await request.json()})
        return world.settings.model_dump(mode="json")

    async def add_rule(self, request: web.Request) -> dict[str, Any]:
        """A rule in force."""
        return {"rule": self._world.add_rule(Rule.model_validate(await request.json()))}

    async def remove_rules(self, request: web.Request) -> dict[str, Any]:
        """One rule, or all."""
        number = request.match_info.get("number")
        self._world.fault_injector.remove(int(number) if number else None)
        return {}

    async def add_script(self, request: web.Request) -> dict[str, Any]:
        """A script for a generation to come."""
        self._world.scripts.append(Script.model_validate(await request.json()))
        return {}


def state_of(world: World) -> dict[str, Any]:
    """What can be counted."""
    ledger = world.ledger
    return {
        "posts": len(ledger.submissions),
        "accepted": len(ledger.generations),
        "charges": ledger.charges,
        "running": ledger.running(world.settings),
        "repeated_posts": ledger.repeated_posts,
        "paid_twice": ledger.paid_twice,
        "keys_leaked": ledger.keys_leaked,
        "calls": dict(ledger.calls),
        "struck": dict(ledger.struck),
        "scripts_left": len(world.scripts),
        "settings": world.settings.model_dump(mode="json"),
    }


def records_of(world: World) -> dict[str, Any]:
    """Every POST and every generation, as JSON."""
    return {
        "submissions": [asdict(posted) for posted in world.ledger.submissions],
        "generations": [_generation(world, found) for found in world.ledger.generations.values()],
    }


def _generation(world: World, generation: Generation) -> dict[str, Any]:
    return {
        "id": generation.id,
        "client_request_id": generation.client_request_id,
        "prompt": generation.prompt,
        "accepted_at_seconds": generation.accepted_at,
        "finished_at_seconds": generation.finished_at,
        "polled_at_seconds": generation.polled_at,
        "fetches": generation.fetches,
        "error": generation.error,
        "track_url": world.track_url(generation),
    }
