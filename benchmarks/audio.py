"""What sound costs: one and four minutes of it, and fifty uploads at once, next to what a header-only check would cost.

`python -m benchmarks.audio` prints both side by side. The baseline is the cheap way: PyAV in the bot's own process, the
length as the header states it, nothing decoded, nothing limited.
"""

import asyncio
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import av

from bot.audio import AudioPool, Needs, Purpose, Tags
from sandbox.sample import write_sample

MINUTES = (1, 4)
BURST = 50
#: Discord's default limit and a small one, so that four minutes must be encoded again.
LIMITS = (("fits", 10 * 1024 * 1024), ("too large", 3 * 1024 * 1024))
TAGS = Tags(title="Night", artist="Zoë", lyrics="la la la\n" * 40, comment="benchmark")
MEBI = 1024 * 1024
#: Seconds of the sample song at 192 kbit/s that are 2 MB, the size of a usual track; and what works on so many of them.
TRACK_SECONDS, TRACKS, CORES = 87, 20, 2
TrackWork = Callable[[AudioPool, Path], Awaitable[None]]


@dataclass(slots=True)
class Cost:
    """Of one piece of work: seconds, CPU (ours and the children's), the longest pause of the loop, disk and memory."""

    wall: float = 0.0
    cpu: float = 0.0
    lag_ms: float = 0.0
    disk_bytes: int = 0
    grown_bytes: int = 0


def header_seconds(path: Path) -> float:
    """The baseline's answer."""
    with av.open(str(path)) as container:
        return (container.duration or 0) / 1_000_000


def cpu_seconds() -> float:
    """Of this process and all children that ended."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


async def costing(work: Callable[[], Awaitable[object]], watched: Path | None = None) -> Cost:
    """Does `work` while a ticker looks how late it wakes up and how much stands in `watched`."""
    cost, done, before = Cost(), asyncio.Event(), resident_bytes()

    async def tick() -> None:
        while not done.is_set():
            start = time.perf_counter()
            await asyncio.sleep(0.005)
            cost.lag_ms = max(cost.lag_ms, (time.perf_counter() - start - 0.005) * 1000)
            cost.grown_bytes = max(cost.grown_bytes, resident_bytes() - before)
            if watched is not None:
                cost.disk_bytes = max(cost.disk_bytes, stored(watched))

    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0.05)
    wall, cpu = time.perf_counter(), cpu_seconds()
    await work()
    cost.wall, cost.cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    done.set()
    await ticker
    return cost


def resident_bytes() -> int:
    """Of this process, now; 0 where there is no /proc."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * resource.getpagesize() if status.exists() else 0


