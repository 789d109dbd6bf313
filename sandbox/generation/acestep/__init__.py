"""ACE-Step 1.5's own server on loopback: songs as forms, questions about jobs, files behind its key."""

from aiohttp import web

from sandbox.generation.acestep.calls import AudioCall, FigureCalls, QueryCall
from sandbox.generation.acestep.contract import no_such_call
from sandbox.generation.acestep.line import Line
from sandbox.generation.acestep.submitting import SubmitCall
from sandbox.generation.world import World

__all__ = ["add_calls", "no_such_call"]


def add_calls(app: web.Application, world: World) -> None:
    """Its routes. What an earlier server left in the same folder is known again, as far as the real one knows it."""
    line = Line(world)
    figures = FigureCalls(world, line)
    app.router.add_post("/release_task", SubmitCall(world, line).answer)
    app.router.add_post("/query_result", QueryCall(world, line).answer)
    app.router.add_get("/v1/audio", AudioCall(world).answer, allow_head=False)
    app.router.add_get("/v1/stats", figures.stats, allow_head=False)
    app.router.add_get("/v1/models", figures.models, allow_head=False)
    app.router.add_get("/health", figures.health, allow_head=False)
    for path in ("/release_task", "/query_result", "/v1/audio", "/v1/stats", "/v1/models", "/health"):
        app.router.add_route("*", path, _other_method)


async def _other_method(_request: web.Request) -> web.Response:
    return web.json_response({"detail": "Method Not Allowed"}, status=405)
