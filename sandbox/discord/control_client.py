"""The control API from Python: what a script or a page's server uses to drive a sandbox in another process."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from .doors import TOKEN_HEADER
from .lookups import File, as_upload
from .objects import JSON


class ControlError(Exception):
    """The control API said no; `status` 422 is a refusal by the client or by Discord, 404 an unknown thing."""

    def __init__(self, status: int, body: JSON) -> None:
        super().__init__(body.get("error", f"status {status}"))
        self.status = status
        self.body = body


class DiscordControl:
    """A client of `/sandbox`: `async with DiscordControl(control_url, token=control_token) as control`.

    The process prints both; in one's own, `FakeDiscord.control_token` is the token. Ids are strings, members and
    channels may be named, messages and interactions come as JSON.
    """

    def __init__(self, control_url: str, *, token: str) -> None:
        self._url = control_url.rstrip("/")
        self._headers = {TOKEN_HEADER: token}  # not the session's: files come from elsewhere
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_connect=5))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    # -- looking -----------------------------------------------------------------------------------------------------

    async def state(self, member: str | None = None) -> JSON:
        """Everything, or what a member sees."""
        return await self._request("GET", "state", params=_given(member=member))

    async def messages(self, channel: str, member: str | None = None) -> list[JSON]:
        """A channel's messages, oldest first; with `member`, only what that member sees."""
        return await self._request("GET", f"channels/{channel}/messages", params=_given(member=member))

    async def interaction(self, interaction_id: str) -> JSON:
        """An interaction with all that came back to it."""
        return await self._request("GET", f"interactions/{interaction_id}")

    async def calls(self, method: str = "*", pattern: str = "") -> list[JSON]:
        """The bot's recorded calls."""
        return await self._request("GET", "calls", params={"method": method, "pattern": pattern})

    async def downloads(self) -> list[JSON]:
        """Every GET of a CDN file, whoever asked."""
        return await self._request("GET", "downloads")

    async def violations(self) -> list[JSON]:
        """What a good bot never does."""
        return await self._request("GET", "violations")

    async def events(self, *, member: str | None = None, after: int | None = None) -> AsyncIterator[JSON]:
        """Every change as it happens, from now on or after a sequence number."""
        params = _given(member=member, after=None if after is None else str(after))
        async with self._open().get(f"{self._url}/sandbox/events", params=params, headers=self._headers) as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    async def wait_for(
        self,
        predicate: Callable[[JSON], bool],
        *,
        timeout_seconds: float = 10.0,
        after: int | None = None,
        member: str | None = None,
    ) -> JSON:
        """The first change the predicate accepts; `TimeoutError` after the time. `after` also looks back."""
        async with asyncio.timeout(timeout_seconds):
            async for change in self.events(member=member, after=after):
                if predicate(change):
                    return change
        raise TimeoutError("the stream of changes ended")

    async def until_answered(self, interaction_id: str, timeout_seconds: float = 10.0) -> JSON:
        """The interaction once it was answered for good: shown, a form opened, choices given, or failed."""
        async with asyncio.timeout(timeout_seconds):
            after = (await self.state())["sequence"]
            while True:
                done = await self.interaction(interaction_id)
                if done["failed"] or (done["answered"] and not done["thinking"]):
                    return done
                change = await self.wait_for(lambda _: True, after=after, timeout_seconds=timeout_seconds)
                after = change["sequence"]

    async def until_message(
        self,
        channel: str,
        predicate: Callable[[JSON], bool],
        *,
        member: str | None = None,
        timeout_seconds: float = 10.0,
    ) -> JSON:
        """The first message of a channel the predicate accepts, now or after any later change of it."""
        async with asyncio.timeout(timeout_seconds):
            while True:
                after = (await self.state())["sequence"]
                for message in await self.messages(channel, member):
                    if predicate(message):
                        return message
                await self.wait_for(
                    lambda change: change["kind"].startswith("message_"),
                    after=after,
                    member=member,
                    timeout_seconds=timeout_seconds,
                )

    # -- members -----------------------------------------------------------------------------------------------------

    async def slash(
        self,
        command: str,
        options: Mapping[str, Any] | None = None,
        *,
        files: Mapping[str, File] | None = None,
        **where: Any,
    ) -> JSON:
        """`/command`; `where` takes member, channel, install and age_seconds."""
        return await self._verb("slash", files, command=command, options=dict(options or {}), **where)

    async def autocomplete(self, command: str, option: str, text: Any, **where: Any) -> JSON:
        """What a client asks while text is typed; the answer is in `choices` of the interaction."""
        return await self._verb("autocomplete", None, command=command, option=option, text=text, **where)

    async def click(self, message: str, button: str, **who: Any) -> JSON:
        """Press a button by custom_id or label."""
        return await self._verb("click", None, message=message, button=button, **who)

    async def select(self, message: str, custom_id: str, values: list[str], **who: Any) -> JSON:
        """Choose in a select."""
        return await self._verb("select", None, message=message, custom_id=custom_id, values=values, **who)

    async def submit(
        self, modal: str, values: Mapping[str, Any] | None = None, files: Mapping[str, File] | None = None
    ) -> JSON:
        """Send a form that is open."""
        return await self._verb("submit", files, modal=modal, values=dict(values or {}))

    async def dismiss(self, modal: str) -> JSON:
        """Close a form without sending it."""
        return await self._verb("dismiss", None, modal=modal)

    async def message_command(self, name: str, message: str, **who: Any) -> JSON:
        """A command from a message's menu."""
        return await self._verb("message_command", None, name=name, message=message, **who)

    async def user_command(self, name: str, user: str, **who: Any) -> JSON:
        """A command from a person's menu."""
        return await self._verb("user_command", None, name=name, user=user, **who)

    async def post(self, content: str = "", *, files: list[File] | None = None, **where: Any) -> JSON:
        """Write a message as a member."""
        named = {f"file{number}": file for number, file in enumerate(files or ())}
        return await self._verb("post", named, content=content, **where)

    async def delete_message(self, message: str, **who: Any) -> JSON:
        """Delete or dismiss a message as a member."""
        return await self._verb("delete_message", None, message=message, **who)

    # -- the sandbox itself ------------------------------------------------------------------------------------------

    async def fault(self, method: str = "*", pattern: str = ".*", **details: Any) -> JSON:
        """Put a fault in force; see `Fault` for the details."""
        return await self.switch("fault", method=method, pattern=pattern, **details)

    async def clear_faults(self) -> None:
        """Back to a Discord that works."""
        await self._request("DELETE", "faults")

    async def switch(self, switch: str, /, **arguments: Any) -> JSON:
        """Any switch by name: drop_gateway, advance, revoke, grant, refuse_connections, ..."""
        return await self._request("POST", f"switches/{switch}", json=arguments)

    async def download(self, url: str, target: Path) -> int:
        """Store a CDN file; gives its size in bytes."""
        async with self._open().get(url) as answer:
            answer.raise_for_status()
            data = await answer.read()
        await asyncio.to_thread(target.write_bytes, data)
        return len(data)

    # -- how ---------------------------------------------------------------------------------------------------------

    async def _verb(self, verb: str, files: Mapping[str, File] | None, /, **arguments: Any) -> JSON:
        arguments = {key: value for key, value in arguments.items() if value is not None}
        if not files:
            return await self._request("POST", f"verbs/{verb}", json=arguments)
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("payload_json", json.dumps(arguments), content_type="application/json")
        for key, file in files.items():
            upload = await asyncio.to_thread(as_upload, file)
            form.add_field(key, upload.data, filename=upload.filename, content_type="application/octet-stream")
        return await self._request("POST", f"verbs/{verb}", data=form)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use `async with DiscordControl(...)`")
        return self._session

    async def _request(self, method: str, path: str, **details: Any) -> Any:
        url = f"{self._url}/sandbox/{path}"
        async with self._open().request(method, url, headers=self._headers, **details) as answer:
            body = await answer.json()
            if answer.status >= 400:
                raise ControlError(answer.status, body)
            return body


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
