"""The torture corpus: files as members really have them, and files made to break whoever reads them.

Each has a truth that follows from how it was made, never from what a checker says. "Accept" means that the music in it
can become a reference: handed over as it is, or converted. `python -m tests.bot.audio.corpus` prints the table.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from av.stream import Disposition

from bot.audio import AudioPool, Inspection, Problem, Usability
from tests.bot.audio import sound_files
from tests.bot.audio.sound_files import (
    RATE,
    chunk,
    cover,
    encoded,
    fmt,
    id3,
    id3_frame,
    mp3,
    music,
    riff,
    silence,
    vbr,
    wav,
)

USABLE, CONVERTIBLE, REFUSED = Usability.USABLE, Usability.CONVERTIBLE, Usability.REFUSED
#: Encoders pad to whole frames; the longest is AAC's, 2048 samples at 44.1 kHz, twice.
TOLERANCE_SECONDS = 0.12
TOLERANCE_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One file: its name (which may lie), its bytes, and what is true of it."""

    name: str
    build: Callable[[], bytes]
    usability: Usability
    #: The length that really plays; None where nothing does or nobody should try.
    seconds: float | None = None
    #: Why it is refused or converted.
    problem: Problem | None = None

    @property
    def truth(self) -> str:
        return "refuse" if self.usability is REFUSED else "accept"

    def is_length_right(self, seen: float | None) -> bool:
        """Whether `seen` is the true length, within padding."""
        if self.seconds is None or seen is None:
            return seen is None or self.seconds is None
        return abs(seen - self.seconds) <= max(TOLERANCE_SECONDS, TOLERANCE_SHARE * self.seconds)


def case(
    name: str, usability: Usability, seconds: float | None, problem: Problem | None, build: Callable[[], bytes]
) -> Case:
    return Case(name=name, build=build, usability=usability, seconds=seconds, problem=problem)


@cache
def plain() -> bytes:
    return mp3(20)


@cache
def plain_48k() -> bytes:
    """Frames of 384 bytes each, every bit in its own frame."""
    return sound_files.without_first_frame(mp3(20, 128, 48000, reservoir="0"))


@cache
def plain_vbr() -> bytes:
    return vbr(20, xing=False)


@cache
def plain_wav() -> bytes:
    return wav(music(20))


def cut(seconds: float) -> bytes:
    """The first `seconds` of the song, without a Xing header that would know of more."""
    return sound_files.frames_part(sound_files.without_first_frame(plain()), seconds)


def coded(
    container: str, codec: str, rate: int = RATE, channels: int = 2, *, seconds: float = 20, **more: object
) -> Callable[[], bytes]:
    """Twenty seconds in another container, unless said otherwise."""
    return lambda: encoded(music(seconds, rate, channels), container, codec, rate, **more)


@cache
def wav_with_mp3() -> bytes:
    return coded("wav", "libmp3lame", kbps=128)()


def second_track(container: str) -> Callable[[], bytes]:
    """The first track is silent, the second is the film's sound."""
    return lambda: sound_files.film_with_tracks(
        container, (silence(20), Disposition(0)), (music(20), Disposition.default)
    )


def commentary_first(container: str) -> Callable[[], bytes]:
    """Both tracks are marked to be played, but the first as a commentary."""
    both = Disposition.default | Disposition.comment
    return lambda: sound_files.film_with_tracks(container, (silence(20), both), (music(20), Disposition.default))


def dubbed_by_default(container: str) -> Callable[[], bytes]:
    """The track that is played is a translation, the original stands behind it."""
    both = Disposition.default | Disposition.dub
    return lambda: sound_files.film_with_tracks(container, (music(20), both), (silence(20), Disposition(0)))


def film_of_two(first: float, container: str = "matroska") -> Callable[[], bytes]:
    """Both tracks are marked to be played, the first with so many seconds of nothing in it."""
    return lambda: sound_files.film_with_tracks(
        container, (silence(first), Disposition.default), (music(20), Disposition.default)
    )


def after_id3(build: Callable[[], bytes]) -> Callable[[], bytes]:
    """With a tag in front, as taggers write it that look at names alone."""
    return lambda: id3(cover(5000)) + build()


@cache
def raw_aac() -> bytes:
    return coded("adts", "aac", kbps=128)()


def stream_piece() -> bytes:
    """What a recorder of streams saves: a piece that begins with its own kind of atom."""
    whole = coded("mp4", "aac", kbps=128, muxer={"movflags": "empty_moov+default_base_moof+frag_keyframe"})()
    return b"\0\0\0\x18stypmsdhmsdhmsix" + bytes(4) + whole


