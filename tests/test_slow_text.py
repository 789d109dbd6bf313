"""Text made to be slow: whatever a member types or a provider answers, what is done with it grows as it does.

What a new function does with text from outside goes into FUNCTIONS. Patterns alone are judged in test_slow_patterns.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import pytest
import yarl

from bot.audio.file_names import file_name
from bot.audio.model import Tags
from bot.audio.tags import id3
from bot.download import DownloadError, _checked
from bot.errors import OrderError
from bot.foreign_text import cleaned, isolated
from bot.generation.acestep.vocal_language import language_of
from bot.generation.acestep.wire import seen_in
from bot.generation.aiml.wire import accepted_id, progress_in
from bot.generation.error_bodies import error_body_in
from bot.generation.error_mapping import poll_error, submit_error
from bot.generation.fal.wire import accepted_request_id, cancellation_in, history_page_in, status_in
from bot.generation.redaction import sanitised
from bot.generation.transport import Answer
from bot.jobs.blocklist import Blocklist
from bot.jobs.lyrics import made_title, shorten, to_sung, to_tagged
from bot.jobs.model import Origin, Place
from bot.letters import normalised
from bot.logs import masked
from bot.store.columns import SafeText
from bot.texts.remarks import spelled
from bot.ui.cards import preview
from bot.ui.controls import FallbackHandler
from bot.ui.formatting import clip, fenced, foreign, plain, refusal, unfenced
from bot.ui.links import offered, offered_in_words
from bot.ui.orders import OrderInput, Requester, Song, expiry_of, to_order
from bot.ui.replies import with_lyrics_note
from bot.ui.requirements import OrderRequirements
from sandbox.discord import FakeDiscord, RefusedError
from sandbox.discord.limits import RequestBudget
from sandbox.discord.mentions import EVERYTHING, Writing, compute_mentions
from sandbox.discord.message_rules import check
from sandbox.discord.records import masked as masked_record
from sandbox.discord.world import safe_filename
from sandbox.generation.contract import complaints_about
from sandbox.sketch.lyrics import read_lyrics
from sandbox.sketch.voice.espeak import _MARKS
from sandbox.sketch.voice.formant import _sounds, _words
from sandbox.sketch.voice.language import guess_language
from sandbox.transcript import _named
from tests.cpu_time import MAX_GROWTH, growth

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LISTED = Blocklist(
    [f"{one}{two}{three}y" for one in "abcdlv" for two in "aeo" for three in "rst"] + ["a a a b", "verse*", "夜"]
)
RULES = OrderRequirements(blocklist=LISTED)
ASKER = Requester(
    member_id=1,
    member_name="Member",
    place=Place(
        origin=Origin.GUILD,
        channel_id=1,
        guild_id=1,
        interaction_id=1,
        interaction_token="t",
        upload_limit_bytes=1,
        locale="en",
    ),
)
NUMBERS = count()
DISCORD = FakeDiscord()
DISCORD.world.rules.rate_limits = True


def ordered(text: str) -> object:
    """Everything that happens to an order before it is a job, and to one that is refused."""
    song = Song(url=f"https://cdn.discordapp.com/a.mp3?ex={text}", name=text, size_bytes=1)
    try:
        return to_order(OrderInput(lyrics=text, song=song), ASKER, RULES)
    except OrderError as error:
        return with_lyrics_note(refusal(error, RULES, "en"), text, text, "en")


def answered(text: str, **headers: str) -> Answer:
    return Answer(status=422, headers=headers, body=text.encode("utf-8", "replace"), is_whole=True)


def faults_of(text: str) -> None:
    for answer in (answered(text), answered(json.dumps({"detail": [{"msg": text, "loc": [text]}], "message": text}))):
        submit_error(answer, NOW, secrets=(text[:600], *text[:600].splitlines()), url_setting="API_URL")
        poll_error(answer, NOW)


def retry_after(text: str) -> None:
    answered("", **{"Retry-After": text}).retry_after_seconds(NOW)


def addresses(text: str) -> list[str]:
    """URLs made of this text, each only once: the libraries remember what they took apart."""
    yarl.cache_clear()
    made = (text, f"https://{text}", f"https://{text}"[:1400], f"https://{text}"[:500], f"https://example.org/{text}")
    return [f"{address}?{next(NUMBERS)}" for address in made]


def redirected(text: str) -> None:
    for address in addresses(text):
        for base in (None, yarl.URL("https://example.org/a/b?c")):
            with suppress(DownloadError):
                _checked(address, base, None)


def allowed_by_discord(text: str) -> None:
    for payload in ({"content": text}, {"embeds": [{"description": text, "url": text}], "nonce": text, text: text}):
        with suppress(RefusedError):
            check(payload, v2=False, files=set())


def pointing(text: str) -> None:
    writing = Writing(texts=(text,), author_id=1, guild=DISCORD.guild, channel_id=DISCORD.channel.id)
    compute_mentions(DISCORD.world, writing, EVERYTHING, EVERYTHING)


def linked(text: str) -> None:
    for address in addresses(text):
        offered(address, max_characters=len(address))
        offered_in_words(address)


def voiced(text: str) -> None:
    """What the sketch's own voice makes of lyrics."""
    for stanza in read_lyrics(text):
        for line in stanza.lines:
            for word in _words(line):
                _sounds(word)


