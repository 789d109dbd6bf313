"""Sound for the tests: encoded by FFmpeg through PyAV, or put together byte by byte. The same bytes every time."""

import hashlib
import io
import struct
import zipfile
from collections.abc import Iterator
from functools import cache

import av
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from bot.audio.mpeg import FrameHead, frame_head

Pcm = NDArray[np.int16]

RATE = 44_100
LONGEST_SECONDS = 20
#: What is larger is quick to encode: it is hardly compressed.
KEPT_BYTES = 1_000_000


def music(seconds: float, rate: int = RATE, channels: int = 2) -> Pcm:
    """Something with a beat, chords and noise, shape (channels, samples); dense enough that VBR has work to do."""
    return whole_song(rate, channels)[:, : round(seconds * rate)]


@cache
def whole_song(rate: int, channels: int) -> Pcm:
    """All there is to cut from, `LONGEST_SECONDS` long."""
    t = np.arange(LONGEST_SECONDS * rate) / rate
    dice = np.random.default_rng(1)
    roots = 110 * 2 ** (np.array([0, -4, 3, -2])[(t // 2).astype(int) % 4] / 12)
    phase = 2 * np.pi * np.cumsum(roots) / rate
    chord = sum(np.sin(phase * k) / k for k in (1, 2, 3, 4, 5, 6)) * (0.4 + 0.6 * np.exp(-(t % 0.5) * 3))
    drum = dice.standard_normal(len(t)) * np.exp(-(t % 0.5) * 18) * (0.5 + 0.5 * ((t // 8) % 2))
    mono = 0.3 * chord + 0.3 * drum
    sides = [mono * (1 - 0.1 * n) + 0.05 * np.sin(2 * np.pi * (330 + 110 * n) * t) for n in range(channels)]
    return (np.clip(np.stack(sides), -1, 1) * 30000).astype(np.int16)


def silence(seconds: float, rate: int = RATE, channels: int = 2) -> Pcm:
    """Digital silence."""
    return np.zeros((channels, round(seconds * rate)), np.int16)


def encoded(
    pcm: Pcm,
    container: str,
    codec: str,
    rate: int = RATE,
    *,
    kbps: int = 0,
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
    film: str = "",
    pictures: int = 10,
) -> bytes:
    """`pcm` in a container; with `film` (a video codec) so many grey frames go along, one a second.

    Each is encoded once in a process: many files differ only in what is put around the sound.
    """
    flat = (sorted((options or {}).items()), sorted((muxer or {}).items()))
    key = (
        hashlib.sha256(np.ascontiguousarray(pcm)).digest(),
        f"{pcm.shape} {container} {codec} {rate} {kbps} {flat} {film} {pictures}",
    )
    data = _encoded.get(key) or _encode(pcm, container, codec, rate, kbps, options or {}, muxer or {}, film, pictures)
    if len(data) < KEPT_BYTES:
        _encoded[key] = data
    return data


_encoded: dict[tuple[bytes, str], bytes] = {}


def _encode(
    pcm: Pcm,
    container: str,
    codec: str,
    rate: int,
    kbps: int,
    options: dict[str, str],
    muxer: dict[str, str],
    film: str,
    pictures: int,
) -> bytes:
    out = io.BytesIO()
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[pcm.shape[0]]
    with av.open(out, "w", format=container, options={"fflags": "+bitexact", **muxer}) as sink:
        grey = film_stream(sink, film) if film else None
        stream = sink.add_stream(codec, rate=rate, layout=layout, options={"flags": "+bitexact", **options})
        if kbps:
            stream.bit_rate = kbps * 1000
        shape = stream.codec_context.format
        formats = [each.name for each in stream.codec_context.codec.audio_formats or ()]
        wanted = shape.name if shape is not None and shape.name in formats else (formats or ["s16"])[0]
        stream.codec_context.format = wanted
        if grey is not None:
            add_film(sink, grey, pictures)
        resampler = av.AudioResampler(format=wanted, layout=layout, rate=rate, frame_size=1024)
        for start in range(0, pcm.shape[1], 16384):
            block = np.ascontiguousarray(pcm[:, start : start + 16384])
            frame = av.AudioFrame.from_ndarray(block, format="s16p", layout=layout)
            frame.sample_rate, frame.pts = rate, None
            mux(sink, stream, resampler.resample(frame))
        mux(sink, stream, resampler.resample(None))
        sink.mux(stream.encode(None))
    return out.getvalue()


def mux(sink, stream, frames) -> None:
    """Encodes frames; their times are counted by the encoder."""
    for frame in frames:
        frame.pts = None
        sink.mux(stream.encode(frame))


def film_stream(sink, codec: str):
    """A small picture. All streams must be there before the first packet is written: FFmpeg crashes otherwise."""
    video = sink.add_stream(codec, rate=1)
    video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
    return video


def add_film(sink, video, pictures: int = 10) -> None:
    """Grey pictures, one a second."""
    for n in range(pictures):
        picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * (n % 10), np.uint8), format="rgb24")
        picture.pts = n
        sink.mux(video.encode(picture))
    sink.mux(video.encode(None))


def film_with_tracks(container: str, *tracks: tuple[Pcm, Disposition], codec: str = "aac") -> bytes:
    """A film with several sound tracks, each with what a player is told about it. For Matroska, MP4, MOV.

    A track without samples is announced, and nothing of it follows.
    """
    sounds = [pcm if pcm.shape[1] else silence(1) for pcm, _ in tracks]
    sources = [av.open(io.BytesIO(encoded(sound, "matroska", codec, kbps=128))) for sound in sounds]
    out = io.BytesIO()
    with av.open(out, "w", format=container) as sink:
        video = film_stream(sink, "mpeg4")
        streams = [sink.add_stream_from_template(source.streams.audio[0]) for source in sources]
        for stream, (_, disposition) in zip(streams, tracks, strict=True):
            stream.disposition = disposition
        add_film(sink, video)
        for source, stream, (pcm, _) in zip(sources, streams, tracks, strict=True):
            for packet in source.demux(source.streams.audio[0]):
                if packet.dts is not None and pcm.shape[1]:
                    packet.stream = stream
                    sink.mux(packet)
    for source in sources:
        source.close()
    return out.getvalue()


def with_a_codec_nobody_has(film: bytes) -> bytes:
    """The first sound track of a film (MOV) as a phone writes the one that only its own players know."""
    start = film.index(b"stsd", film.index(b"soun"))
    end = film.index(b"stts", start)
    head = film[start:end].replace(b"mp4a", b"apac").replace(b"esds", b"dapa").replace(b"wave", b"free")
    return film[:start] + head + film[end:]


def encrypted(pcm: Pcm) -> bytes:
    """An M4A that only plays with a key, as shops and streams have them (Common Encryption)."""
    keys = {"encryption_key": "76a6c65c5ea762046bd749a2e632ccbb", "encryption_kid": "a7e61c373e219033c21091fa607bf3b8"}
    return encoded(pcm, "mp4", "aac", kbps=128, muxer={"encryption_scheme": "cenc-aes-ctr", **keys})


def wav_without_padding(pcm: Pcm, name: bytes = b"LIST", body: bytes = b"INFOISFT\x01\0\0\0a") -> bytes:
    """A chunk of odd length with nothing behind it that makes it even, as an audio editor writes it."""
    assert len(body) % 2
    odd = name + len(body).to_bytes(4, "little") + body
    return riff(fmt(), odd, chunk(b"data", pcm_bytes(pcm)))


def film_without_sound(container: str = "mp4", codec: str = "mpeg4") -> bytes:
    """Grey pictures alone."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as sink:
        add_film(sink, film_stream(sink, codec))
    return out.getvalue()


def mp3(
    seconds: float = 20,
    kbps: int = 128,
    rate: int = RATE,
    channels: int = 2,
    *,
    xing: bool = True,
    pcm: Pcm | None = None,
    **options: str,
) -> bytes:
    """By LAME, without any tag. `xing` False leaves out the header that tells the length."""
    sound = music(seconds, rate, channels) if pcm is None else pcm
    muxer = {"write_xing": "1" if xing else "0", "id3v2_version": "0"}
    return encoded(
        sound, "mp3", "libmp3lame", rate, kbps=kbps, options={"compression_level": "9", **options}, muxer=muxer
    )


@cache
def vbr(seconds: float = 20, *, xing: bool = True) -> bytes:
    """Variable bit rate (V2)."""
    return mp3(seconds, 0, xing=xing, flags="+qscale+bitexact", global_quality=str(2 * 118))


def mp3_frames(data: bytes) -> Iterator[tuple[int, FrameHead]]:
    """Offset and header of every frame of an MP3 without tags."""
    at = 0
    while (head := frame_head(data, at)) is not None and head.length:
        yield at, head
        at += head.length


def without_first_frame(data: bytes) -> bytes:
    """Drops the Xing frame."""
    return data[next(mp3_frames(data))[1].length :]


def with_xing_frames(data: bytes, frames: int) -> bytes:
    """Writes another count of frames into the Xing header."""
    at = max(data.find(b"Xing", 0, 200), data.find(b"Info", 0, 200))
    return data[: at + 8] + struct.pack(">I", frames) + data[at + 12 :]


def with_vbri(data: bytes) -> bytes:
    """A VBRI header (Fraunhofer) in the place of LAME's."""
    (_, first), *rest = mp3_frames(data)
    body = struct.pack(">4sHHHIIHHHH", b"VBRI", 1, 0, 75, len(data), len(rest), 0, 1, 2, 0)
    return (data[:4] + bytes(32) + body).ljust(first.length, b"\0") + data[first.length :]


def free_format(data: bytes) -> bytes:
    """The same frames with bit rate index 0. Needs frames of one length: 48 kHz and 128 kbit/s have 384 bytes."""
    free = bytearray(data)
    for at, _ in mp3_frames(data):
        free[at + 2] &= 0x0F
    return bytes(free)


def empty_frames(count: int) -> bytes:
    """Frames whose side information says that nothing is in them: silence of any length."""
    return (b"\xff\xfb\x90\x64" + bytes(413)) * count


def id3(*frames: bytes, claim: int | None = None) -> bytes:
    """An ID3v2.3 tag; `claim` overrides its size."""
    body = b"".join(frames)
    size = len(body) if claim is None else claim
    return b"ID3\x03\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def id3_frame(name: bytes, body: bytes) -> bytes:
    """One frame of it."""
    return name + struct.pack(">IH", len(body), 0) + body


def cover(size: int, content: bytes = b"") -> bytes:
    """A picture frame of about `size` bytes that starts like a JPEG."""
    picture = b"\xff\xd8\xff\xe0" + (content or np.random.default_rng(7).bytes(size))
    return id3_frame(b"APIC", b"\0image/jpeg\0\x03\0" + picture[:size])


def entries(count: int) -> Iterator[bytes]:
    """Frames for an ID3 tag, no two with one name."""
    return (id3_frame(b"TXXX", b"\0%d\0v" % number) for number in range(count))


def with_comments(flac: bytes, count: int) -> bytes:
    """A FLAC file with one more block of comments behind its first block, no two with one name."""
    comments = (b"k%d=v" % number for number in range(count))
    body = struct.pack("<II", 0, count) + b"".join(struct.pack("<I", len(each)) + each for each in comments)
    return flac[:42] + b"\x04" + len(body).to_bytes(3, "big") + body + flac[42:]


def ape_tag(count: int = 1) -> bytes:
    """An APEv2 tag as it stands at the end of a file."""
    items = b"".join(struct.pack("<II", 5, 0) + b"Title%d\0Night" % number for number in range(count))
    head = struct.pack("<IIII", 2000, len(items) + 32, count, 0) + bytes(8)
    return items + b"APETAGEX" + head


def id3v1() -> bytes:
    """128 bytes at the end."""
    return b"TAG" + b"Night".ljust(125, b"\0")


def chunk(name: bytes, body: bytes, claim: int | None = None) -> bytes:
    """One RIFF chunk, padded; `claim` overrides its size."""
    return name + struct.pack("<I", len(body) if claim is None else claim) + body + bytes(len(body) & 1)


def fmt(tag: int = 1, channels: int = 2, rate: int = RATE, bits: int = 16, per_second: int | None = None) -> bytes:
    """A `fmt ` chunk."""
    align = channels * bits // 8
    speed = rate * align if per_second is None else per_second
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, speed & 0xFFFFFFFF, align & 0xFFFF, bits))


def riff(*chunks: bytes, claim: int | None = None, magic: bytes = b"RIFF") -> bytes:
    """A WAVE file of these chunks."""
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<I", len(body) if claim is None else claim) + body


def pcm_bytes(pcm: Pcm) -> bytes:
    """Interleaved, little-endian."""
    return pcm.T.astype("<i2").tobytes()


def wav(pcm: Pcm, rate: int = RATE) -> bytes:
    """The plainest WAV there is."""
    return riff(fmt(1, pcm.shape[0], rate), chunk(b"data", pcm_bytes(pcm)))


def rf64(pcm: Pcm, magic: bytes = b"RF64") -> bytes:
    """64-bit sizes in a `ds64` chunk, 0xFFFFFFFF in the old places (EBU Tech 3306)."""
    data = pcm_bytes(pcm)
    sizes = chunk(b"ds64", struct.pack("<QQQI", len(data) + 72, len(data), pcm.shape[1], 0))
    return riff(sizes, fmt(), chunk(b"data", data, 0xFFFFFFFF), claim=0xFFFFFFFF, magic=magic)


def noise(size: int, seed: int = 3) -> bytes:
    """Bytes without any meaning."""
    return np.random.default_rng(seed).bytes(size)


def frames_part(data: bytes, seconds: float) -> bytes:
    """The first `seconds` of an MP3, at a frame border."""
    max_frames = round(seconds * RATE / 1152)
    return data[: next(at for n, (at, _) in enumerate(mp3_frames(data)) if n == max_frames)]


def broken_middle(data: bytes, start: float, end: float) -> bytes:
    """Noise in place of a part; 0 and 1 are the ends."""
    first, last = int(len(data) * start), int(len(data) * end)
    return data[:first] + noise(last - first).replace(b"\xff", b"\x7f") + data[last:]


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("song.mp3"), data)
    return out.getvalue()


def quiet_noise() -> Pcm:
    """The hiss of a converter with nothing plugged in: one or two steps of 65536."""
    hiss = noise(RATE * 20 * 2)
    return (np.frombuffer(hiss, np.uint8) % 5).astype(np.int16).reshape(2, -1) - 2


def loud_noise() -> Pcm:
    return np.frombuffer(noise(RATE * 20 * 4), np.int16).reshape(2, -1)


def against_phase() -> Pcm:
    """Left and right cancel each other in a mono mix."""
    one = music(20, channels=1)
    return np.concatenate([one, -one])


def constant(level: int, click: bool = False) -> Pcm:
    pcm = np.full((2, RATE * 20), level, np.int16)
    if click:
        pcm[:, RATE * 5 : RATE * 5 + 40] = 30000
    return pcm


def flac_of_hours() -> bytes:
    return encoded(silence(40 * 60, 8000, 1), "flac", "flac", 8000)
