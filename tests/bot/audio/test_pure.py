"""Properties of what needs no decoder: names, tags, excerpts, bars, and the sniffing of arbitrary bytes."""

import struct
import unicodedata
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.audio import Finding, Problem, Tags, file_name, mpeg, sentence
from bot.audio.burden import MAX_ENTRIES, MAX_TAG_BYTES, Burden, weigh_tags
from bot.audio.decode import MAX_SAMPLES_PER_SECOND, UndecodableError, check_shape
from bot.audio.encode import BIT_RATES, OVERHEAD_BYTES, fitting_bit_rate
from bot.audio.excerpt import best_start, decibels
from bot.audio.file_names import MAX_BYTES, RESERVED
from bot.audio.inspection import peek_at
from bot.audio.mpeg import find_frames, frame_head
from bot.audio.picture import BARS, bars_of, length_text
from bot.audio.riff import walk_wav
from bot.audio.sniffing import DEMUXERS, Kind, sniff, tags_length
from bot.audio.tags import id3
from bot.texts import de, en
from tests.bot.audio import sound_files
from tests.bot.audio.sound_files import cover, free_format, mp3, noise, without_first_frame

SONG = without_first_frame(mp3(1, 128))
FORBIDDEN = set('<>:"/\\|?*') | {chr(n) for n in range(32)} | {"\x7f", "\u202e", "\u200b"}


@given(st.text(max_size=400))
def test_a_file_name_is_safe_whatever_the_title(title: str) -> None:
    name = file_name(title, ".mp3")
    stem = name.removesuffix(".mp3")
    assert name.endswith(".mp3")
    assert stem
    assert not FORBIDDEN & set(name)
    assert len(name.encode()) <= MAX_BYTES + len("track_")
    assert stem[0] not in ". -_"
    assert stem[-1] not in ". "
    assert stem.partition(".")[0].lower() not in RESERVED
    assert not any(unicodedata.category(character)[0] in "CZ" for character in name)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Night Drive", "Night_Drive.mp3"),
        ("Night / Drive?", "Night_Drive.mp3"),
        ("../../etc/passwd", "etc_passwd.mp3"),
        ("C:\\Windows\\System32", "C_Windows_System32.mp3"),
        ("Straße nach Łódź", "Straße_nach_Łódź.mp3"),
        ("夜のドライブ", "夜のドライブ.mp3"),
        ("🔥🔥 hot 🔥", "hot.mp3"),
        ("🔥🔥🔥", "track.mp3"),
        ("?!?", "track.mp3"),
        ("", "track.mp3"),
        ("   ", "track.mp3"),
        ("con", "track_con.mp3"),
        ("COM1.live", "track_COM1.live.mp3"),
        ("LPT¹", "track_LPT1.mp3"),
        ("The end...", "The_end.mp3"),
        (".hidden", "hidden.mp3"),
        ("don't stop (live) & loud", "don't_stop_(live)_&_loud.mp3"),
        ("a／b", "a_b.mp3"),
        ("gpj.\u202eexe", "gpj._exe.mp3"),
        ("x" * 400, "x" * 116 + ".mp3"),
        ("é" * 400, "é" * 58 + ".mp3"),
    ],
)
def test_a_title_becomes_the_name_one_expects(title: str, name: str) -> None:
    assert file_name(title, ".mp3") == name


@given(st.binary(max_size=2000))
def test_sniffing_any_bytes_ends_with_a_kind(data: bytes) -> None:
    found = sniff(BytesIO(data))
    assert found.kind in Kind
    assert (found.kind is Kind.EMPTY) is (not data)
    walk_wav(BytesIO(b"RIFF\0\0\0\0WAVE" + data))
    assert tags_length(BytesIO(b"ID3\x03\0\0" + data)) >= 0


@pytest.mark.parametrize(("claimed", "believed"), [(0, None), (0xFFFFFFFF, None), (400, 400), (401, "not found")])
def test_sound_behind_a_chunk_whose_length_lies_is_found_unless_it_is_longer_than_the_file(
    claimed: int, believed: int | str | None
) -> None:
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 44100, 176400, 4, 16)
    lying = struct.pack("<4sI", b"LIST", 1 << 30)
    head = b"RIFF\0\0\0\0WAVE" + fmt + lying + struct.pack("<4sI", b"data", claimed)
    found = walk_wav(BytesIO(head + bytes(400)))
    if found is None:
        assert believed == "not found"
    else:
        assert (found.data_at, found.claimed_bytes, found.is_misleading) == (len(head), believed, True)


