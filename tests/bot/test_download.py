import asyncio
import errno
import gzip
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import yarl
from aiohttp import web

from bot.download import DownloadError, DownloadFault, DownloadTimeouts, download, remove_leftovers

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST = 1_000_000
FAST = DownloadTimeouts(connect_seconds=20, read_seconds=20, total_seconds=30)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def answering(status: int = 200, body: bytes = b"", **headers: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as opened:
        yield opened


async def test_what_goes_along_is_chosen_for_each_address_on_the_way(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    keys: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        keys.append(request.headers.get("X-Key"))
        if request.path == "/first":
            return web.Response(status=302, headers={"Location": "/second"})
        return web.Response(body=b"a song")

    async with serving(answer) as url:
        size = await download(
            session,
            f"{url}/first",
            tmp_path / "a",
            max_bytes=MOST,
            headers=lambda asked: {"X-Key": "yes"} if asked.path == "/first" else {},
        )
    assert (size, keys) == (6, ["yes", None])


async def fault_of(
    session: aiohttp.ClientSession,
    url: str,
    into: Path,
    *,
    max_bytes: int = MOST,
    timeouts: DownloadTimeouts = FAST,
    allowed: Callable[[yarl.URL], bool] | None = None,
) -> DownloadError:
    """The error of a download that must leave nothing behind."""
    before = sorted(into.parent.iterdir())
    with pytest.raises(DownloadError) as caught:
        await download(session, url, into, max_bytes=max_bytes, timeouts=timeouts, allowed=allowed)
    assert sorted(into.parent.iterdir()) == before
    assert "127.0.0.1" not in str(caught.value)
    return caught.value


async def test_a_file_arrives_whole_under_its_name(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    body = os.urandom(3_500_000)
    async with serving(answering(body=body)) as url:
        size = await download(session, f"{url}/a.mp3", tmp_path / "a.mp3", max_bytes=4_000_000)

    assert size == len(body)
    assert (tmp_path / "a.mp3").read_bytes() == body
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp3"]
    assert (tmp_path / "a.mp3").stat().st_mode & 0o077 == 0


async def test_a_signed_url_keeps_its_encoding(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        if request.path == "/from":
            return web.Response(status=302, headers={"Location": "/a%28b%29?sig=x%2Fy%2Bz%3D"})
        return web.Response(body=b"x")

    async with serving(answer) as url:
        await download(session, f"{url}/music%2Fprod%28x%29.mp3?sig=a%2Fb%2Bc%3D&", tmp_path / "a", max_bytes=MOST)
        await download(session, f"{url}/from", tmp_path / "a", max_bytes=MOST)

    assert asked == ["/music%2Fprod%28x%29.mp3?sig=a%2Fb%2Bc%3D&", "/from", "/a%28b%29?sig=x%2Fy%2Bz%3D"]


async def test_a_url_with_blanks_and_umlauts_is_encoded(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        return web.Response(body=b"x")

    async with serving(answer) as url:
        await download(session, f"{url}/mein lied ä.mp3", tmp_path / "a", max_bytes=MOST)

    assert asked == ["/mein%20lied%20%C3%A4.mp3"]


async def test_no_credentials_and_no_compression_are_asked_for(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    seen: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        return web.Response(body=b"x")

    async with serving(answer) as url:
        await download(session, url, tmp_path / "a", max_bytes=MOST)

    assert "Authorization" not in seen[0]
    assert seen[0]["Accept-Encoding"] == "identity"


async def test_a_session_with_credentials_is_refused(tmp_path: Path) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer x"}) as session:
        with pytest.raises(ValueError, match="credentials"):
            await download(session, "http://127.0.0.1:1/", tmp_path / "a", max_bytes=MOST)


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (404, DownloadFault.NOT_FOUND),
        (401, DownloadFault.FORBIDDEN),
        (403, DownloadFault.FORBIDDEN),
        (410, DownloadFault.FORBIDDEN),
        (451, DownloadFault.FORBIDDEN),
        (400, DownloadFault.REFUSED),
        (415, DownloadFault.REFUSED),
        (304, DownloadFault.REFUSED),
        (206, DownloadFault.REFUSED),
        (204, DownloadFault.EMPTY),
        (408, DownloadFault.BUSY),
        (429, DownloadFault.BUSY),
        (500, DownloadFault.BUSY),
        (503, DownloadFault.BUSY),
    ],
)
async def test_every_other_status_is_sorted(
    session: aiohttp.ClientSession, tmp_path: Path, status: int, fault: DownloadFault
) -> None:
    async with serving(answering(status)) as url:
        error = await fault_of(session, url, tmp_path / "a")

    assert (error.fault, error.status) == (fault, status)


async def test_an_empty_file_is_said_to_be_empty(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with serving(answering(body=b"")) as url:
        assert (await fault_of(session, url, tmp_path / "a")).fault is DownloadFault.EMPTY


async def test_a_file_that_announces_too_much_is_not_read(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with serving(answering(body=b"x" * 2000)) as url:
        assert (await fault_of(session, url, tmp_path / "a", max_bytes=1999)).fault is DownloadFault.TOO_LARGE
        assert await download(session, url, tmp_path / "a", max_bytes=2000) == 2000


async def test_an_endless_stream_ends_at_the_cap(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65_536)

    async with serving(answer) as url:
        error = await fault_of(session, url, tmp_path / "a", max_bytes=5_000_000)

    assert error.fault is DownloadFault.TOO_LARGE


async def test_a_small_answer_that_unpacks_to_much_ends_at_the_cap(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    packed = gzip.compress(b"\0" * 20_000_000)
    async with serving(answering(body=packed, Content_Encoding="gzip")) as url:
        assert (await fault_of(session, url, tmp_path / "a")).fault is DownloadFault.TOO_LARGE


async def test_a_file_that_breaks_off_is_no_file(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 1000
        await response.prepare(request)
        await response.write(b"x" * 500)
        assert request.transport is not None
        request.transport.close()
        return response

    (tmp_path / "a").write_bytes(b"as it was")
    async with serving(answer) as url:
        assert (await fault_of(session, url, tmp_path / "a")).fault is DownloadFault.CONNECTION
    assert (tmp_path / "a").read_bytes() == b"as it was"


async def test_silence_between_two_reads_ends_it(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x" * 500)
        await asyncio.sleep(30)
        return response

    brief = DownloadTimeouts(connect_seconds=20, read_seconds=0.3, total_seconds=30)
    async with serving(answer) as url:
        assert (await fault_of(session, url, tmp_path / "a", timeouts=brief)).fault is DownloadFault.TIMEOUT


async def test_a_trickle_that_never_pauses_ends_with_the_total(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.02)

    slow = DownloadTimeouts(connect_seconds=5, read_seconds=5, total_seconds=0.4)
    async with serving(answer) as url:
        assert (await fault_of(session, url, tmp_path / "a", timeouts=slow)).fault is DownloadFault.TIMEOUT


async def test_no_server_is_a_connection_fault(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    # nobody listens there; a port that was free a moment ago may be somebody's by now
    assert (await fault_of(session, "http://127.0.0.1:1", tmp_path / "a")).fault is DownloadFault.CONNECTION


async def test_redirects_end(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with serving(answering(302, Location="/again")) as url:
        assert (await fault_of(session, url, tmp_path / "a")).fault is DownloadFault.REFUSED


@pytest.mark.parametrize(
    "address",
    [
        "",
        "song.mp3",
        "ftp://127.0.0.1/a",
        "file:///etc/passwd",
        "http://",
        "http://u:p@127.0.0.1/",
        "http://[::1",
        "h:1",
        f"http://{'a' * 301}/",
        f"//{'ä' * 301}?b",
    ],
)
async def test_what_is_no_plain_url_is_not_followed(
    session: aiohttp.ClientSession, tmp_path: Path, address: str
) -> None:
    assert (await fault_of(session, address, tmp_path / "a")).fault is DownloadFault.URL


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://u:p@127.0.0.1/", "gopher://127.0.0.1/"])
async def test_a_redirect_to_what_is_no_plain_url_is_not_followed(
    session: aiohttp.ClientSession, tmp_path: Path, location: str
) -> None:
    async with serving(answering(302, Location=location)) as url:
        assert (await fault_of(session, url, tmp_path / "a")).fault is DownloadFault.URL


async def test_a_redirect_to_a_host_that_is_not_allowed_is_not_followed(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    def allowed(url: yarl.URL) -> bool:
        return url.path != "/secret"

    async with serving(answering(302, Location="/secret")) as url:
        assert (await fault_of(session, url, tmp_path / "a", allowed=allowed)).fault is DownloadFault.URL


async def test_a_cancelled_download_leaves_nothing(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 1_000_000)
            begun.set()

    async with serving(answer) as url:
        for _ in range(10):
            begun.clear()
            task = asyncio.create_task(download(session, url, tmp_path / "a", max_bytes=10**12))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert list(tmp_path.iterdir()) == []


async def test_a_folder_that_is_missing_is_a_disk_fault(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with serving(answering(body=b"x")) as url:
        with pytest.raises(DownloadError) as caught:
            await download(session, url, tmp_path / "missing" / "a", max_bytes=MOST)
    assert caught.value.fault is DownloadFault.DISK


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_a_full_disk_is_a_disk_fault(
    session: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = os.open

    def open_full(path: str | Path, flags: int, mode: int = 0o777) -> int:
        is_part = str(path).endswith(".part")
        return really_open("/dev/full", os.O_WRONLY) if is_part else really_open(path, flags, mode)

    monkeypatch.setattr(os, "open", open_full)
    async with serving(answering(body=b"x" * 5000)) as url:
        error = await fault_of(session, url, tmp_path / "a")
    assert error.fault is DownloadFault.DISK
    assert isinstance(error.__cause__, OSError)
    assert error.__cause__.errno == errno.ENOSPC


def test_leftovers_of_a_killed_process_can_be_removed(tmp_path: Path) -> None:
    (tmp_path / ".0123456789abcdef.part").write_bytes(b"x")
    (tmp_path / "track.mp3").write_bytes(b"x")

    assert remove_leftovers(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["track.mp3"]


def refusing_folders(monkeypatch: pytest.MonkeyPatch, call: str, number: int) -> None:
    """`os.open` or `os.fsync` fails for folders alone, as on some file systems and on Windows."""
    really = getattr(os, call)

    def refuse(of: str | Path | int, *more: int) -> int:
        if stat.S_ISDIR(os.fstat(of).st_mode) if isinstance(of, int) else Path(of).is_dir():
            raise OSError(number, os.strerror(number))
        return really(of, *more)

    monkeypatch.setattr(os, call, refuse)


@pytest.mark.parametrize(
    ("call", "number"),
    [("fsync", errno.EINVAL), ("fsync", errno.EIO), ("open", errno.EACCES), ("open", errno.EISDIR)],
    ids=["not offered", "broken", "Windows", "no such thing"],
)
async def test_a_folder_that_cannot_be_synced_costs_one_warning_and_no_file(
    session: aiohttp.ClientSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    call: str,
    number: int,
) -> None:
    (tmp_path / "other").mkdir()
    refusing_folders(monkeypatch, call, number)
    async with serving(answering(body=b"x" * 5000)) as url:
        for into in (tmp_path / "a", tmp_path / "b", tmp_path / "other" / "a"):
            assert await download(session, url, into, max_bytes=MOST) == 5000
            assert into.read_bytes() == b"x" * 5000
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [message.split(" cannot be synced")[0] for message in said] == [str(tmp_path), str(tmp_path / "other")]


@pytest.mark.parametrize(
    ("number", "fault"),
    [(errno.EINVAL, None), (errno.ENOTSUP, None), (errno.EIO, DownloadFault.DISK), (errno.ENOSPC, DownloadFault.DISK)],
)
async def test_a_file_that_cannot_be_synced_is_a_fault_unless_the_file_system_has_no_such_call(
    session: aiohttp.ClientSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    fault: DownloadFault | None,
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    async with serving(answering(body=b"x" * 5000)) as url:
        if fault is None:
            assert await download(session, url, tmp_path / "a", max_bytes=MOST) == 5000
        else:
            assert (await fault_of(session, url, tmp_path / "a")).fault is fault
