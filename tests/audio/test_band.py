import numpy as np
import pytest
import soxr

from sedpool.audio.band import FLOOR_DB, SR, band_edge, dither, lowpass
from sedpool.audio.loudness import rms


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n).astype(np.float32)


@pytest.mark.parametrize("native", [8000, 16000, 22050, 32000])
def test_band_edge_of_a_resampled_background(native: int) -> None:
    samples = soxr.resample(0.1 * noise(5 * native), native, SR)
    assert 0.9 * native / 2 < band_edge(samples, -50.0) <= 1.01 * native / 2


def test_band_edge_does_not_depend_on_the_level_of_the_file() -> None:
    samples = soxr.resample(noise(5 * 16000), 16000, SR)
    assert band_edge(samples, -50.0) == band_edge(1e-3 * samples, -50.0)


def test_band_edge_of_full_band_noise_and_of_silence() -> None:
    assert band_edge(noise(SR), -50.0) == SR / 2
    assert band_edge(np.zeros(SR, np.float32), -50.0) == 0.0


@pytest.mark.parametrize("band", [4000.0, 8000.0, 11000.0])
def test_lowpass_keeps_what_is_below_and_nothing_above(band: float) -> None:
    samples = noise(SR)
    filtered, pad = lowpass(samples, band)
    assert len(filtered) == len(samples) + 2 * pad
    spectrum = np.abs(np.fft.rfft(filtered * np.hanning(len(filtered)))) ** 2
    frequencies = np.fft.rfftfreq(len(filtered), 1 / SR)
    below, above = spectrum[frequencies < band - 900].mean(), spectrum[frequencies > band + 10].mean()
    assert above < 1e-9 * below
    passed = np.sin(2 * np.pi * 1000 * np.arange(SR) / SR).astype(np.float32)
    inner = slice(SR // 4, SR // 2)
    np.testing.assert_allclose(lowpass(passed, band)[0][pad : pad + SR][inner], passed[inner], atol=1e-3)


def test_lowpass_of_the_whole_band_changes_nothing() -> None:
    samples = noise(100)
    assert lowpass(samples, SR / 2)[0] is samples


@pytest.mark.parametrize("level", [0.0, 0.2, 0.7, 3.0, 100.0])
def test_rounding_noise_is_constant_under_dither(level: float) -> None:
    """Half a step RMS, whatever lies under it, even less than a step."""
    samples = np.float32(level / 32768) * np.sin(np.arange(100_000) / 7).astype(np.float32)
    dithered = samples + dither(len(samples), np.random.default_rng(0))
    error = np.round(dithered * 32768) / 32768 - samples
    assert 20 * np.log10(rms(error)) == pytest.approx(FLOOR_DB, abs=0.1)