def wav_with(*chunks: bytes, before: bytes = b"") -> Callable[[], bytes]:
    """A song with these chunks between its format and its sound."""
    return lambda: before + riff(fmt(), *chunks, chunk(b"data", plain_wav()[44:]))


AMR = "libopencore_amrnb"


def soundless(container: str, codec: str) -> Callable[[], bytes]:
    """A film of pictures alone."""
    return lambda: sound_files.film_without_sound(container, codec)


MP3S = (
    case("mp3_cbr128.mp3", USABLE, 20, None, plain),
    case("mp3_cbr320.mp3", USABLE, 20, None, lambda: mp3(20, 320)),
    case("mp3_vbr_xing.mp3", USABLE, 20, None, lambda: vbr(20)),
    case("mp3_vbr_noxing.mp3", USABLE, 20, None, plain_vbr),
    case("mp3_vbr_noxing_10min.mp3", USABLE, 600, None, lambda: plain_vbr() * 30),
    case("mp3_abr_noxing.mp3", USABLE, 20, None, lambda: mp3(20, 150, xing=False, abr="1")),
    case("mp3_mono.mp3", USABLE, 20, None, lambda: mp3(20, 96, channels=1)),
    case("mp3_plain_stereo.mp3", USABLE, 20, None, lambda: mp3(20, 160, joint_stereo="0")),
    case("mp3_mpeg2_22k.mp3", USABLE, 20, None, lambda: mp3(20, 64, 22050)),
    case("mp3_mpeg25_8k.mp3", USABLE, 20, None, lambda: mp3(20, 16, 8000, 1)),
    case("mp3_vbri.mp3", USABLE, 20, None, lambda: sound_files.with_vbri(vbr(20))),
    case("mp3_bigcover.mp3", USABLE, 20, None, lambda: id3(cover(3_000_000)) + plain()),
    case("mp3_bigcover_noxing.mp3", USABLE, 20, None, lambda: id3(cover(3_000_000)) + plain_vbr()),
    case("mp3_two_id3.mp3", USABLE, 20, None, lambda: id3(cover(9000)) + id3(cover(500)) + plain()),
    case("mp3_cover_of_frames.mp3", USABLE, 20, None, lambda: id3(cover(900_000, plain() * 3)) + plain()),
    case("mp3_ape_id3v1.mp3", USABLE, 20, None, lambda: plain() + sound_files.ape_tag() + sound_files.id3v1()),
    case("mp3_leading_zeros.mp3", USABLE, 20, None, lambda: bytes(5000) + plain()),
    case("mp3_15_6s.mp3", USABLE, 15.6, None, lambda: cut(15.6)),
    case("mp3_no_suffix", USABLE, 20, None, plain),
    case("mp3_as.wav", USABLE, 20, None, plain),
    case("mp3_as.jpg", USABLE, 20, None, plain),
    # FFmpeg looks on however far the first frame lies; players do too.
    case(
        "mp3_far_behind_zeros.mp3", CONVERTIBLE, 20, Problem.HEADER, lambda: id3(cover(9000)) + bytes(300_000) + plain()
    ),
    case(
        *("mp3_far_behind_junk.mp3", CONVERTIBLE, 20, Problem.HEADER),
        lambda: id3(cover(9000)) + sound_files.noise(1_500_000) + plain(),
    ),
    case(
        *("mp3_music_in_a_lying_tag.mp3", CONVERTIBLE, 20, Problem.HEADER),
        lambda: id3(cover(20_000), claim=0x7FFFFFF) + plain(),
    ),
    case("mp3_leading_junk.mp3", CONVERTIBLE, 20, Problem.HEADER, lambda: sound_files.noise(3000) + plain()),
    case("mp3_concat.mp3", CONVERTIBLE, 35, Problem.HEADER, lambda: plain() + cut(15)),
    case(
        "mp3_xing_too_long.mp3", CONVERTIBLE, 20, Problem.HEADER, lambda: sound_files.with_xing_frames(plain(), 137_813)
    ),
    case("mp3_xing_too_short.mp3", CONVERTIBLE, 20, Problem.HEADER, lambda: sound_files.with_xing_frames(plain(), 190)),
    case("mp3_truncated_18s.mp3", CONVERTIBLE, 18, Problem.HEADER, lambda: sound_files.frames_part(plain(), 18)),
    case("mp3_hole.mp3", USABLE, 18, None, lambda: sound_files.broken_middle(cut(20), 0.5, 0.6)),
    # 15.2 s satisfies "longer than 15"; but 15.00 s of music encode to as much as 15.05, so half a second is asked for.
    case("mp3_15_2s.mp3", REFUSED, 15.2, Problem.TOO_SHORT, lambda: cut(15.2)),
    case("mp3_14_9s.mp3", REFUSED, 14.9, Problem.TOO_SHORT, lambda: cut(14.9)),
    case("mp3_10s.mp3", REFUSED, 10, Problem.TOO_SHORT, lambda: cut(10)),
    case("mp3_10s_noxing_320.mp3", REFUSED, 10, Problem.TOO_SHORT, lambda: mp3(10, 320, xing=False)),
    case("mp3_truncated_10s.mp3", REFUSED, 10.6, Problem.INCOMPLETE, lambda: sound_files.frames_part(plain(), 10.6)),
    case(
        *("mp3_lying_xing.mp3", REFUSED, 5, Problem.INCOMPLETE),
        lambda: sound_files.with_xing_frames(sound_files.frames_part(plain(), 5), 137_813),
    ),
    case("mp3_mid_corrupt.mp3", REFUSED, 7.7, Problem.INCOMPLETE, lambda: sound_files.broken_middle(plain(), 0.385, 1)),
    case(
        *("mp3_zero_tail.mp3", REFUSED, 3.75, Problem.INCOMPLETE),
        lambda: sound_files.frames_part(plain(), 3.75).ljust(len(plain()), b"\0"),
    ),
    case("mp3_silent.mp3", REFUSED, 20, Problem.SILENT, lambda: mp3(20, pcm=silence(20))),
    case("mp3_empty_frames.mp3", REFUSED, 52.2, Problem.SILENT, lambda: sound_files.empty_frames(2000)),
    # It is music, and some players do play it. But FFmpeg does not decode it, nor then do services built on it, nor can
    # anything here convert it: passed on, it would cost money and bring nothing. So the true answer is a clear no.
    case("mp3_freeformat.mp3", REFUSED, None, Problem.FREE_FORMAT, lambda: sound_files.free_format(plain_48k())),
    case("mp3_id3_only.mp3", REFUSED, None, Problem.ONLY_TAGS, lambda: id3(cover(20_000))),
    case("mp3_id3_huge_claim.mp3", REFUSED, None, Problem.ONLY_TAGS, lambda: id3(cover(20_000), claim=0xFFFFFFF)),
    case("mp3_one_frame.mp3", REFUSED, None, None, lambda: sound_files.frames_part(plain(), 0.03)),
    case("mp3_xing_only.mp3", REFUSED, None, None, lambda: sound_files.frames_part(plain(), 0.02)),
)

