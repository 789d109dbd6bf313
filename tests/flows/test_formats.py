"""Films and phone formats by every way in: each is converted, told as what it is, and becomes a track."""

import asyncio
from pathlib import Path

import pytest
from av.stream import Disposition

from sandbox.discord import Upload
from tests.bot.audio.sound_files import (
    cover,
    encoded,
    film_with_tracks,
    id3,
    mp3,
    music,
    silence,
    wav_without_padding,
    with_a_codec_nobody_has,
)
from tests.flows.scenario import LYRICS, PATIENCE_SECONDS, Scenario
from tests.flows.test_sound import reference_url, seconds_of, stage_of

#: Name -> the file, and what its member is told it is. Twenty seconds of music in each.
FORMATS = {
    "film.mp4": (lambda: encoded(music(20), "mp4", "aac", kbps=128, film="mpeg4"), "MP4"),
    "second.mkv": (
        lambda: film_with_tracks("matroska", (silence(20), Disposition(0)), (music(20), Disposition.default)),
        "Matroska",
    ),
    "clip.mov": (lambda: encoded(music(20), "mov", "pcm_s16le", film="mpeg4"), "MP4"),
    "clip.webm": (lambda: encoded(music(20, 48_000), "webm", "libopus", 48_000, kbps=96), "WebM"),
    "take.mka": (lambda: encoded(music(20, 48_000), "matroska", "libopus", 48_000, kbps=96), "Matroska"),
    "memo.caf": (lambda: encoded(music(20), "caf", "alac"), "CAF"),
    "tape.aif": (lambda: encoded(music(20), "aiff", "pcm_s16be"), "AIFF"),
    "voice.amr": (lambda: encoded(music(20, 8000, 1), "amr", "libopencore_amrnb", 8000), "AMR"),
    "old.wma": (lambda: encoded(music(20), "asf", "wmav2", kbps=128), "Windows Media"),
    "far.mp3": (lambda: id3(cover(9000)) + bytes(300_000) + mp3(20), "header"),
    "tagged.aif": (lambda: id3(cover(9000)) + encoded(music(20), "aiff", "pcm_s16be"), "AIFF"),
    "phone.mov": (
        lambda: with_a_codec_nobody_has(
            film_with_tracks("mov", (silence(20), Disposition.default), (music(20), Disposition.default))
        ),
        "MP4",
    ),
    "editor.wav": (lambda: wav_without_padding(music(20)), "header"),
}


async def by_command(scenario: Scenario, name: str, data: bytes) -> None:
    await scenario.order(f"{LYRICS} {name}", title=name, file=data, name=name)


async def by_form(scenario: Scenario, name: str, data: bytes) -> None:
    opened = await scenario.discord.slash("compose", {"title": name}, files={"reference": ("other.mp3", b"ID3" * 9)})
    form = await scenario.discord.until(lambda: opened.modal, PATIENCE_SECONDS)
    await scenario.discord.submit(form, {"title": name, "lyrics": f"{LYRICS} {name}"}, {"song": (name, data)})


async def from_message(scenario: Scenario, name: str, data: bytes) -> None:
    """Discord does not always send a content type; here it says that it knows none."""
    nothing = Upload(filename=name, data=data, content_type="application/octet-stream")
    message = await scenario.discord.post("listen to this", files=[nothing])
    opened = await scenario.discord.message_command("Compose from this", message)
    form = await scenario.discord.until(lambda: opened.modal, PATIENCE_SECONDS)
    await scenario.discord.submit(form, {"title": name, "lyrics": f"{LYRICS} {name}"})


async def comes_in(tmp_path: Path, names: list[str], way) -> None:
    async with stage_of(tmp_path) as scenario:
        for name in names:
            await way(scenario, name, await asyncio.to_thread(FORMATS[name][0]))
        for name in names:
            await scenario.track(name)
            card = await scenario.card_says(FORMATS[name][1], name)
            ((attached),) = card.attachments
            assert str(attached.id) in reference_url(scenario, name), "what was heard is what is handed on"
            assert seconds_of(attached.data) == pytest.approx(20, abs=0.3)


@pytest.mark.heavy
async def test_the_sound_of_a_film_is_the_track_that_players_play(tmp_path: Path) -> None:
    await comes_in(tmp_path, ["second.mkv"], by_command)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", [by_command, by_form, from_message])
async def test_every_format_comes_in_by_every_way(tmp_path: Path, way) -> None:
    await comes_in(tmp_path, list(FORMATS), way)