def polled(text: str) -> None:
    for address in addresses(text):
        progress_in({"status": text, "audio_file": address, "error": [text], "message": {"detail": text}})
        progress_in({"status": "failed", "audio_file": {"url": address}, "error": {"message": text}})


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "order": ordered,
    "lyrics": to_sung,
    "foreign text": lambda text: (cleaned(text), isolated(text), foreign(text), clip(foreign(text), 100)),
    "lyrics with tags": to_tagged,
    "made title of lyrics": lambda text: made_title(text, text),
    "shorten": lambda text: (shorten(text, 40), shorten(text, len(text) - 1)),
    "refused words": lambda text: LISTED.find(text, text),
    "normalised": lambda text: [normalised(form, text) for form in ("NFC", "NFKD")],
    "escaped": plain,
    "clip": lambda text: clip(text, len(text) - 1),
    "fenced": lambda text: unfenced(fenced(text)),
    "preview": preview,
    "link": linked,
    "expiry": lambda text: (expiry_of(text), expiry_of(f"https://a/b?ex={text}&ex={text}")),
    "custom id": lambda text: [
        FallbackHandler()._is_outdated(begin + text) for begin in ("job:v1:", "tracks:v1:page:")
    ],
    "remark": spelled,
    "file name": lambda text: file_name(text, ".mp3"),
    "tags": lambda text: id3(Tags(title=text, artist=text, comment=text, lyrics=text)),
    "column": lambda text: SafeText().process_bind_param(text, None),  # type: ignore[arg-type]
    "log line": lambda text: masked(f"x {text} https://{text} Bearer {text}"),
    "redaction": sanitised,
    "redaction of words": lambda text: sanitised(text * 2, secrets=[text, *text.split()]),
    "complaint": lambda text: [one for one in (error_body_in(text),) if one.reason or one.speaks_of_credits],
    "fault of the API": faults_of,
    "one's own server: a job": lambda text: seen_in(
        {"data": [{"task_id": "a", "status": 2, "result": [{"error": text, "stage": text}]}], "error": None}, "a"
    ),
    "one's own server: language": language_of,
    "a queue": lambda text: (
        status_in({"status": text, "error": text, "error_type": text}),
        cancellation_in({"status": text, "detail": text}),
        accepted_request_id({"request_id": text}),
        history_page_in({"items": [{"request_id": text, "sent_at": text}], "next_cursor": text}),
    ),
    "accepted": lambda text: accepted_id({"id": text, "generation_id": {"url": text}}),
    "polled": polled,
    "retry after": retry_after,
    "redirect": redirected,
    "sandbox: message": allowed_by_discord,
    "sandbox: mentions": pointing,
    "sandbox: record": lambda text: masked_record({"a": [text, f"sbx-{text}"]}),
    "sandbox: budget": lambda text: RequestBudget(DISCORD.world).ask("POST", f"/webhooks/{text}"),
    "sandbox: file name": safe_filename,
    "sandbox: transcript": lambda text: _named(DISCORD, text),
    "sandbox: contract": lambda text: complaints_about({"prompt": text, "reference_audio_url": text, "model": text}),
    "sketch: lyrics": read_lyrics,
    "sketch: language": guess_language,
    "sketch: letters": voiced,
    "sketch: phonemes": lambda text: _MARKS.sub("", text),
}

