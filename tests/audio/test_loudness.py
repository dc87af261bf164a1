import numpy as np
import pyloudnorm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.audio.loudness import integrated_loudness, lufs, lufs_as_scaper, rms

SR = 44100


def noise(seconds: float, sr: int = SR) -> np.ndarray:
    samples = np.random.default_rng(0).standard_normal(round(seconds * sr), dtype=np.float32)
    return 0.1 * samples * np.linspace(1, 0, len(samples), dtype=np.float32) ** 3  # so that the gates have work


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("seconds", [0.4, 0.449, 0.451, 1.0, 3.3])
@pytest.mark.parametrize("level", [1.0, 1e-3])
def test_loudness_is_pyloudnorms(sr: int, seconds: float, level: float) -> None:
    samples = np.float32(level) * noise(seconds, sr)
    expected = pyloudnorm.Meter(sr).integrated_loudness(samples.astype(np.float64))
    assert integrated_loudness(samples, sr) == pytest.approx(expected, abs=0.01)


def test_a_full_scale_sine_has_the_loudness_of_the_standard() -> None:
    sine = np.sin(2 * np.pi * 997 * np.arange(2 * SR) / SR).astype(np.float32)
    assert integrated_loudness(sine, SR) == pytest.approx(-3.01, abs=0.05)


def test_short_sounds_are_repeated_as_by_scaper() -> None:
    short = noise(0.2)
    expected = pyloudnorm.Meter(SR).integrated_loudness(np.tile(short, 3).astype(np.float64))
    assert 20 * np.log10(lufs_as_scaper(short, SR)) == pytest.approx(expected, abs=0.01)


def test_silence_has_a_floor() -> None:
    silence = np.zeros(SR, np.float32)
    assert 20 * np.log10(lufs_as_scaper(silence, SR)) == pytest.approx(-70)
    assert lufs(silence, SR) == rms(silence) == 0


@given(st.floats(-120, 0))
def test_level_grows_with_the_sound_however_faint_it_is(gain_db: float) -> None:
    samples = noise(1.0)
    quieter = samples * np.float32(10 ** (gain_db / 20))
    assert 20 * np.log10(lufs(quieter, SR) / lufs(samples, SR)) == pytest.approx(gain_db, abs=0.01)


def test_both_definitions_agree_where_no_gate_differs() -> None:
    assert 20 * np.log10(lufs(noise(2.0), SR) / lufs_as_scaper(noise(2.0), SR)) == pytest.approx(0, abs=0.01)