WAVS = (
    case("wav_pcm16.wav", USABLE, 20, None, plain_wav),
    case("wav_pcm24.wav", USABLE, 20, None, coded("wav", "pcm_s24le")),
    case("wav_pcm32.wav", USABLE, 20, None, coded("wav", "pcm_s32le")),
    case("wav_float32.wav", USABLE, 20, None, coded("wav", "pcm_f32le")),
    case("wav_u8.wav", USABLE, 20, None, coded("wav", "pcm_u8", 22050)),
    case("wav_8k_mono.wav", USABLE, 20, None, lambda: wav(music(20, 8000, 1), 8000)),
    case("wav_96k.wav", USABLE, 20, None, lambda: wav(music(20, 96000), 96000)),
    case("wav_pcm_as.mp3", USABLE, 20, None, plain_wav),
    case("wav_against_phase.wav", USABLE, 20, None, lambda: wav(sound_files.against_phase())),
    # Whether something is music cannot be told without a model; the file itself is in order.
    case("wav_loud_noise.wav", USABLE, 20, None, lambda: wav(sound_files.loud_noise())),
    case("wav_list_unpadded.wav", CONVERTIBLE, 20, Problem.HEADER, lambda: sound_files.wav_without_padding(music(20))),
    case(
        *("wav_junk_unpadded.wav", CONVERTIBLE, 20, Problem.HEADER),
        lambda: sound_files.wav_without_padding(music(20), b"JUNK", b"odd"),
    ),
    case(
        *("wav_odd_chunks.wav", USABLE, 20, None),
        lambda: riff(chunk(b"JUNK", b"odd"), fmt(), chunk(b"LIST", b"INFO"), chunk(b"data", plain_wav()[44:])),
    ),
    case(
        *("wav_big_list.wav", USABLE, 20, None),
        lambda: riff(fmt(), chunk(b"LIST", bytes(3_000_001)), chunk(b"data", plain_wav()[44:])),
    ),
    # Whatever stands before it and however long that claims to be: FFmpeg is shown the format and the sound alone.
    case(
        "wav_axml_unpadded.wav",
        CONVERTIBLE,
        20,
        Problem.HEADER,
        wav_with(chunk(b"axml", b"odd")[:-1], chunk(b"chna", b"")),
    ),
    case("wav_list_too_long.wav", CONVERTIBLE, 20, Problem.HEADER, wav_with(chunk(b"LIST", b"INFO", 3000))),
    case("wav_list_too_short.wav", CONVERTIBLE, 20, Problem.HEADER, wav_with(chunk(b"LIST", bytes(3000), 4))),
    case("wav_300_notes.wav", CONVERTIBLE, 20, Problem.HEADER, wav_with(chunk(b"note", b"here") * 300)),
    case("wav_after_id3.wav", CONVERTIBLE, 20, Problem.HEADER, after_id3(plain_wav)),
    case(
        *("wav_fmt_behind_data.wav", CONVERTIBLE, 20, Problem.HEADER),
        lambda: riff(chunk(b"data", plain_wav()[44:]), fmt()),
    ),
    case("wav_float64.wav", CONVERTIBLE, 20, Problem.INNER_CODEC, coded("wav", "pcm_f64le", 22050)),
    case("wav_alaw.wav", CONVERTIBLE, 20, Problem.INNER_CODEC, coded("wav", "pcm_alaw", 8000, 1)),
    case("wav_mulaw.wav", CONVERTIBLE, 20, Problem.INNER_CODEC, coded("wav", "pcm_mulaw", 8000, 1)),
    case("wav_ima_adpcm.wav", CONVERTIBLE, 20, Problem.INNER_CODEC, coded("wav", "adpcm_ima_wav")),
    case("wav_ms_adpcm.wav", CONVERTIBLE, 20, Problem.INNER_CODEC, coded("wav", "adpcm_ms")),
    case("wav_mp3_inside.wav", CONVERTIBLE, 20, Problem.INNER_CODEC, wav_with_mp3),
    case("wav_mp3_inside_as.mp3", CONVERTIBLE, 20, Problem.INNER_CODEC, wav_with_mp3),
    case("wav_extensible_6ch.wav", CONVERTIBLE, 20, Problem.SURROUND, coded("wav", "pcm_s16le", 48000, 6)),
    case("wav_odd_rate.wav", CONVERTIBLE, 20, Problem.ODD_RATE, lambda: wav(music(20, 37_800), 37_800)),
    case("wav_rf64.wav", CONVERTIBLE, 20, Problem.HEADER, lambda: sound_files.rf64(music(20))),
    case("wav_bw64.wav", CONVERTIBLE, 20, Problem.HEADER, lambda: sound_files.rf64(music(20), b"BW64")),
    case(
        *("wav_stream_ffff.wav", CONVERTIBLE, 20, Problem.HEADER),
        lambda: riff(fmt(), chunk(b"data", plain_wav()[44:], 0xFFFFFFFF), claim=0xFFFFFFFF),
    ),
    case(
        *("wav_stream_zero.wav", CONVERTIBLE, 20, Problem.HEADER),
        lambda: riff(fmt(), chunk(b"data", plain_wav()[44:], 0), claim=0),
    ),
    case("wav_truncated_18s.wav", CONVERTIBLE, 18, Problem.HEADER, lambda: plain_wav()[: 44 + 18 * RATE * 4]),
    case("wav_truncated_5s.wav", REFUSED, 5, Problem.INCOMPLETE, lambda: plain_wav()[: 44 + 5 * RATE * 4]),
    case("wav_10s.wav", REFUSED, 10, Problem.TOO_SHORT, lambda: wav(music(10))),
    case("wav_silent.wav", REFUSED, 20, Problem.SILENT, lambda: wav(silence(20))),
    case("wav_dc.wav", REFUSED, 20, Problem.SILENT, lambda: wav(sound_files.constant(12_000))),
    case("wav_click.wav", REFUSED, 20, Problem.SILENT, lambda: wav(sound_files.constant(0, click=True))),
    case("wav_hiss.wav", REFUSED, 20, Problem.SILENT, lambda: wav(sound_files.quiet_noise())),
    case("wav_nodata.wav", REFUSED, None, Problem.CORRUPT, lambda: riff(fmt())),
    case("wav_nofmt.wav", REFUSED, None, Problem.CORRUPT, lambda: riff(chunk(b"data", plain_wav()[44:]))),
    case("wav_empty_data.wav", REFUSED, None, Problem.CORRUPT, lambda: riff(fmt(), chunk(b"data", b""))),
    case(
        *("wav_1hz.wav", REFUSED, None, Problem.RATE),
        lambda: riff(fmt(rate=1), chunk(b"data", plain_wav()[44:200_000])),
    ),
    case("wav_0hz.wav", REFUSED, None, Problem.RATE, lambda: riff(fmt(rate=0), chunk(b"data", plain_wav()[44:]))),
    case("wav_4khz.wav", REFUSED, None, Problem.RATE, lambda: wav(music(20, 4000, 1), 4000)),
    case(
        *("wav_4ghz.wav", REFUSED, None, Problem.RATE),
        lambda: riff(fmt(rate=0xFFFFFFFF), chunk(b"data", plain_wav()[44:])),
    ),
    case(
        *("wav_65535ch.wav", REFUSED, None, Problem.CHANNELS),
        lambda: riff(fmt(channels=65535), chunk(b"data", plain_wav()[44:])),
    ),
    case("wav_0ch.wav", REFUSED, None, Problem.CHANNELS, lambda: riff(fmt(channels=0), chunk(b"data", bytes(99_999)))),
    case(
        *("wav_200000_chunks.wav", REFUSED, None, Problem.CORRUPT),
        lambda: riff(fmt(), chunk(b"junk", b"") * 200_000),
    ),
    case(
        *("wav_unknown_codec.wav", REFUSED, None, None),
        lambda: riff(fmt(tag=0x2222), chunk(b"data", plain_wav()[44:])),
    ),
)

