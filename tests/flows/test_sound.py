"""Sound through the whole bot: what the music API gets to hear, what the channel gets to play, and what is said."""

import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import av
import pytest

from sandbox.bot_process import ROOT
from sandbox.discord import Message
from sandbox.generation import Settings
from sandbox.generation.ledger import Generation
from sandbox.stage import open_stage
from sandbox.transcript import rendered
from tests.bot.audio.sound_files import encoded, frames_part, mp3, music, wav
from tests.flows.conftest import QUICK
from tests.flows.scenario import LYRICS, PATIENCE_SECONDS, Scenario
from tests.tampering import tamper
from tests.warm_bots import WarmBotProcess

MINUTES_TEN = 600


@dataclass
class ChosenTracks:
    """A composer whose tracks are the test's own bytes, picked by a word in the lyrics; else a copy of the song."""

    tracks: dict[str, bytes] = field(default_factory=dict)

    async def compose(self, reference: Path, lyrics: str, into: Path) -> None:
        data = next((track for word, track in self.tracks.items() if word in lyrics), None)
        part = into.with_suffix(".part")
        await asyncio.to_thread(part.write_bytes, data or reference.read_bytes())
        part.replace(into)


@asynccontextmanager
async def stage_of(folder: Path, tracks: dict[str, bytes] | None = None, **bot: str) -> AsyncIterator[Scenario]:
    settings = Settings(allow_loopback=True, generating_seconds=0.3)
    composer = ChosenTracks(tracks or {})
    async with open_stage(
        folder, composer=composer, generation=settings, bot_settings={**QUICK, **bot}, make_bot=WarmBotProcess
    ) as stage:
        yield Scenario(stage, folder, b"")


def generation_of(scenario: Scenario, word: str) -> Generation:
    (found,) = (one for one in scenario.api.ledger.generations.values() if word in one.prompt)
    return found


def reference_url(scenario: Scenario, word: str) -> str:
    (body,) = (one.body for one in scenario.api.ledger.submissions if word in one.body["prompt"])
    return body["reference_audio_url"]


def sound_of(message: Message) -> tuple[str, bytes]:
    (file,) = (file for file in message.attachments if file.filename.endswith(".mp3"))
    return file.filename, file.data


def seconds_of(data: bytes) -> float:
    with av.open(io.BytesIO(data)) as sound:
        return sum(frame.samples / frame.sample_rate for frame in sound.decode(audio=0))


@pytest.mark.heavy
async def test_a_plain_song_goes_by_its_own_url_and_any_other_is_converted_and_told(tmp_path: Path) -> None:
    song, wave = mp3(17), wav(music(16))
    opus = encoded(music(20, 48_000), "ogg", "libopus", 48_000, kbps=96)
    async with stage_of(tmp_path) as scenario:
        ordered = {
            "plain": ("song.mp3", song),
            "wave": ("song.wav", wave),
            "ogg": ("take.mp3", opus),
        }
        people = scenario.discord.members
        people[1].locale = "de"
        for word, (name, data) in {**ordered, "deutsch": ("lied.ogg", opus)}.items():
            await scenario.discord.slash(
                "compose",
                {"lyrics": f"{LYRICS} {word}", "title": word},
                files={"reference": (name, data)},
                member=people[1] if word == "deutsch" else people[0],
            )
        for word in (*ordered, "deutsch"):
            await scenario.track(word)

        for word in ("plain", "wave"):
            name, data = ordered[word]
            assert reference_url(scenario, word).partition("?")[0].endswith(name)
            assert "attachments/" in reference_url(scenario, word)
            assert generation_of(scenario, word).reference.read_bytes() == data

        card = await scenario.card_says("This is an Ogg file; the music service takes MP3 and WAV", "ogg")
        ((attached),) = card.attachments
        assert attached.filename == "take.mp3"
        assert str(attached.id) in reference_url(scenario, "ogg")
        assert generation_of(scenario, "ogg").reference.read_bytes() == attached.data
        assert seconds_of(attached.data) == pytest.approx(20, abs=0.2)
        (original,) = (
            file
            for file in scenario.discord.world.attachments.values()
            if file.filename == "take.mp3" and file.id != attached.id
        )
        assert original.data == opus

        await scenario.card_says("Das ist eine Ogg-Datei", "deutsch")


@pytest.mark.waits
async def test_a_song_of_more_than_ten_minutes_is_cut_and_told(tmp_path: Path) -> None:
    frames = frames_part(mp3(20, 64, 22_050, 1, xing=False), 20)
    async with stage_of(tmp_path) as scenario:
        await scenario.order(file=frames * 31, title="Long")
        await scenario.card_says("so its best stretch is cut out", "Long")
        await scenario.track("Long")
        (generation,) = scenario.api.ledger.generations.values()
        assert MINUTES_TEN - 2 < seconds_of(generation.reference.read_bytes()) <= MINUTES_TEN


