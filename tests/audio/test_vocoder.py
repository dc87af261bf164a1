import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.audio import vocoder
from sedpool.errors import ConfigError

SR = 44100


def tone(seconds: float = 1.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * SR)) / SR).astype(np.float32)


def frequency(samples: np.ndarray) -> float:
    """Frequency of a sine in Hz, between bins by a parabola through the logarithms."""
    inner = samples[SR // 4 : -SR // 4]
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner)), 1 << 20))
    peak = int(spectrum.argmax())
    before, at, after = np.log(spectrum[peak - 1 : peak + 2])
    return (peak + (before - after) / (before - 2 * at + after) / 2) * SR / (1 << 20)


@pytest.mark.parametrize("semitones", [-12, -3, -0.5, 0, 1, 7])
def test_a_shifted_sine_has_the_pitch_asked_for_and_its_length_and_level(semitones: float) -> None:
    shifted = vocoder.pitch_shift(tone(2.0), SR, semitones)
    assert len(shifted) == 2 * SR
    assert 1200 * np.log2(frequency(shifted) / 440) == pytest.approx(100 * semitones, abs=0.1)  # cents
    assert shifted[SR // 2 : SR].std() == pytest.approx(tone().std(), rel=0.01)


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.25, 2.0])
def test_a_stretched_sine_keeps_pitch_and_level(rate: float) -> None:
    stretched = vocoder.time_stretch(tone(2.0), rate)
    assert len(stretched) == 2 * SR * rate
    assert 1200 * np.log2(frequency(stretched) / 440) == pytest.approx(0, abs=0.1)
    assert stretched[SR // 2 : -SR // 4].std() == pytest.approx(tone().std(), rel=0.01)


@pytest.mark.parametrize("rate", [0.7, 1.4])
def test_a_stretched_click_stays_short_and_lands_where_time_is_stretched_to(rate: float) -> None:
    samples, at = np.zeros(SR, np.float32), SR // 2
    samples[at : at + 100] = np.random.default_rng(0).standard_normal(100)
    energy = vocoder.time_stretch(samples, rate) ** 2
    start = round((at / SR * rate - 0.003) * SR)
    assert energy[start : start + round(0.013 * SR)].sum() > 0.95 * energy.sum()


@given(st.integers(1, 5000), st.floats(0.25, 4.0))
def test_stretching_gives_the_length_asked_for_and_finite_samples(n: int, rate: float) -> None:
    noise = np.random.default_rng(n).standard_normal(n, dtype=np.float32)
    stretched = vocoder.time_stretch(noise, rate)
    assert len(stretched) == round(n * rate)
    assert np.isfinite(stretched).all()


def test_no_change_is_no_change() -> None:
    noise = np.random.default_rng(0).standard_normal(SR, dtype=np.float32)
    np.testing.assert_allclose(vocoder.time_stretch(noise, 1.0), noise, atol=1e-4)
    np.testing.assert_allclose(vocoder.pitch_shift(noise, SR, 0.0), noise, atol=1e-4)
    assert not vocoder.time_stretch(np.zeros(SR, np.float32), 1.3).any()


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_stretch(rate: float) -> None:
    with pytest.raises(ConfigError, match="expected a positive number"):
        vocoder.time_stretch(tone(), rate)