OTHERS = (
    case("mp2_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("mp2", "mp2", kbps=192)),
    case("aac_adts_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("adts", "aac", kbps=128)),
    case("m4a_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("ipod", "aac", kbps=128)),
    case("alac_as.wav", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("ipod", "alac")),
    case("ogg_vorbis_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("ogg", "vorbis", options={"strict": "-2"})),
    case("opus_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("ogg", "libopus", 48000, kbps=96)),
    case("voice_message.ogg", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("ogg", "libopus", 48000, 1, kbps=32)),
    case("flac_as.wav", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("flac", "flac")),
    case(
        "flac_after_id3.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, lambda: id3(cover(5000)) + coded("flac", "flac")()
    ),
    case("webm_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("webm", "libopus", 48000, kbps=96)),
    case("mkv_ac3_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("matroska", "ac3", kbps=192)),
    case("aiff_as.wav", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("aiff", "pcm_s16be")),
    case("w64_as.wav", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("w64", "pcm_s16le")),
    case("caf_as.wav", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("caf", "pcm_s16le")),
    case("au_as.wav", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("au", "pcm_s16be")),
    case("avi_as.wav", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("avi", "libmp3lame", kbps=128, film="mpeg4")),
    # The sound of a film is the track that players play: marked as the default, no commentary.
    *(
        case(f"film_second_track.{ending}", CONVERTIBLE, 20, Problem.OTHER_FORMAT, second_track(container))
        for ending, container in (("mkv", "matroska"), ("mp4", "mp4"), ("mov", "mov"))
    ),
    *(
        case(f"film_commentary_first.{ending}", CONVERTIBLE, 20, Problem.OTHER_FORMAT, commentary_first(container))
        for ending, container in (("mkv", "matroska"), ("mp4", "mp4"))
    ),
    *(
        case(f"film_dubbed.{ending}", CONVERTIBLE, 20, Problem.OTHER_FORMAT, dubbed_by_default(container))
        for ending, container in (("mkv", "matroska"), ("mp4", "mp4"))
    ),
    case("film_empty_track_first.mkv", CONVERTIBLE, 20, Problem.OTHER_FORMAT, film_of_two(0)),
    case("film_silent_track_first.mkv", REFUSED, 20, Problem.SILENT_TRACK, film_of_two(20)),
    case(
        *("film_phone_track_first.mov", CONVERTIBLE, 20, Problem.OTHER_FORMAT),
        lambda: sound_files.with_a_codec_nobody_has(film_of_two(20, "mov")()),
    ),
    *(
        case(
            *(f"film_10s_of_sound.{ending}", REFUSED, 10, Problem.TOO_SHORT),
            coded(container, codec, kbps=128, film=film, pictures=30, seconds=10),
        )
        for ending, container, codec, film in (
            ("mp4", "mp4", "aac", "mpeg4"),
            ("mkv", "matroska", "aac", "mpeg4"),
            ("wmv", "asf", "wmav2", "wmv2"),
        )
    ),
    case("m4a_encrypted.m4a", REFUSED, None, Problem.CODEC, lambda: sound_files.encrypted(music(20))),
    case("mp4_stream_piece.mp4", CONVERTIBLE, 20, Problem.OTHER_FORMAT, stream_piece),
    case("m4a_after_id3.m4a", CONVERTIBLE, 20, Problem.OTHER_FORMAT, after_id3(coded("ipod", "aac", kbps=128))),
    case("mka_after_id3.mka", CONVERTIBLE, 20, Problem.OTHER_FORMAT, after_id3(coded("matroska", "ac3", kbps=192))),
    case("aif_after_id3.aif", CONVERTIBLE, 20, Problem.OTHER_FORMAT, after_id3(coded("aiff", "pcm_s16be"))),
    case("wma_after_id3.wma", CONVERTIBLE, 20, Problem.OTHER_FORMAT, after_id3(coded("asf", "wmav2", kbps=128))),
    case("amr_after_id3.amr", CONVERTIBLE, 20, Problem.OTHER_FORMAT, after_id3(coded("amr", AMR, 8000, 1))),
    case("aac_from_the_middle.aac", CONVERTIBLE, 20, Problem.OTHER_FORMAT, lambda: raw_aac()[100:]),
    case(
        *("aac_far_behind_junk.aac", CONVERTIBLE, 20, Problem.OTHER_FORMAT),
        lambda: sound_files.noise(300_000) + raw_aac(),
    ),
    case("opus_as.mka", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("matroska", "libopus", 48000, kbps=96)),
    case("alac.caf", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("caf", "alac")),
    case("pcm24.aif", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("aiff", "pcm_s24be")),
    case("wma_in_film.wmv", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("asf", "wmav2", kbps=128, film="wmv2")),
    case("vorbis_film.webm", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("webm", "libopus", 48000, film="libvpx")),
    case("mp4_film_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("mp4", "aac", kbps=128, film="mpeg4")),
    case("mov_film_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("mov", "pcm_s16le", film="mpeg4")),
    case("3gp_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("3gp", "libopencore_amrnb", 8000, 1)),
    case("amr_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("amr", "libopencore_amrnb", 8000, 1)),
    case("wma_as.mp3", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("asf", "wmav2", kbps=128)),
    case("wavpack_as.wav", CONVERTIBLE, 20, Problem.OTHER_FORMAT, coded("wv", "wavpack")),
    case("m4a_10s.m4a", REFUSED, 10, Problem.TOO_SHORT, lambda: encoded(music(10), "ipod", "aac", kbps=128)),
    case("flac_silent.flac", REFUSED, 20, Problem.SILENT, lambda: encoded(silence(20), "flac", "flac")),
    case("m4a_truncated.m4a", REFUSED, None, Problem.CORRUPT, lambda: coded("ipod", "aac", kbps=128)()[:200_000]),
    # An Ogg page, a second of Opus here, is there as a whole or not at all.
    case("ogg_truncated.ogg", REFUSED, 9, None, lambda: coded("ogg", "libopus", 48000, kbps=96)()[:105_000]),
    case(
        "flac_dense.flac",
        REFUSED,
        None,
        Problem.DENSE,
        lambda: encoded(silence(5, 384_000, 6), "flac", "flac", 384_000),
    ),
    case(
        "flac_comments.flac",
        REFUSED,
        None,
        Problem.HEAVY_TAGS,
        lambda: sound_files.with_comments(coded("flac", "flac")(), 20_000),
    ),
    case(
        "flac_200_comments.flac",
        CONVERTIBLE,
        20,
        Problem.OTHER_FORMAT,
        lambda: sound_files.with_comments(coded("flac", "flac")(), 199),
    ),
    case("mp3_txxx.mp3", REFUSED, None, Problem.HEAVY_TAGS, lambda: id3(*sound_files.entries(400_000)) + plain()),
    case(
        "mp3_txxx_in_two_tags.mp3",
        REFUSED,
        None,
        Problem.HEAVY_TAGS,
        lambda: id3(*sound_files.entries(150)) * 2 + plain(),
    ),
    case("mp3_ape_entries.mp3", REFUSED, None, Problem.HEAVY_TAGS, lambda: plain() + sound_files.ape_tag(60_000)),
    case(
        "mp3_tag_of_17_mib.mp3",
        REFUSED,
        None,
        Problem.HEAVY_TAGS,
        lambda: id3(cover(17 * 1024**2, b"x" * 17 * 1024**2)) + plain(),
    ),
    case("mp3_200_txxx.mp3", USABLE, 20, None, lambda: id3(*sound_files.entries(200)) + plain()),
    case("making.flac_of_hours.flac", REFUSED, None, Problem.ENDLESS, sound_files.flac_of_hours),
    case("mp4_no_sound.mp4", REFUSED, None, Problem.NO_SOUND, sound_files.film_without_sound),
    *(
        case(f"{container}_no_sound.{ending}", REFUSED, None, Problem.NO_SOUND, soundless(container, codec))
        for ending, container, codec in (
            ("mkv", "matroska", "mpeg4"),
            ("mov", "mov", "mpeg4"),
            ("webm", "webm", "libvpx"),
            ("avi", "avi", "mpeg4"),
            ("wmv", "asf", "wmv2"),
        )
    ),
    case(
        "mkv_empty_track.mkv",
        REFUSED,
        None,
        Problem.NO_SOUND,
        lambda: encoded(silence(0), "matroska", "aac", film="mpeg4"),
    ),
    case("caf_10s.caf", REFUSED, 10, Problem.TOO_SHORT, lambda: encoded(music(10), "caf", "pcm_s16le")),
    case("aif_10s.aif", REFUSED, 10, Problem.TOO_SHORT, lambda: encoded(music(10), "aiff", "pcm_s16be")),
    case("amr_10s.amr", REFUSED, 10, Problem.TOO_SHORT, lambda: encoded(music(10, 8000, 1), "amr", AMR, 8000)),
    case("wma_10s.wma", REFUSED, 10, Problem.TOO_SHORT, lambda: encoded(music(10), "asf", "wmav2", kbps=128)),
    case("mka_10s.mka", REFUSED, 10, Problem.TOO_SHORT, lambda: encoded(music(10), "matroska", "aac", kbps=128)),
    case("caf_silent.caf", REFUSED, 20, Problem.SILENT, lambda: encoded(silence(20), "caf", "alac")),
    case("mkv_silent.mkv", REFUSED, 20, Problem.SILENT, lambda: encoded(silence(20), "matroska", "aac", film="mpeg4")),
    case("mov_silent.mov", REFUSED, 20, Problem.SILENT, lambda: encoded(silence(20), "mov", "aac", film="mpeg4")),
    case("wma_silent.wma", REFUSED, 20, Problem.SILENT, lambda: encoded(silence(20), "asf", "wmav2", kbps=128)),
    case("caf_cut_in_its_head.caf", REFUSED, None, Problem.CORRUPT, lambda: coded("caf", "alac")()[:40]),
    case("mkv_cut_in_its_head.mkv", REFUSED, None, None, lambda: coded("matroska", "ac3", kbps=192)()[:200]),
    case("wma_cut_in_its_head.wma", REFUSED, None, None, lambda: coded("asf", "wmav2", kbps=128)()[:100]),
    case("tta_as.wav", REFUSED, None, Problem.NOT_READ, coded("tta", "tta")),
    case("midi_as.mp3", REFUSED, None, Problem.NOT_READ, lambda: b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + bytes(4000)),
    case("ape_as.mp3", REFUSED, None, Problem.NOT_READ, lambda: b"MAC \x96\x0f" + sound_files.noise(50_000)),
)

HTML = b"<!doctype html><html><body>This content is no longer available.</body></html>\n"
NO_SOUND = (
    case("zero.mp3", REFUSED, None, Problem.EMPTY, lambda: b""),
    case("zero.wav", REFUSED, None, Problem.EMPTY, lambda: b""),
    case("one_byte.mp3", REFUSED, None, Problem.UNKNOWN, lambda: b"\xff"),
    case("one_zero_byte.wav", REFUSED, None, Problem.UNKNOWN, lambda: b"\0"),
    case("zeros.mp3", REFUSED, None, Problem.UNKNOWN, lambda: bytes(400_000)),
    case("random.mp3", REFUSED, None, Problem.UNKNOWN, lambda: sound_files.noise(400_000)),
    case("ff_bytes.mp3", REFUSED, None, Problem.UNKNOWN, lambda: b"\xff" * 400_000),
    case("fb_sync_bomb.mp3", REFUSED, None, Problem.UNKNOWN, lambda: b"\xff\xfb" * 200_000),
    case("free_sync_bomb.mp3", REFUSED, None, None, lambda: b"\xff\xfb\x00\x44" * 100_000),
    case("frame_heads_only.mp3", REFUSED, None, None, lambda: b"\xff\xfb\x90\x64" * 100_000),
    case("html_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: HTML * 5000),
    case("text_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: "La, la, für dich!\n".encode() * 5000),
    case("text_that_is_free.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: b"The free, the wide, the moov\n" * 99),
    case("json_as.wav", REFUSED, None, Problem.NOT_SOUND, lambda: b'{"error": "not found"}'),
    case("zip_stored_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: sound_files.zipped(plain())),
    case("gzip_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: b"\x1f\x8b\x08" + sound_files.noise(9000)),
    case("png_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: b"\x89PNG\r\n\x1a\n" + sound_files.noise(90_000)),
    case("jpeg_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: b"\xff\xd8\xff\xe0" + sound_files.noise(90_000)),
    case(
        "webp_as.wav", REFUSED, None, Problem.NOT_SOUND, lambda: b"RIFF\x00\x10\0\0WEBPVP8 " + sound_files.noise(4096)
    ),
    case("heic_as.m4a", REFUSED, None, Problem.NOT_SOUND, lambda: b"\0\0\0\x18ftypheic" + sound_files.noise(4096)),
    case("pdf_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: b"%PDF-1.7\n" + sound_files.noise(9000)),
    case("elf_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: b"\x7fELF" + sound_files.noise(9000)),
    case("playlist_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: b"#EXTM3U\n#EXTINF:30\nfile:///etc/passwd\n"),
    case("concat_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: b"ffconcat version 1.0\nfile /etc/hostname\n"),
    case(
        "sdp_as.mp3", REFUSED, None, Problem.NOT_SOUND, lambda: b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n"
    ),
    case("lyrics_tag_only.mp3", REFUSED, None, Problem.ONLY_TAGS, lambda: id3(id3_frame(b"USLT", b"\0eng\0la la"))),
)

CASES = (*MP3S, *WAVS, *OTHERS, *NO_SOUND)


def write_all(folder: Path, cases: tuple[Case, ...] = CASES) -> dict[str, Path]:
    """Makes every file. The names are kept: they lie on purpose."""
    paths = {each.name: folder / each.name for each in cases}
    for each in cases:
        paths[each.name].write_bytes(each.build())
    return paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one file cost and what was said of it."""

    case: Case
    seen: Inspection
    milliseconds: float
    mebibytes: float

    @property
    def is_wrong_accept(self) -> bool:
        return self.seen.accepted and self.case.usability is REFUSED

    @property
    def is_wrong_reject(self) -> bool:
        return not self.seen.accepted and self.case.usability is not REFUSED


async def judge_all(folder: Path) -> list[Row]:
    """One file after the other, so that time and memory belong to it."""
    rows: list[Row] = []
    async with AudioPool(processes=1) as pool:
        for each in CASES:
            pool.peak_bytes = 0
            start = time.perf_counter()
            seen = await pool.inspect(folder / each.name)
            took = (time.perf_counter() - start) * 1000
            rows.append(Row(case=each, seen=seen, milliseconds=took, mebibytes=pool.peak_bytes / 1024**2))
    return rows


def line_of(row: Row) -> str:
    """One row of the table; a star marks a wrong answer."""
    said = row.seen.usability + ("" if row.seen.finding is None else f" ({row.seen.finding.problem})")
    wrong = row.is_wrong_accept or row.is_wrong_reject or not row.case.is_length_right(row.seen.seconds)
    true = "-" if row.case.seconds is None else f"{row.case.seconds:.1f}"
    seconds = "-" if row.seen.seconds is None else f"{row.seen.seconds:.1f}"
    return (
        f"{row.case.name:28}{row.case.truth:>7}{true:>8}  {said:28}{seconds:>8}"
        f"{row.milliseconds:>8.0f}{row.mebibytes:>7.0f}{' *' if wrong else ''}"
    )


def main() -> int:
    """Prints the table and the sum; 1 when an answer was wrong."""
    with tempfile.TemporaryDirectory(prefix="corpus-") as name:
        write_all(Path(name))
        rows = asyncio.run(judge_all(Path(name)))
    print(f"{'file':28}{'truth':>7}{'true s':>8}  {'usability':28}{'seconds':>8}{'ms':>8}{'MB':>7}")
    for row in rows:
        print(line_of(row))
    accepts, rejects = sum(row.is_wrong_accept for row in rows), sum(row.is_wrong_reject for row in rows)
    slowest, peak = max(row.milliseconds for row in rows), max(row.mebibytes for row in rows)
    print(
        f"files={len(rows)} wrong_accepts={accepts} wrong_rejects={rejects} slowest_ms={slowest:.0f} peak_mb={peak:.0f}"
    )
    return 1 if accepts or rejects else 0


if __name__ == "__main__":
    sys.exit(main())
