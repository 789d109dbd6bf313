"""fal's queue on loopback: submit, status, result, cancel and the history of requests."""

from aiohttp import web

from sandbox.generation.fal.calls import CancelCall, HistoryCall, ResultCall, StatusCall
from sandbox.generation.fal.contract import ENDPOINTS, application_of, no_such_call
from sandbox.generation.fal.submitting import SubmitCall
from sandbox.generation.world import World

__all__ = ["add_calls", "no_such_call"]


def add_calls(app: web.Application, world: World) -> None:
    """Routes for every known endpoint; what its requests are asked for lies under the application alone."""
    for endpoint in ENDPOINTS:
        app.router.add_post(f"/{endpoint}", SubmitCall(world, endpoint).answer)
    for application in sorted({application_of(endpoint) for endpoint in ENDPOINTS}):
        of_request = f"/{application}/requests/{{id:[A-Za-z0-9-]+}}"
        app.router.add_get(f"{of_request}/status", StatusCall(world, application).answer, allow_head=False)
        app.router.add_get(of_request, ResultCall(world, application).answer, allow_head=False)
        app.router.add_put(f"{of_request}/cancel", CancelCall(world, application).answer)
    app.router.add_get("/v1/models/requests/by-endpoint", HistoryCall(world).answer, allow_head=False)
