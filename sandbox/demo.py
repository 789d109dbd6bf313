"""`make demo`: one member, one song, four lines, and the track that comes of it; the whole way, with no account."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import av
import av.error

from sandbox.contracts import MODELS, USUAL
from sandbox.discord import Attachment, ClientRefusedError, Interaction
from sandbox.discord.cdn import signed_url
from sandbox.generation import Settings
from sandbox.generation.sketching import SketchComposer
from sandbox.input_files import InputFileError, folder_to_write, lyrics_text, song_file
from sandbox.sample import write_sample
from sandbox.stage import Stage, open_stage
from sandbox.transcript import custom_ids, rendered

LYRICS = """\
We left the harbour lights behind
With nothing but a song to find
And every wave that carried on
Was singing us into the dawn"""
#: A job that takes longer than this has gone wrong: the offline generator needs under ten seconds.
_TRACK_SECONDS = 240.0
_LOOK_SECONDS = 0.2
#: What a card offers once no track will come by itself.
_ANEW = (["again"], ["edit"], ["risk"], ["look"])


class DemoError(Exception):
    """What went wrong, in one sentence."""


def main(arguments: Sequence[str]) -> int:
    """Play it; 0 only if a track arrived whole."""
    options = _options(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="compose-demo-") as folder:
            return asyncio.run(_play(options, Path(folder)))
    except (DemoError, InputFileError, RuntimeError, ValueError) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox demo", description="Hear a track, with no account.")
    parser.add_argument("--song", default="", help="your reference song; default: one that is made on the spot")
    parser.add_argument("--lyrics", default="", help="a text file; default: four lines")
    parser.add_argument("--out", default="demo-out", help="where the track is written")
    parser.add_argument("--model", default="", help=f"who makes it: {', '.join(MODELS)}; default: {USUAL}")
    return parser.parse_args(arguments)


async def _play(options: argparse.Namespace, folder: Path) -> int:
    lyrics = lyrics_text(options.lyrics) if options.lyrics else LYRICS
    own_song = song_file(options.song) if options.song else None
    out = folder_to_write(options.out)
    song = own_song or _made_song(folder)
    _say("Starting a Discord and a music API on this machine, and the bot as its own process ...")
    settings = Settings(allow_loopback=True, queued_seconds=1.0, generating_seconds=2.0)
    started = time.monotonic()
    async with open_stage(
        folder / "bot",
        composer=SketchComposer(),
        generation=settings,
        bot_settings={"POLL_INTERVAL_SECONDS": "1"},
        model=options.model,
    ) as stage:
        _say(f"The bot is connected after {time.monotonic() - started:.1f} s. #general:\n")
        track = await ordered(stage, song, lyrics)
        data = await fetched(stage, track)
    seconds = heard_seconds(data)
    path = out / track.filename
    try:
        path.write_bytes(data)
    except OSError as error:
        raise DemoError(f"the track was made, but {path} could not be written: {error.strerror}") from error
    _say(f"\nThe track: {path} ({len(data):,} bytes, {seconds:.1f} seconds of sound)")
    return 0


def _made_song(folder: Path) -> Path:
    _say("Making a reference song of 24 seconds ...")
    path = folder / "harbour.mp3"
    write_sample(path)
    return path


async def ordered(stage: Stage, song: Path, lyrics: str) -> Attachment:
    """A member types the command; prints what the channel shows. Raises DemoError when no track comes of it."""
    member = stage.discord.member()
    print(f"{member.display_name} types /compose")
    print(f"  reference: {song.name} ({song.stat().st_size:,} bytes)")
    print("  lyrics: " + lyrics.strip().replace("\n", " / ")[:200], flush=True)
    options: dict[str, str] = {"lyrics": lyrics}
    try:
        asked = await stage.discord.slash("compose", options, member=member, files={"reference": song})
    except ClientRefusedError as error:
        raise DemoError(f"Discord would not send this command: {error}") from error
    return await _watched(stage, asked)


async def _watched(stage: Stage, asked: Interaction) -> Attachment:
    """Print each message whenever it looks different, until a reply with a sound file is there."""
    shown: dict[int, str] = {}
    deadline = time.monotonic() + _TRACK_SECONDS
    while time.monotonic() < deadline:
        for message in stage.discord.seen(member=stage.discord.member()):
            words = rendered(stage.discord, message)
            if shown.get(message.id) != words:
                shown[message.id] = words
                print(f"\n{words}", flush=True)
        track = _delivered(stage)
        if track is not None:
            await asyncio.sleep(1.0)  # the card's last word comes right behind the track
            return track
        if not stage.bot.is_running:
            raise DemoError(f"the bot ended:\n{stage.bot.log[-2000:]}")
        if _is_refused(stage, asked):
            raise DemoError("the bot did not take it; its answer stands above")
        await asyncio.sleep(_LOOK_SECONDS)
    raise DemoError(f"no track within {_TRACK_SECONDS:.0f} seconds")


def _delivered(stage: Stage) -> Attachment | None:
    for message in stage.discord.seen(member=stage.discord.member()):
        if message.author.bot and message.reply_to_id is not None:
            for file in message.attachments:
                if file.filename.endswith(".mp3"):
                    return file
    return None


def _is_refused(stage: Stage, asked: Interaction) -> bool:
    """A private answer, or a card that offers to order anew: while a song is made it offers to cancel at most."""
    answers = [message for message in stage.discord.messages if message.interaction is asked]
    offers = [custom_id for message in answers for custom_id in custom_ids(message.components)]
    return any(message.ephemeral for message in answers) or any(
        custom_id.split(":")[2:3] in _ANEW for custom_id in offers
    )


async def fetched(stage: Stage, track: Attachment) -> bytes:
    """The file by its public address, as a member's client would load it. Raises DemoError when it is not whole."""
    url = signed_url(stage.discord.world, track)
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        data = await answer.read()
    if answer.status != 200 or data != track.data:
        raise DemoError("the track's file did not arrive whole")
    return data


def heard_seconds(data: bytes) -> float:
    """The decoded length. Raises DemoError when it does not play."""
    with tempfile.NamedTemporaryFile(suffix=".mp3") as file:
        file.write(data)
        file.flush()
        try:
            with av.open(file.name) as container:
                seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
        except (av.error.FFmpegError, IndexError) as error:
            raise DemoError("the track does not play") from error
    if seconds <= 1:
        raise DemoError("the track is empty")
    return seconds


def _say(words: str) -> None:
    print(words, flush=True)