@pytest.mark.parametrize(("rate", "is_dense"), [(200_000, False), (200_001, True)])
def test_rate_times_channels_may_reach_what_is_taken_and_no_more(rate: int, is_dense: bool) -> None:
    assert (8 * rate > MAX_SAMPLES_PER_SECOND) is is_dense
    with pytest.raises(UndecodableError) if is_dense else nullcontext():
        check_shape(rate, 8)


@given(st.binary(max_size=4096))
def test_chance_bytes_are_never_taken_for_frames(data: bytes) -> None:
    found = find_frames(data)
    if found is not None:
        offset, head = found
        assert frame_head(data, offset) == head


@given(st.binary(min_size=1, max_size=300), st.integers(0, 2000))
def test_a_song_is_found_behind_any_junk(junk: bytes, more: int) -> None:
    found = find_frames(junk + bytes(more) + SONG)
    assert found is not None
    assert found[0] <= len(junk) + more


def test_what_a_tag_claims_of_the_music_weighs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(sound_files.id3(cover(50), claim=0x7FFFFFF) + noise(MAX_TAG_BYTES) + SONG)
    assert peek_at(path).sniffed.begins_at > MAX_TAG_BYTES


def id3_of(version: int, frames: int, *, plain: bool = False, extended: bool = False) -> bytes:
    """A tag of this version; `plain`: with sizes of frames that are not syncsafe, as some write them in 2.4."""

    def syncsafe(size: int) -> bytes:
        return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))

    body = b"x" * 200  # needs more than seven bits, so that the two ways to write it differ
    size = syncsafe(len(body)) if version == 4 and not plain else len(body).to_bytes(3 if version == 2 else 4, "big")
    frame = b"TXX" + size + body if version == 2 else b"TXXX" + size + b"\0\0" + body
    extension = {3: b"\0\0\0\x06" + bytes(6), 4: syncsafe(6) + b"\x01\0"}[version] if extended else b""
    whole = extension + frames * frame
    return b"ID3" + bytes((version, 0, 0x40 if extended else 0)) + syncsafe(len(whole)) + whole