@pytest.mark.heavy
async def test_a_track_arrives_packaged_and_as_large_as_the_channel_takes(tmp_path: Path) -> None:
    rich, wave = mp3(20, 320), wav(music(20))
    tracks = {"rich": rich, "studio": wave, "narrow": rich, "tiny": rich}
    async with stage_of(tmp_path, tracks) as scenario:

        async def ordered(word: str) -> Message:
            await scenario.order(f"{LYRICS} {word}", title=f"Night / {word}?", file=mp3(17, 64))
            return await scenario.discord.until(lambda: posted(scenario, word), PATIENCE_SECONDS)

        message = await ordered("rich")
        name, data = sound_of(message)
        assert name == "Night_rich.mp3"
        assert data.endswith(rich[-100_000:])
        with av.open(io.BytesIO(data)) as sound:
            tags = dict(sound.metadata)
        assert tags["title"] == "Night / rich?"
        assert tags["artist"] in {person.display_name for person in scenario.discord.members}
        assert LYRICS.splitlines()[0] in " ".join(tags.values())
        assert any("made with Compose" in value for value in tags.values())
        (picture,) = message.embedded
        assert picture.data.startswith(b"\x89PNG")
        assert message.embeds[0]["image"]["url"]

        message = await ordered("studio")
        name, data = sound_of(message)
        assert name == "Night_studio.mp3"
        assert not data.startswith(b"RIFF")
        assert seconds_of(data) == pytest.approx(20, abs=0.2)
        assert await linked(scenario, message) == wave

        scenario.discord.set_upload_limit(500_000)
        message = await ordered("narrow")
        _, data = sound_of(message)
        assert 300_000 < len(data) <= 500_000
        assert "smaller copy" in message.content
        assert await linked(scenario, message) == rich

        scenario.discord.set_upload_limit(150_000)
        message = await ordered("tiny")
        assert not message.attachments
        assert "does not take the file" in message.content
        assert await linked(scenario, message) == rich


def posted(scenario: Scenario, word: str) -> Message | None:
    """The message with this track, as file or link."""
    said = ((message, rendered(scenario.discord, message)) for message in scenario.discord.messages)
    return next((message for message, seen in said if word in seen and "Open the track" in seen), None)


async def linked(scenario: Scenario, message: Message) -> bytes:
    """What lies behind the link button."""
    (url,) = (button["url"] for row in message.components for button in row.get("components", []) if button.get("url"))
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.read()


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform != "linux", reason="children are found by /proc")
async def test_a_track_whose_every_packaging_dies_is_handed_over_as_its_link(tmp_path: Path) -> None:
    track = mp3(20, 320)
    # so that none is done before it is seen
    slow = with_tampered_children(
        tmp_path,
        "opening(lambda real, file, *a, **n: (time.sleep(60 if '/tracks/' in file else 0), real(file, *a, **n))[1])",
    )
    async with stage_of(tmp_path, {"doomed": track}, **slow) as scenario:
        await scenario.order(f"{LYRICS} doomed", title="doomed", file=mp3(17))
        await scenario.discord.until(lambda: scenario.api.ledger.generations, PATIENCE_SECONDS)
        message = await killing_children(scenario, lambda: posted(scenario, "doomed"))
        assert not message.attachments
        assert await linked(scenario, message) == track
        await scenario.rows()


