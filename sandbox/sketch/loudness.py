"""How loud a mix is (ITU-R BS.1770-4), how high it peaks between its samples, and a limiter that keeps it below."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.spectrum import fast_length, smoothed

if TYPE_CHECKING:
    from sandbox.sketch.spectrum import Complexes, Floats

TARGET_LUFS = -14.0
#: The limiter's ceiling. MP3 at 224 kbit/s adds up to about 0.7 dB of overshoot; the file has to stay below -1 dBTP.
CEILING_DBTP = -2.0
SILENCE_LUFS = -70.0
_WORTH_A_LOOK = 0.45  # of the level that matters: music never more than doubles between two samples


def integrated_lufs(samples: Floats, rate: int) -> float:
    """Gated loudness of (n, channels) samples in LUFS; -70 for silence or less than one 400 ms block."""
    return gated_lufs(block_powers(samples, rate))


def block_powers(samples: Floats, rate: int) -> Floats:
    """Weighted power of every block of 400 ms, one each 100 ms; empty when there is not one."""
    block, step = int(0.4 * rate), int(0.1 * rate)
    if len(samples) < block:
        return np.zeros(0)
    power = np.zeros(1 + (len(samples) - block) // step)
    for channel in samples.T:
        squared = np.concatenate([[0.0], np.cumsum(_k_weighted(channel, rate).astype(np.float64) ** 2)])
        starts = np.arange(len(power)) * step
        power += (squared[starts + block] - squared[starts]) / block
    return power


def gated_lufs(power: Floats) -> float:
    """Loudness of so many blocks, the quiet ones left out as BS.1770 wants it."""
    loud = power[_lufs(power) > SILENCE_LUFS]
    if not len(loud):
        return SILENCE_LUFS
    gate = _lufs(loud.mean(keepdims=True))[0] - 10.0
    return float(_lufs(loud[_lufs(loud) > gate].mean(keepdims=True))[0])


def span_lufs(power: Floats, start_seconds: float, end_seconds: float) -> float:
    """Loudness of the blocks that lie within a span; of the one nearest to its middle when none does."""
    first, last = math.ceil(start_seconds * 10 - 1e-6), math.floor(end_seconds * 10 + 1e-6) - 4
    if last < first:
        first = last = max(0, (first + last) // 2)
    return gated_lufs(power[first : last + 1])


def _lufs(power: Floats) -> Floats:
    return -0.691 + 10.0 * np.log10(power + 1e-12)


def _k_weighted(channel: Floats, rate: int) -> Floats:
    length = fast_length(len(channel) + rate)
    return np.fft.irfft(np.fft.rfft(channel, length) * _k_response(length, rate), length)[: len(channel)]


@functools.lru_cache(maxsize=2)
def _k_response(length: int, rate: int) -> Complexes:
    """BS.1770's two filters by their analogue prototypes (values after De Man, 2014), as one complex response."""
    z = np.exp(2j * np.pi * np.arange(length // 2 + 1) / length)
    response = np.ones(len(z), dtype=complex)
    shelf = _biquad_shelf(rate, 1681.974450955533, 3.999843853973347, 0.7071752369554196)
    high_pass = _biquad_high_pass(rate, 38.13547087602444, 0.5003270373238773)
    for numerator, denominator in (shelf, high_pass):
        response *= np.polyval(numerator, z) / np.polyval(denominator, z)
    return response.astype(np.complex64)


def _biquad_shelf(
    rate: int, corner: float, gain_db: float, q: float
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    k = math.tan(math.pi * corner / rate)
    high = 10.0 ** (gain_db / 20.0)
    middle = high**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    numerator = (high + middle * k / q + k * k) / a0, 2.0 * (k * k - high) / a0, (high - middle * k / q + k * k) / a0
    return numerator, (1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0)


def _biquad_high_pass(
    rate: int, corner: float, q: float
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    k = math.tan(math.pi * corner / rate)
    a0 = 1.0 + k / q + k * k
    return (1.0, -2.0, 1.0), (1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0)


def _peaks_between(channel: Floats, level: float) -> Floats:
    """For every sample the highest instant up to the next one, at four times the rate.

    Only where the samples themselves come near `level`: elsewhere nothing between them will pass it.
    """
    block, margin = 2048, 64
    peaks = np.abs(channel)
    padded = np.pad(channel, (margin, margin + -len(channel) % block)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, block + 2 * margin)[::block]
    high = np.nonzero(np.abs(windows).max(axis=1) > _WORTH_A_LOOK * level)[0]
    for some in np.array_split(high, len(high) // 64 + 1):
        length = block + 2 * margin
        spectrum = np.fft.rfft(windows[some] * _edges(length, margin), axis=1)
        wide = np.zeros((len(some), 2 * length + 1), dtype=spectrum.dtype)
        wide[:, : spectrum.shape[1]] = spectrum
        fine = np.fft.irfft(wide, 4 * length, axis=1)[:, 4 * margin : -4 * margin] * 4.0
        tops = np.abs(fine).reshape(len(some), block, 4).max(axis=2)
        for number, top in zip(some.tolist(), tops, strict=True):
            part = peaks[number * block : (number + 1) * block]
            np.maximum(part, top[: len(part)], out=part)
    return peaks


@functools.cache
def _edges(length: int, margin: int) -> Floats:
    """1, with soft ends inside the margins, so that cutting a block out makes no peak of its own."""
    shape = np.ones(length, dtype=np.float32)
    shape[: margin // 2] = np.sin(np.linspace(0, np.pi / 2, margin // 2)) ** 2
    shape[-(margin // 2) :] = shape[: margin // 2][::-1]
    return shape


def true_peak_dbtp(samples: Floats) -> float:
    """Highest instant of (n, channels) samples at four times the rate, in dBTP."""
    highest = float(np.abs(samples).max(initial=0.0))
    peak = max(_peaks_between(channel, highest).max(initial=0.0) for channel in samples.T)
    return 20.0 * math.log10(peak + 1e-9)


def limited(samples: Floats, rate: int, ceiling_dbtp: float = CEILING_DBTP) -> Floats:
    """(n, 2) samples whose true peak stays below the ceiling: both channels share one smooth, looking-ahead gain."""
    ceiling = 10.0 ** (ceiling_dbtp / 20.0)
    peaks = np.maximum(*(_peaks_between(channel, ceiling) for channel in samples.T))
    wanted = np.minimum(1.0, ceiling / (peaks + 1e-9))
    # One gain per millisecond is fine enough: minima are taken over the neighbours, so nothing slips through.
    step = rate // 1000
    blocks = np.pad(wanted, (0, -len(wanted) % step), constant_values=1.0).reshape(-1, step).min(axis=1)
    ahead = 5
    padded = np.pad(blocks, (ahead, ahead), mode="edge")
    held = np.lib.stride_tricks.sliding_window_view(padded, 2 * ahead + 1).min(axis=1)
    gain = smoothed(_released(held, 0.06 * 1000), ahead)
    curve = np.interp(np.arange(len(samples)), (np.arange(len(gain)) + 0.5) * step, gain).astype(np.float32)
    return samples * curve[:, None]


def _released(gain: Floats, milliseconds: float) -> Floats:
    """Falls at once and comes back within about `milliseconds`."""
    keep = math.exp(-1.0 / milliseconds)
    out = np.empty(len(gain))
    current = 1.0
    for i, wanted in enumerate(gain.tolist()):
        current = wanted if wanted < current else wanted + (current - wanted) * keep
        out[i] = current
    return out


def mastered(samples: Floats, rate: int) -> Floats:
    """(n, 2) samples at -14 LUFS below the true-peak ceiling; silence stays silence."""
    out = samples
    for _ in range(3):  # the limiter takes a little loudness away, so the gain may be set again
        measured = integrated_lufs(out, rate)
        if measured <= SILENCE_LUFS or abs(measured - TARGET_LUFS) < 0.25:
            return out
        out = limited(out * np.float32(10.0 ** ((TARGET_LUFS - measured) / 20.0)), rate)
    return out
