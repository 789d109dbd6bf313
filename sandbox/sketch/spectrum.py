"""Spectra, filters and convolution in numpy: the signal processing that listening, voice and mix share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating]
Integers: TypeAlias = NDArray[np.integer]
Complexes: TypeAlias = NDArray[np.complexfloating]

_ROWS_AT_ONCE = 512  # keeps the windowed copy of a long song small


def magnitudes(samples: Floats, size: int, hop: int) -> Floats:
    """Magnitude spectra, one row every `hop` samples, each centred on its instant; shape (frames, size // 2 + 1)."""
    padded = np.pad(np.asarray(samples, dtype=np.float32), (size // 2, size))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[: len(samples) + 1 : hop]
    shape = np.hanning(size).astype(np.float32)
    blocks = range(0, len(windows), _ROWS_AT_ONCE)
    return np.concatenate(
        [np.abs(np.fft.rfft(windows[i : i + _ROWS_AT_ONCE] * shape, axis=1)).astype(np.float32) for i in blocks]
    )


def fast_length(min_samples: int) -> int:
    """The shortest length from `min_samples` on that an FFT likes (2^a times 1, 3, 5, 9, 15, …)."""
    best = 1 << max(0, min_samples - 1).bit_length()
    for odd in (3, 5, 9, 15, 25, 27, 45, 75, 81, 125, 135):
        best = min(best, odd << max(0, (-(-min_samples // odd) - 1).bit_length()))
    return best


def shaped(samples: Floats, gain: Callable[[Floats], Floats]) -> Floats:
    """The samples (n,) or (n, channels) with the real gain `gain(frequency / rate)` applied: zero phase, float32."""
    if samples.ndim == 2:
        return np.stack([shaped(np.ascontiguousarray(channel), gain) for channel in samples.T], axis=1)
    length = fast_length(len(samples) + 4096)
    spectrum = np.fft.rfft(samples.astype(np.float32), length)
    # The curve is smooth: drawn on 4096 points of a logarithmic scale and read off between them.
    drawn = np.geomspace(1e-6, 0.5, 4096)
    curve = np.interp(np.arange(len(spectrum)) / length, drawn, gain(drawn)).astype(np.float32)
    return np.fft.irfft(spectrum * curve, length)[: len(samples)].astype(np.float32)


def band(samples: Floats, rate: int, low: float = 0.0, high: float = 1e9, order: int = 2) -> Floats:
    """Butterworth-shaped band pass between `low` and `high` Hz, zero phase."""

    def gain(fraction: Floats) -> Floats:
        frequency = fraction * rate
        below = 1.0 / np.sqrt(1.0 + (low / frequency) ** (2 * order)) if low else np.ones_like(frequency)
        above = 1.0 / np.sqrt(1.0 + (frequency / high) ** (2 * order)) if high < rate / 2 else 1.0
        return below * above

    return shaped(samples, gain)


def convolved(samples: Floats, response: Floats) -> Floats:
    """`samples` through an impulse response, cut to the length of `samples`; both (n,) ."""
    length = fast_length(len(samples) + len(response))
    product = np.fft.rfft(samples.astype(np.float32), length) * np.fft.rfft(response.astype(np.float32), length)
    return np.fft.irfft(product, length)[: len(samples)].astype(np.float32)


def smoothed(values: Floats, width: int) -> Floats:
    """Moving average by a raised-cosine window of `width` points, the ends held."""
    if width < 2 or len(values) == 0:
        return values
    window = np.hanning(width + 2)[1:-1]
    left = width // 2
    padded = np.pad(values, (left, width - 1 - left), mode="edge")
    return np.convolve(padded, window / window.sum(), "valid")
