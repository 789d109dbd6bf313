"""What the image of the offline generator is put through: whom it runs as, one call, a stop."""

import asyncio
import signal
from contextlib import closing
from typing import Any

import aiohttp

from tests.image.engines import Box, Engine, Image, ImageError, Say, loads
from tests.image.trial import answer_of

_SECONDS = 60
_PORT = 8700
#: As compose.yaml calls it, from another container.
_NAME = f"offline:{_PORT}"
_LOOK = """
import importlib.util, json, os
here = lambda name: importlib.util.find_spec(name) is not None
print(json.dumps({
    "user_id": os.getuid(),
    "lacking": [name for name in ("numpy", "espeakng_loader", "av", "sandbox") if not here(name)],
    "strangers": [name for name in ("pip", "ensurepip", "tests", "cogs") if here(name)],
}))
"""


async def generator_tried(engine: Engine, image: Image, say: Say) -> str:
    """A few words on what was seen. Raises ImageError at the first thing that is not as it must be."""
    say("Asking the offline generator, in its image, for a song that it does not know ...")
    with closing(engine.open(image)) as box:
        found: dict[str, Any] = loads(await answer_of(box, ["python", "-c", _LOOK]))
        if found["user_id"] == 0 or found["lacking"] or found["strangers"]:
            raise ImageError(f"the offline generator's image is not as it should be: {found}")
        return await _served(box, image)


async def _served(box: Box, image: Image) -> str:
    process = await asyncio.create_subprocess_exec(
        *box.arguments(image.command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_SECONDS):
            loads((await process.stdout.readline()).decode())
            status = await _asked()
            box.send(signal.SIGTERM, process.pid, image.command)
            _, complained = await process.communicate()
    except TimeoutError:
        raise ImageError(f"the offline generator did not answer or stop within {_SECONDS} seconds") from None
    finally:
        if process.returncode is None:
            box.send(signal.SIGKILL, process.pid, image.command)
            process.kill()
            await process.wait()
    if status != 404 or process.returncode:
        raise ImageError(f"it answered {status} and ended with {process.returncode}:\n{complained.decode()[-2000:]}")
    return "answers by its name, SIGTERM ends it with 0"


async def _asked() -> int:
    headers = {"Authorization": "Bearer offline", "Host": _NAME}
    address = f"http://127.0.0.1:{_PORT}/v2/generate/audio?generation_id=unknown"
    async with aiohttp.ClientSession() as session, session.get(address, headers=headers) as answer:
        return answer.status
