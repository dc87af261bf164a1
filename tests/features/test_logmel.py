import librosa
import numpy as np
import pytest

from sedpool.errors import ConfigError
from sedpool.features import LogMel

RNG = np.random.default_rng(0)


def noise(seconds: float, sr: int = 44100) -> np.ndarray:
    return RNG.normal(0, 0.1, int(seconds * sr)).astype(np.float32)


def test_ten_seconds_are_430_frames_of_128_bands() -> None:
    features = LogMel()(noise(10))
    assert features.shape == (430, 128)
    assert features.dtype == np.float32


def test_values_are_the_papers_decibels_of_magnitude() -> None:
    samples = noise(1)
    power = librosa.feature.melspectrogram(
        y=samples, sr=44100, n_fft=2048, hop_length=1024, n_mels=128, pad_mode="reflect"
    )
    expected = librosa.amplitude_to_db(np.sqrt(power), ref=np.max, amin=1e-5, top_db=80).T[:43]
    assert LogMel()(samples) == pytest.approx(expected, abs=1e-4)


def test_level_does_not_matter_and_values_lie_between_minus_80_and_0() -> None:
    samples = noise(1)
    samples[:20000] *= 1e-6
    features = LogMel()(samples)
    assert -1 < features.max() <= 0  # the loudest frame may be the one cut off at the end
    assert features.min() == pytest.approx(-80)
    assert LogMel()(samples * 0.25) == pytest.approx(features, abs=1e-3)


@pytest.mark.parametrize("n", [1, 500, 2047])
def test_fault_09_less_than_a_window_is_padded(n: int) -> None:
    features = LogMel()(noise(1)[:n])
    assert features.shape == (max(1, n // 1024), 128)
    assert np.isfinite(features).all()


def test_silence_is_finite() -> None:
    assert np.isfinite(LogMel()(np.zeros(44100, dtype=np.float32))).all()


@pytest.mark.parametrize("seconds", [0.01, 1.0, 9.288, 10.0, 12.34])
def test_number_of_frames_is_known_before(seconds: float) -> None:
    samples = np.zeros(round(seconds * 44100), dtype=np.float32)
    assert LogMel().n_frames(seconds) == len(LogMel()(samples))


@pytest.mark.parametrize("setting", [{"sr": 0}, {"n_mels": -1}, {"n_fft": 2048.0}, {"hop_length": 4096}])
def test_impossible_settings_are_refused(setting: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        LogMel(**setting)