@pytest.mark.parametrize(
    ("version", "plain", "extended"),
    [(2, False, False), (3, False, False), (3, False, True), (4, False, False), (4, True, False), (4, False, True)],
)
def test_entries_are_counted_in_every_version_of_a_tag(version: int, plain: bool, extended: bool) -> None:
    def weighed(*frames: int) -> Burden:
        return weigh_tags(BytesIO(b"".join(id3_of(version, n, plain=plain, extended=extended) for n in frames) + SONG))

    assert weighed(7).entries == 7
    assert not weighed(MAX_ENTRIES).is_too_much
    assert weighed(MAX_ENTRIES + 1).is_too_much
    assert weighed(MAX_ENTRIES // 2, MAX_ENTRIES // 2 + 1).is_too_much


@pytest.mark.parametrize("more", [1, 187, 188, 189])
def test_four_packets_and_a_bit_are_a_transport_stream(more: int) -> None:
    packets = (b"\x47" + bytes(187)) * 6
    assert sniff(BytesIO(packets[: 4 * 188 + more])).kind is Kind.OTHER_MEDIA
    assert sniff(BytesIO(packets[: 3 * 188] + bytes(188 + more))).kind is not Kind.OTHER_MEDIA


def test_free_format_is_told_from_an_ordinary_mp3() -> None:
    song = without_first_frame(mp3(2, 128, 48000))
    assert sniff(BytesIO(song)).kind is Kind.MP3
    assert sniff(BytesIO(free_format(song))).kind is Kind.FREE_FORMAT


@given(st.lists(st.floats(0, 32767), min_size=1, max_size=400), st.integers(1, 30))
@example([0.0] * 20 + [5e-324], 1)
def test_the_best_excerpt_lies_inside_the_song(levels: list[float], seconds: int) -> None:
    start = best_start(levels, 20, seconds)
    assert start >= 0
    assert start == 0 or start * 20 + seconds * 20 <= len(levels)


def test_the_best_excerpt_is_the_steady_loud_one() -> None:
    quiet, loud, crash = [300.0] * 200, [8000.0] * 200, [32000.0] * 4
    assert best_start([*quiet, *crash, *quiet, *loud, *quiet], 20, 10) == pytest.approx(20.2, abs=0.3)
    assert best_start([*loud, *quiet, *loud], 20, 10) == 0


@pytest.mark.parametrize(("level", "found"), [(32768.0, 0), (3276.8, -20), (32.768, -60), (0.5, -60), (0.0, -60)])
def test_levels_are_decibels_below_full_scale_down_to_a_floor(level: float, found: float) -> None:
    assert decibels(level) == pytest.approx(found)


@given(st.floats(1, 4000), st.integers(100_000, 60_000_000), st.integers(32, 320))
def test_a_bit_rate_fits_and_the_next_one_would_not(seconds: float, limit: int, max_kbps: int) -> None:
    rate = fitting_bit_rate(seconds, limit, max_kbps)
    larger = [each for each in BIT_RATES if each <= max_kbps and (rate is None or each > rate)]
    assert all(seconds * each * 125 + OVERHEAD_BYTES > limit for each in larger)
    assert rate is None or seconds * rate * 125 + OVERHEAD_BYTES <= limit


@given(st.lists(st.floats(0, 32767), max_size=3000))
def test_bars_are_heights_between_nothing_and_all(levels: list[float]) -> None:
    bars = bars_of(levels)
    assert len(bars) == BARS
    assert all(0 <= bar <= 1 for bar in bars)


def test_a_loud_master_still_has_a_shape() -> None:
    bars = bars_of([19000 + 3000 * (n // 400 % 2) for n in range(4000)])
    assert max(bars) - min(bars) > 0.4
    assert bars_of([0.0] * 4000) == (0.0,) * BARS
    assert max(bars_of([5000.0] * 2000 + [0.0] * 2000)[-10:]) == 0


@pytest.mark.parametrize(("seconds", "said"), [(0, "0:00"), (59.6, "1:00"), (187, "3:07"), (3723, "1:02:03")])
def test_a_length_is_written_as_a_clock_shows_it(seconds: float, said: str) -> None:
    assert length_text(seconds) == said


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=500), st.text(max_size=200))
def test_tags_claim_the_size_they_have(title: str, artist: str, lyrics: str, comment: str) -> None:
    tag = id3(Tags(title=title, artist=artist, lyrics=lyrics, comment=comment))
    assert not tag or tags_length(BytesIO(tag)) == len(tag)


def test_no_tags_are_no_bytes() -> None:
    assert id3(Tags()) == b""


def test_every_problem_and_every_kind_has_its_words_in_both_languages() -> None:
    kinds = {f"sound.kind.{kind}" for kind in Kind} - {
        f"sound.kind.{kind}" for kind in ("only_tags", "empty", "unknown")
    }
    keys = {f"sound.{problem}" for problem in Problem} | kinds
    assert keys == {key for key in en.sound.TEXTS if key.startswith("sound.")}
    assert keys == {key for key in de.sound.TEXTS if key.startswith("sound.")}
    assert set(DEMUXERS) <= {Kind(key.rpartition(".")[2]) for key in kinds}


def test_german_writes_decimals_with_a_comma() -> None:
    finding = Finding(problem=Problem.TOO_SHORT, values={"seconds": 12.34, "needed": 15.0})
    assert sentence(finding) == (
        "This song is 12.3 seconds long; the music service needs more than 15 seconds. Attach a longer one."
    )
    assert "12,3 Sekunden" in sentence(finding, "de")


def test_a_file_made_of_false_headers_is_not_followed_for_ever(monkeypatch: pytest.MonkeyPatch):
    """Each costs a look at where the next would be; music behind fewer than the cap is found."""
    false = b"\xff\xfb\x90\x64\x00" * 40
    found = mpeg.find_frames(false + mp3(2))
    assert found is not None
    assert found[0] == len(false)
    monkeypatch.setattr(mpeg, "MAX_FALSE_HEADERS", 20)
    assert mpeg.find_frames(false + mp3(2)) is None
