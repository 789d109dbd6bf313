"""What all calls of the stand-in share: its settings, its memory, its faults, and the generator behind it."""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import yarl
from aiohttp import web

from sandbox.generation.composer import Composer, ComposerError
from sandbox.generation.config import Fault, Rule, Script, Settings
from sandbox.generation.contract import refusal
from sandbox.generation.fault_injection import FaultInjector
from sandbox.generation.ledger import Generation, Ledger

#: A line with a section's name, such as `[Verse]`.
_TAG = re.compile(r"^\[[^\]\n]*\]\n?", re.MULTILINE)
_DOWNSTREAM = {"name": "Error", "message": "Downstream service error"}


class World:
    """The state of one stand-in."""

    def __init__(self, settings: Settings, *, composer: Composer, folder: Path, seed: int) -> None:
        """`folder`: where references and tracks lie; it must exist."""
        self.settings = settings
        self.ledger = Ledger()
        self.fault_injector = FaultInjector(seed)
        self.scripts: list[Script] = []
        self.composer = composer
        self.folder = folder
        self.closing = asyncio.Event()
        self.session: aiohttp.ClientSession | None = None
        self.url = yarl.URL()
        self._by_file_name: dict[str, Generation] = {}
        self._signing_key = secrets.token_bytes(16)

    def key_error(self, request: web.Request) -> web.Response | None:
        """401 unless the request carries the key and the key is in force."""
        is_right = secrets.compare_digest(
            request.headers.get("Authorization", "").encode(), f"Bearer {self.settings.key}".encode()
        )
        return None if is_right and not self.settings.is_key_revoked else refusal(request, 401)

    def take_script(self, prompt: str) -> Script | None:
        """The oldest script that this prompt matches, used up with it."""
        for index, script in enumerate(self.scripts):
            if script.when is None or script.when in prompt:
                return self.scripts.pop(index)
        return None

    def give_back(self, script: Script | None) -> None:
        """It was not used after all: it belongs to a generation, and no generation came of this POST."""
        if script is not None:
            self.scripts.insert(0, script)

    def add_rule(self, rule: Rule) -> int:
        """Put a rule in force; its number."""
        return self.fault_injector.add(rule, self.ledger.now())

    def refused_words(self) -> list[str]:
        """What a prompt may not hold, in small letters."""
        return [word.lower() for word in self.settings.refused_words]

    def accept(self, generation: Generation, making: Coroutine[Any, Any, None] | None = None) -> None:
        """Charge it and start to compose; `making`: what is done in place of `compose`, which it comes to by itself."""
        self.ledger.generations[generation.id] = generation
        self._by_file_name[_file_name(generation)] = generation
        if generation.error is None:
            self._pay(-1)
            generation.composing = asyncio.create_task(
                making or self.compose(generation), name=f"compose {generation.id}"
            )

    async def compose(self, generation: Generation) -> None:
        """Make its track, of its words without marks and tags."""
        lyrics = _TAG.sub("", generation.prompt.strip().removeprefix("##").removesuffix("##")).strip()
        try:
            await self.composer.compose(generation.reference, lyrics, generation.track)
        except ComposerError as error:
            self.give_up(generation, {"name": "Error", "message": str(error)})

    def give_up(self, generation: Generation, error: Any = None) -> None:
        """End it without a track; the hold on its credits is rolled back, as the documents say."""
        if generation.error is None:
            generation.error = error or _DOWNSTREAM
            self._pay(+1)
        generation.finish(self.ledger.now())

    def remove(self, generation: Generation) -> None:
        """Take it out of the queue, as if it had never been ordered."""
        generation.is_removed = True
        if generation.error is None:
            self._pay(+1)
        generation.finish(self.ledger.now())
        if generation.composing is not None:
            generation.composing.cancel()

    def track_url(self, generation: Generation, base: yarl.URL | None = None) -> str:
        """Where the file lies: on a path of its own, signed when addresses expire.

        `base`: the origin by which whoever asks knows this server, which may be a tunnel's; else as it knows itself.
        """
        name = _file_name(generation)
        url = (base or self.url) / "files" / "koala" / f"{name}_output.mp3"
        if self.settings.track_expires_seconds is None:
            return str(url)
        expires = str(self.ledger.now() + self.settings.track_expires_seconds)
        signed = {"Expires": expires, "Signature": self._signature(name, expires)}
        return str(url.with_query(signed))

    def is_track_url_good(self, name: str, expires: str | None, signature: str | None) -> bool:
        """Whether a signed address still holds; an unsigned one does while addresses do not expire."""
        if expires is None or signature is None:
            return self.settings.track_expires_seconds is None
        is_ours = secrets.compare_digest(signature.encode(), self._signature(name, expires).encode())
        return is_ours and float(expires) > self.ledger.now()

    def generation_of_track(self, name: str) -> Generation | None:
        """The generation behind a file name."""
        return self._by_file_name.get(name)

    def _pay(self, songs: int) -> None:
        if self.settings.songs_left is not None:
            self.settings = self.settings.model_copy(update={"songs_left": self.settings.songs_left + songs})

    def _signature(self, name: str, expires: str) -> str:
        return hashlib.sha256(self._signing_key + f"{name}|{expires}".encode()).hexdigest()

    def close(self) -> None:
        """End whatever waits or composes."""
        self.closing.set()
        self.fault_injector.end_pauses()
        for generation in self.ledger.generations.values():
            if generation.composing is not None:
                generation.composing.cancel()

    async def pause(self, seconds: float) -> None:
        """Sleep, but not beyond the end."""
        await _sleep(seconds, self.closing)

    async def pause_before_answer(self, fault: Fault | None) -> None:
        """What any answer takes, and what a fault adds, which ends at once when a fault is taken back."""
        await self.pause(self.settings.latency_seconds)
        if fault is not None and not self.closing.is_set():
            await _sleep(fault.delay_seconds, self.fault_injector.let_go)


async def _sleep(seconds: float, ended: asyncio.Event) -> None:
    if seconds > 0:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()


def _file_name(generation: Generation) -> str:
    """Its own, and not the id: ids hold colons and slashes."""
    return hashlib.sha256(generation.id.encode()).hexdigest()[:21]