async def killing_children(scenario: Scenario, done) -> Message:
    """End every sound process of this bot as soon as it is seen, until `done` has an answer."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (answer := done()) is None:
            for child in children_of(scenario.stage.bot.pid):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            await asyncio.sleep(0.01)
    return answer


def children_of(pid: int) -> list[int]:
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, children.read_text().split())
    return found


def with_tampered_children(folder: Path, code: str) -> dict[str, str]:
    """Settings of a bot whose sound processes run `code` before their own; see `tests.tampering`."""
    tamper(folder / "tampered", code)
    return {"PYTHONPATH": os.pathsep.join([str(folder / "tampered"), str(ROOT)])}


async def asked(scenario: Scenario, path: str) -> str:
    port = scenario.stage.bot.log.split("health at http://127.0.0.1:")[1].split("/")[0]
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session, session.get(path) as answer:
        return await answer.text()


@pytest.mark.waits
async def test_a_track_is_made_ready_once_although_the_bot_dies_and_sends_it_three_times_in_vain(
    tmp_path: Path,
) -> None:
    counted = with_tampered_children(
        tmp_path,
        f"seen = open({str(tmp_path / 'decoded')!r}, 'a', buffering=1)\n"
        "opening(lambda real, file, *a, **n: (seen.write(file + '\\n') if '/tracks/' in file else 0, "
        "real(file, *a, **n))[1])",
    )
    async with stage_of(tmp_path, {"once": mp3(20, 320)}, CRASH_AT="before_delivering", **counted) as scenario:
        await scenario.order(f"{LYRICS} once", title="once", file=mp3(17))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while scenario.stage.bot.is_running:  # noqa: ASYNC110 - another process ends
                await asyncio.sleep(0.05)
        (kept,) = tmp_path.glob("**/tracks/*.package.mp3")
        made_ready = kept.read_bytes()
        fault = scenario.discord.fail("POST", r"/channels/\d+/messages$", status=503, times=3)
        await scenario.restart(CRASH_AT="")
        message = await scenario.track("once")
        assert fault.hits == 3
        assert sound_of(message)[1] == made_ready
        assert [file.filename for file in message.embedded] == ["waveform.png"]
        assert len((tmp_path / "decoded").read_text().splitlines()) == 1
        await scenario.rows()
        assert not list(tmp_path.glob("**/tracks/*.package.*"))


@pytest.mark.waits
async def test_a_fault_of_ours_is_not_blamed_on_the_song_which_is_kept_with_its_words(tmp_path: Path) -> None:
    broken = with_tampered_children(
        tmp_path, "opening(lambda real, file, mode=None, format=None, options=None: real(file))"
    )
    async with stage_of(tmp_path, HEALTH_PORT="0", **broken) as scenario:
        await scenario.order(file=mp3(17))
        card = await scenario.card_says("Your file is not to blame")
        assert "Nothing was charged." in rendered(scenario.discord, card)
        assert not scenario.api.ledger.submissions
        assert "unexpected keyword argument 'metadata_errors'" in scenario.stage.bot.log
        assert 'compose_sound_faults_total{problem="internal"} 3.0' in await asked(scenario, "/metrics")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while '"sound": "failing"' not in (health := await asked(scenario, "/healthz")):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert "The built-in sample cannot be decoded (internal)" in health
        (tmp_path / "tampered/sitecustomize.py").unlink()
        await scenario.discord.click(card, scenario.button(card, "again"))
        await scenario.track()


@pytest.mark.heavy
async def test_a_fault_of_ours_costs_a_paid_track_no_more_than_that_it_goes_as_its_link(tmp_path: Path) -> None:
    broken = with_tampered_children(
        tmp_path, "opening(lambda real, file, *a, **n: real(file, *a, **n) if '/tracks/' not in file else real.nowhere)"
    )
    track = mp3(20, 320)
    async with stage_of(tmp_path, {"doomed": track}, **broken) as scenario:
        await scenario.order(f"{LYRICS} doomed", title="doomed", file=mp3(17))
        message = await scenario.discord.until(lambda: posted(scenario, "doomed"), PATIENCE_SECONDS)
        assert not message.attachments
        assert await linked(scenario, message) == track
        await scenario.rest()
        assert len(scenario.tracks("doomed")) == 0
        assert "a sound process failed, a fault of ours" in scenario.stage.bot.log


#: Whatever its order says, so that the test need not spend what a file can burn.
ONE_SECOND = (
    "import resource\n"
    "def opened(real, file, *a, **n):\n"
    "    if '/tracks/' in file: resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\n"
    "    return real(file, *a, **n)\n"
    "opening(opened)"
)


def burning() -> bytes:
    """28 minutes of sound: two and a half seconds of CPU time."""
    return frames_part(mp3(20, 64, 44_100, 2, xing=False), 20) * 85


@pytest.mark.waits
@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
async def test_a_track_that_burns_all_its_time_is_linked_not_posted_and_can_be_had_once_it_is_heard(
    tmp_path: Path,
) -> None:
    track = burning()
    async with stage_of(tmp_path, {"burns": track}, **with_tampered_children(tmp_path, ONE_SECOND)) as scenario:
        scenario.discord.set_upload_limit(2 * len(track))
        await scenario.order(f"{LYRICS} burns", title="burns", file=mp3(17))
        message = await scenario.discord.until(lambda: posted(scenario, "burns"), PATIENCE_SECONDS)
        assert not message.attachments
        assert "I could not check this file" in message.content
        assert await linked(scenario, message) == track
        await scenario.rest()
        assert scenario.stage.bot.log.count("a sound process was stopped at a limit: over_cpu") == 2
        assert scenario.stage.bot.log.count("a track is tried with larger limits") == 1

        (tmp_path / "tampered/sitecustomize.py").unlink()
        listed = await scenario.discord.slash("tracks", {"song": "burns"})
        song = await scenario.discord.until(lambda: not listed.thinking and listed.original, PATIENCE_SECONDS)
        pressed = await scenario.discord.click(song, "Give me the file")
        given = await scenario.discord.until(
            lambda: next((one for one in pressed.messages if one.attachments), None), PATIENCE_SECONDS
        )
        assert given.attachments[0].data == track


@pytest.mark.waits
@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
async def test_a_track_that_burns_all_its_time_and_has_no_link_is_kept_until_it_can_be_heard(tmp_path: Path) -> None:
    track = burning()
    async with stage_of(tmp_path, {"burns": track}, **with_tampered_children(tmp_path, ONE_SECOND)) as scenario:
        scenario.discord.rules.disliked_hosts = ("127.0.0.1",)
        scenario.discord.set_upload_limit(2 * len(track))
        await scenario.order(f"{LYRICS} burns", title="burns", file=mp3(17))
        card = await scenario.card_says("I could not check its file", "burns")
        assert not scenario.tracks("burns")
        await scenario.rows()
        (tmp_path / "tampered/sitecustomize.py").unlink()
        await scenario.restart()
        await scenario.discord.click(card, "Deliver again")
        _, data = sound_of(await scenario.track("burns"))
        assert seconds_of(data) == pytest.approx(1700, abs=5)
        await scenario.rest()
        assert len(scenario.tracks("burns")) == 1