#: What the patterns know, and what they nearly know.
ATOMS = (
    *(
        " ",
        "\n",
        "\\n",
        "\t",
        "\r\n",
        "\u2028",
        "\u3000",
        "\u200d",
        "a",
        "1",
        "x2",
        "iv",
        "verse",
        "(verse ",
        "verse 1: ",
    ),
    *(
        "[",
        "]",
        "(",
        ")",
        "(x2)",
        "【",
        ":",
        "：",
        "-",
        "–",
        "#",
        "##",
        "/",
        " / ",
        "//",
        "*",
        "_",
        "`",
        "```",
        "~",
        "||",
        ">",
    ),
    *(
        "<",
        "<@",
        "<@1>",
        "<:a:1",
        "<t:1",
        "'",
        '"',
        "“",
        "‘",
        "\\",
        ".",
        ",",
        "1.",
        "?",
        "=",
        "&",
        "%",
        "%41",
        "@",
        "://",
    ),
    *("http://", "Bearer ", "/webhooks/1", "token ", "download", "url ", "maximum ", "sbx-", "hm=", "../", "a/b.c "),
    *(
        "é",
        "İ",
        "ß",
        "\ufdfa",
        "夜",
        "か",
        "🔥",
        "می\u200c",
        "\u0301",
        "\u0315\u0300",
        "\u0f73",
        "\uff9e\u0301",
        "\ud800",
        "\0",
    ),
)
#: Those that meet in most patterns.
HOT = (" ", "\n", "1", "a", "x", "(", "[", ":", "*", "#", "/", "<", ".", "-", "(verse", "\u0315\u0300")
NESTS = (("[", "]"), ("(", ")"), ("【", "】"), ("[verse ", "]"), ("(verse ", ")"), ("“", "”"), ("{", "}"), ("<", ">"))


def _texts(rng: Random) -> Iterator[tuple[str, Callable[[int], str]]]:
    """A description, and a text of about that many characters."""
    for atom in ATOMS:
        yield f"{atom!r} again and again", lambda length, atom=atom: atom * (length // len(atom))
    for begin, end in NESTS:
        many = len(begin + end)
        yield f"nested {begin!r}", lambda length, b=begin, e=end, m=many: b * (length // m) + "a" + e * (length // m)
        yield f"closed {begin!r}", lambda length, b=begin, e=end, m=many: (b + "a" + e) * (length // (m + 1))
    for _ in range(25):
        pair = "".join(rng.sample(HOT, 2))
        yield f"{pair!r} in turns", lambda length, pair=pair: pair * (length // len(pair))
    for _ in range(25):
        head, tail, run = rng.choice(ATOMS), rng.choice(ATOMS), rng.choice(HOT)
        yield (
            f"{head!r}, many {run!r}, {tail!r}",
            lambda length, head=head, tail=tail, run=run: head + run * (length // len(run)) + tail,
        )
    for head, run in [
        ("(verse", "\n"),
        ("(verse", "\\n"),
        *((rng.choice(ATOMS), rng.choice(HOT)) for _ in range(25)),
    ]:
        parts = (head, *rng.sample(("1", "x", "2", "a", ":", "-", "(", ")", "]", "verse", "/"), 4))
        yield (
            f"{parts} with many {run!r} between",
            lambda length, parts=parts, run=run: (run * (length // 4 // len(run))).join(parts),
        )


@pytest.mark.heavy
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_text_is_slow(name: str) -> None:
    found = ((growth(FUNCTIONS[name], text_of), about) for about, text_of in _texts(Random(name)))
    worst, about = max(found)
    assert worst <= MAX_GROWTH, f"in a text of {about} a character costs {worst:.1f} times as much when there are more"


def _in_lists(count: int) -> Any:
    """So many numbers in lists of forty, in lists of forty, ..."""
    values: list[Any] = [1] * count
    while len(values) > 1:
        values = [values[at : at + 40] for at in range(0, len(values), 40)]
    return values[0]


SHAPES: dict[str, Callable[[int], Any]] = {
    "codes": lambda count: [{"code": 1}] * count,
    "lists in lists": _in_lists,
    "empty words": lambda count: {"detail": [{"loc": ["", ""], "msg": ""}] * count},
    "much in much": lambda count: {"errors": [{"errors": [{"message": ""}] * 40}] * count},
}


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_of_an_answer_is_slow(name: str) -> None:
    assert growth(error_body_in, lambda length: SHAPES[name](16 * length)) <= MAX_GROWTH
