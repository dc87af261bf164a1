import librosa
import numpy as np
import pytest

from sedpool.errors import ConfigError
from sedpool.features import PCEN

RNG = np.random.default_rng(0)


def noise(seconds: float, sr: int = 44100) -> np.ndarray:
    return RNG.normal(0, 0.1, int(seconds * sr)).astype(np.float32)


@pytest.mark.parametrize(
    "settings", [{}, {"sr": 22050, "gain": 0.8, "bias": 10.0, "power": 0.25, "time_constant": 0.06}]
)
def test_values_are_librosas_once_the_start_is_forgotten(settings: dict) -> None:
    extractor = PCEN(**settings)
    samples = noise(10, extractor.sr)
    expected = librosa.pcen(
        np.sqrt(extractor.powers(samples)).T,
        sr=extractor.sr,
        hop_length=1024,
        gain=extractor.gain,
        bias=extractor.bias,
        power=extractor.power,
        time_constant=extractor.time_constant,
    ).T
    settled = 4 * extractor.context
    assert extractor(samples)[settled:] == pytest.approx(expected[settled:], rel=1e-3)


def test_steady_sound_is_as_high_at_the_start_as_later() -> None:
    features = PCEN()(noise(10))
    assert features.shape == (430, 128)
    assert features.dtype == np.float32
    assert features[:20].mean() == pytest.approx(features[200:].mean(), rel=0.05)


def test_the_level_fades_and_an_onset_stands_out() -> None:
    samples = noise(4)
    assert PCEN()(samples * 0.1) == pytest.approx(PCEN()(samples), rel=0.06)
    samples[100000:104000] *= 10
    features = PCEN()(samples).mean(axis=1)
    assert features[98:101].max() > 4 * np.median(features)


@pytest.mark.parametrize("n", [0, 1, 2047, 44100])
def test_silence_is_0(n: int) -> None:
    assert (PCEN()(np.zeros(n, np.float32)) == PCEN().silence).all()
    samples = noise(2)
    samples[44100:] = 0
    assert (PCEN()(samples)[46:] == PCEN().silence).all()


def test_context_is_how_far_the_start_of_a_part_is_remembered() -> None:
    extractor = PCEN(hop_length=512)
    samples = noise(12)
    samples[:200000] *= 5
    first = 300
    part = extractor(samples[first * 512 :])
    differences = np.abs(part / extractor(samples)[first:] - 1).max(axis=1)
    assert differences[extractor.context :].max() < 0.02
    assert differences[: extractor.context // 4].max() > 0.1


@pytest.mark.parametrize(
    "setting", [{"gain": 1.5}, {"bias": 0.0}, {"power": -1.0}, {"time_constant": 0.0}, {"eps": float("inf")}, {"sr": 0}]
)
def test_impossible_settings_are_refused(setting: dict) -> None:
    with pytest.raises(ConfigError, match=f"features.{next(iter(setting))}"):
        PCEN(**setting)


def test_every_setting_names_the_store() -> None:
    assert {"kind", "format", "resampler", *PCEN.__dataclass_fields__} == PCEN().parameters.keys()