def stored(folder: Path) -> int:
    """Bytes of all files below `folder`; those that vanish meanwhile count nothing."""
    total = 0
    for inside, _, names in os.walk(folder):  # which passes over a folder that is gone, as Path.rglob does not
        for name in names:
            try:
                total += (Path(inside) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def make_songs(folder: Path) -> dict[str, Path]:
    """The sample song, repeated to the length that is wanted, as MP3, WAV and M4A."""
    write_sample(folder / "sample.wav")
    songs: dict[str, Path] = {}
    for minutes in MINUTES:
        for name, form, codec in (("mp3", "mp3", "libmp3lame"), ("wav", "wav", "pcm_s16le"), ("m4a", "ipod", "aac")):
            path = songs[f"{minutes} min {name}"] = folder / f"{minutes}.{name}"
            repeat(folder / "sample.wav", path, form, codec, minutes * 60)
    return songs


def repeat(source: Path, out: Path, form: str, codec: str, seconds: float) -> None:
    """Encodes `source` over and over until `seconds` are full."""
    with av.open(str(out), "w", format=form) as sink:
        stream = sink.add_stream(codec, rate=44100, layout="stereo")
        if codec != "pcm_s16le":
            stream.bit_rate = 192_000
        shape = {"libmp3lame": "s16p", "aac": "fltp"}.get(codec, "s16")
        resampler = av.AudioResampler(format=shape, layout="stereo", rate=44100, frame_size=1024)
        samples = 0
        while samples < seconds * 44100:
            with av.open(str(source)) as song:
                for frame in song.decode(audio=0):
                    frame.pts = None
                    for block in resampler.resample(frame):
                        block.pts = samples
                        samples += block.samples
                        sink.mux(stream.encode(block))
                    if samples >= seconds * 44100:
                        break
        sink.mux(stream.encode(None))


async def singles(folder: Path, songs: dict[str, Path]) -> None:
    """One file at a time."""
    print(f"\n{'work':44}{'wall s':>8}{'CPU s':>8}   baseline: header only, in process (wall s)")
    async with AudioPool(processes=1) as pool:
        for name, path in songs.items():
            start = time.perf_counter()
            header_seconds(path)
            baseline = time.perf_counter() - start
            show(f"inspect {name}", await costing(lambda path=path: pool.inspect(path)), f"{baseline:.3f}")
            cost = await costing(
                lambda path=path: pool.to_reference(path, folder / "out.mp3", needs=Needs(max_seconds=45))
            )
            show(f"reference of {name}, cut to 45 s", cost)
        for name, path in songs.items():
            for label, limit in LIMITS:
                work = folder / "packaged"
                work.mkdir(exist_ok=True)
                cost = await costing(
                    lambda path=path, limit=limit, work=work: pool.package(
                        path, work, title="Night", tags=TAGS, limit_bytes=limit
                    )
                )
                show(f"package {name}, {label} {limit // MEBI} MiB", cost)
        print(f"most memory of a child: {pool.peak_bytes / MEBI:.0f} MiB")


def show(name: str, cost: Cost, baseline: str = "-") -> None:
    """One line."""
    print(f"{name:44}{cost.wall:8.2f}{cost.cpu:8.2f}   {baseline}", flush=True)


async def burst(folder: Path, songs: dict[str, Path]) -> None:
    """Fifty uploads of four minutes at once, each with its own copy on disk, as after a download."""
    rooms = folder / "rooms"
    rooms.mkdir()
    path = songs["4 min mp3"]
    size = path.stat().st_size

    async def ours() -> None:
        async with AudioPool(disk_bytes=64 * MEBI, work_dir=rooms) as pool:

            async def one() -> None:
                async with pool.room(size) as room:
                    copy = room / "song"
                    await asyncio.to_thread(shutil.copyfile, path, copy)
                    seen = await pool.inspect(copy)
                    assert seen.accepted

            await asyncio.gather(*(one() for _ in range(BURST)))
            notes.append(f"{pool.processes} process(es), a child's memory {pool.peak_bytes / MEBI:.0f} MiB")

    async def naive() -> None:
        async def one(number: int) -> None:
            copy = rooms / f"{number}"
            await asyncio.to_thread(shutil.copyfile, path, copy)
            header_seconds(copy)

        await asyncio.gather(*(one(number) for number in range(BURST)))

    async def naive_decode() -> None:
        async def one(number: int) -> None:
            with av.open(str(rooms / f"{number}")) as container:
                assert sum(frame.samples for frame in container.decode(audio=0))

        await asyncio.gather(*(one(number) for number in range(BURST)))

    notes: list[str] = []
    print(f"\n{BURST} uploads of {size / MEBI:.1f} MiB at once")
    print(f"{'':44}{'wall s':>8}{'CPU s':>8}{'loop lag ms':>14}{'disk MiB':>10}{'RSS + MiB':>11}")
    for name, work in (
        ("AudioPool: room, full decode in children", ours),
        ("baseline: header only, in process", naive),
        ("baseline: full decode on the event loop", naive_decode),
    ):
        cost = await costing(work, rooms)
        grown = cost.grown_bytes / MEBI
        disk = f"{cost.disk_bytes / MEBI:10.1f}"
        print(f"{name:44}{cost.wall:8.2f}{cost.cpu:8.2f}{cost.lag_ms:14.1f}{disk}{grown:11.1f}", flush=True)
    print(*notes)


async def tracks(path: Path) -> None:
    """Finished tracks from fetched to ready, and the former way: a child measured, another did it all again."""
    work = path.with_name("tracks")
    work.mkdir()
    tags, limit = TAGS, LIMITS[0][1]

    async def in_one_child(pool: AudioPool, folder: Path) -> None:
        made = await pool.package(path, folder, title="Night", tags=tags, limit_bytes=limit)
        assert made.problem is None

    async def in_two_children(pool: AudioPool, folder: Path) -> None:
        await pool.inspect(path, purpose=Purpose.TRACK)
        await in_one_child(pool, folder)

    print(f"\n{TRACKS} finished tracks of {path.stat().st_size / MEBI:.1f} MiB at once, on {CORES} cores at most")
    print(f"{'':44}{'CPU ms each':>12}{'a second, by CPU':>20}{'a second, now':>16}")
    for name, made in (("one child for each", in_one_child), ("one to measure, one to package", in_two_children)):
        async with AudioPool(processes=CORES) as pool:
            folders = [work / f"{name} {number}" for number in range(TRACKS)]
            for folder in folders:
                folder.mkdir()

            async def all_of_them(
                made: TrackWork = made, pool: AudioPool = pool, folders: list[Path] = folders
            ) -> None:
                await asyncio.gather(*(made(pool, folder) for folder in folders))

            cost = await costing(all_of_them)
        each = cost.cpu / TRACKS
        print(f"{name:44}{each * 1000:12.0f}{CORES / each:20.1f}{TRACKS / cost.wall:16.1f}", flush=True)


async def start_up(path: Path) -> None:
    """What a fresh process for each file costs: the smallest answer there is."""
    empty = path.with_name("empty")
    empty.touch()
    async with AudioPool(processes=1) as pool:
        took: list[float] = []
        for _ in range(10):
            start = time.perf_counter()
            await pool.inspect(empty)
            took.append((time.perf_counter() - start) * 1000)
    print(f"a fresh child with an empty file: {min(took):.0f} ms at best, {sorted(took)[5]:.0f} ms in the middle")


async def main() -> None:
    """Everything in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        songs = make_songs(folder)
        await start_up(songs["1 min mp3"])
        track = folder / "track.mp3"
        repeat(folder / "sample.wav", track, "mp3", "libmp3lame", TRACK_SECONDS)
        await tracks(track)
        await burst(folder, songs)
        await singles(folder, songs)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
