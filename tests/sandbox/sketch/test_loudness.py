"""BS.1770 loudness against its own reference tone, and a limiter that keeps its word between the samples."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.sketch.loudness import SILENCE_LUFS, integrated_lufs, limited, mastered, true_peak_dbtp

RATE = 44_100
TIME = np.arange(RATE * 4) / RATE


def _stereo(samples: np.ndarray) -> np.ndarray:
    return np.stack([samples, samples], axis=1).astype(np.float32)


def test_a_full_scale_997_hz_tone_in_one_channel_is_minus_3_01_lufs() -> None:
    tone = np.stack([np.sin(2 * np.pi * 997 * TIME), np.zeros(len(TIME))], axis=1).astype(np.float32)
    assert integrated_lufs(tone, RATE) == pytest.approx(-3.01, abs=0.05)


def test_silence_is_gated_away() -> None:
    tone = _stereo(0.1 * np.sin(2 * np.pi * 997 * TIME))
    with_pause = np.concatenate([tone, np.zeros_like(tone)])
    assert integrated_lufs(with_pause, RATE) == pytest.approx(integrated_lufs(tone, RATE), abs=0.3)
    assert integrated_lufs(np.zeros((RATE, 2)), RATE) == SILENCE_LUFS


def test_a_peak_between_two_samples_is_seen() -> None:
    quarter = np.sin(2 * np.pi * RATE / 4 * TIME + np.pi / 4)  # every sample at 0.707, the crest at 1
    assert np.abs(quarter).max() < 0.71
    assert true_peak_dbtp(_stereo(quarter)) == pytest.approx(0.0, abs=0.1)


def test_the_limiter_keeps_the_true_peak_below_its_ceiling() -> None:
    rng = np.random.default_rng(2)
    loud = _stereo(rng.standard_normal(RATE * 2) * np.linspace(0.05, 1.0, RATE * 2))
    assert true_peak_dbtp(limited(loud, RATE, -2.0)) < -1.9


def test_mastering_reaches_the_target_loudness_and_leaves_silence_alone() -> None:
    music = _stereo(0.02 * np.sin(2 * np.pi * 440 * TIME) * (1 + np.sin(2 * np.pi * 2 * TIME)))
    assert integrated_lufs(mastered(music, RATE), RATE) == pytest.approx(-14.0, abs=0.4)
    assert not mastered(np.zeros((RATE, 2), dtype=np.float32), RATE).any()
