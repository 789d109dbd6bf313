"""How loud a mix is (ITU-R BS.1770-4), how high it peaks between its samples, and a limiter that keeps it below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sandbox.sketch.spectrum import fast_length, smoothed

if TYPE_CHECKING:
    from sandbox.sketch.spectrum import Floats

TARGET_LUFS = -14.0
#: The limiter's ceiling. MP3 at 224 kbit/s adds up to about 0.7 dB of overshoot; the file has to stay below -1 dBTP.
CEILING_DBTP = -2.0
SILENCE_LUFS = -70.0


def integrated_lufs(samples: Floats, rate: int) -> float:
    """Gated loudness of (n, channels) samples in LUFS; -70 for silence or less than one 400 ms block."""
    block, step = int(0.4 * rate), int(0.1 * rate)
    if len(samples) < block:
        return SILENCE_LUFS
    power = np.zeros(1 + (len(samples) - block) // step)
    for channel in samples.T:
        squared = np.concatenate([[0.0], np.cumsum(_k_weighted(channel, rate).astype(np.float64) ** 2)])
        starts = np.arange(len(power)) * step
        power += (squared[starts + block] - squared[starts]) / block
    loud = power[_lufs(power) > SILENCE_LUFS]
    if not len(loud):
        return SILENCE_LUFS
    gate = _lufs(loud.mean(keepdims=True))[0] - 10.0
    return float(_lufs(loud[_lufs(loud) > gate].mean(keepdims=True))[0])


def _lufs(power: Floats) -> Floats:
    return -0.691 + 10.0 * np.log10(power + 1e-12)


def _k_weighted(channel: Floats, rate: int) -> Floats:
    """BS.1770's two filters by their analogue prototypes (values after De Man, 2014), as one complex response."""
    length = fast_length(len(channel) + rate)
    z = np.exp(2j * np.pi * np.arange(length // 2 + 1) / length)
    shelf = _biquad_shelf(rate, 1681.974450955533, 3.999843853973347, 0.7071752369554196)
    high_pass = _biquad_high_pass(rate, 38.13547087602444, 0.5003270373238773)
    response = _response(shelf, z) * _response(high_pass, z)
    return np.fft.irfft(np.fft.rfft(channel, length) * response, length)[: len(channel)]


def _response(coefficients: tuple[tuple[float, float, float], tuple[float, float, float]], z: Floats) -> Floats:
    (b0, b1, b2), (a0, a1, a2) = coefficients
    return (b0 + b1 / z + b2 / z**2) / (a0 + a1 / z + a2 / z**2)


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


def four_times(channel: Floats) -> Floats:
    """Four samples for one, by the spectrum."""
    length = fast_length(len(channel) + 256)
    spectrum = np.fft.rfft(channel.astype(np.float32), length)
    wide = np.zeros(2 * length + 1, dtype=np.complex64)
    wide[: len(spectrum)] = spectrum
    return np.fft.irfft(wide, 4 * length)[: 4 * len(channel)].astype(np.float32) * 4.0


def true_peak_dbtp(samples: Floats) -> float:
    """Highest instant of (n, channels) samples at four times the rate, in dBTP."""
    peak = max(float(np.abs(four_times(channel)).max(initial=0.0)) for channel in samples.T)
    return 20.0 * math.log10(peak + 1e-9)


def limited(samples: Floats, rate: int, ceiling_dbtp: float = CEILING_DBTP) -> Floats:
    """(n, 2) samples whose true peak stays below the ceiling: both channels share one smooth, looking-ahead gain."""
    ceiling = 10.0 ** (ceiling_dbtp / 20.0)
    peaks = np.zeros(len(samples), dtype=np.float32)
    for channel in samples.T:
        peaks = np.maximum(peaks, np.abs(four_times(channel)).reshape(-1, 4).max(axis=1))
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
    for _ in range(3):  # the limiter takes a little loudness away, so the gain is set again
        measured = integrated_lufs(out, rate)
        if measured <= SILENCE_LUFS:
            return out
        out = limited(out * np.float32(10.0 ** ((TARGET_LUFS - measured) / 20.0)), rate)
    return out
