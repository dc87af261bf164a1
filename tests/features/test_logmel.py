import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.errors import ConfigError
from sedpool.features import FeatureStore, LogMel

FIXED = LogMel(reference="fixed")

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


@pytest.mark.parametrize(
    "setting",
    [
        {"sr": 0},
        {"n_mels": -1},
        {"n_fft": 2048.0},
        {"hop_length": 4096},
        {"fmax": 22050.5},
        {"fmin": -1.0},
        {"fmin": 8000.0, "fmax": 8000.0},
        {"fmin": 0.0, "scale": "log"},
        {"fmin": float("nan")},
        {"fmax": float("nan")},
        {"scale": "bark"},
        {"reference": "clip"},
    ],
)
def test_impossible_settings_are_refused(setting: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        LogMel(**setting)


def test_bands_without_a_bin_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"n_mels=128: 11 of the bands lie between two bins .* 86.1328 Hz apart"):
        LogMel(n_fft=512, hop_length=512)
    assert LogMel(n_fft=512, hop_length=512, n_mels=40)


def test_a_window_keeps_the_bits_of_the_first_version() -> None:
    samples = noise(3.3)
    mel = librosa.feature.melspectrogram(y=samples, sr=44100, n_fft=2048, hop_length=1024, pad_mode="reflect")
    expected = librosa.power_to_db(mel, ref=np.max, amin=1e-10, top_db=80).T[:142]
    assert np.array_equal(LogMel()(samples), expected)


def test_settings_that_came_later_name_a_store_only_where_they_matter(tmp_path) -> None:
    former = {"kind": "logmel", "format": 1, "sr": 44100, "n_fft": 2048, "hop_length": 1024, "n_mels": 128}
    assert {key: value for key, value in LogMel().parameters.items() if key != "resampler"} == former
    grown = [LogMel(), FIXED, LogMel(fmin=50.0), LogMel(fmax=16000.0), LogMel(scale="linear")]
    assert len({FeatureStore(tmp_path, extractor).folder for extractor in grown}) == 5


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"sr": 22050},
        {"n_fft": 1024, "hop_length": 400, "n_mels": 40},
        {"n_fft": 2047, "hop_length": 512, "n_mels": 64},
        {"fmin": 300.0, "fmax": 12000.0, "n_mels": 64},
    ],
)
@pytest.mark.parametrize("seconds", [0.02, 1.0, 3.21])
def test_fixed_is_librosas_power_over_that_of_a_sine_at_full_scale(settings: dict, seconds: float) -> None:
    extractor = LogMel(reference="fixed", **settings)
    sr, n_fft, hop_length = extractor.sr, extractor.n_fft, extractor.hop_length
    samples = noise(seconds, sr)
    sine = np.cos(2 * np.pi * 100 * np.arange(10 * n_fft) / n_fft)
    full_scale = np.abs(librosa.stft(sine, n_fft=n_fft, center=False)[100]).max() ** 2
    powers = librosa.feature.melspectrogram(
        y=np.pad(samples, (0, max(0, n_fft - len(samples)))).astype(float),
        sr=sr,
        n_fft=n_fft,
        hop_length=hop_length,
        n_mels=extractor.n_mels,
        fmin=extractor.fmin,
        fmax=extractor.fmax,
        pad_mode="reflect",
    )
    expected = 10 * np.log10(powers.T[: extractor.n_frames(seconds)] * sr / n_fft / full_scale)
    assert expected.min() > -120
    assert extractor(samples) == pytest.approx(expected, abs=1e-3)


def test_fixed_is_exact_over_the_range_of_a_frame() -> None:
    rng = np.random.default_rng(1)
    slope = np.fft.irfft(np.fft.rfft(rng.normal(0, 0.1, 44100)) * np.geomspace(1, 1e-5, 22051)).astype(np.float32)
    powers = librosa.feature.melspectrogram(y=slope.astype(float), sr=44100, hop_length=1024, pad_mode="reflect")
    expected = 10 * np.log10(powers.T[:43] * 44100 / 2048 / 512**2)
    error = np.abs(FIXED(slope) - np.maximum(expected, -120))
    range_of_frames = expected.max(axis=1, keepdims=True) - expected
    assert range_of_frames.max() > 90
    assert error[range_of_frames < 60].max() < 1e-3
    assert error.max() < 0.02


def test_fixed_follows_the_level_and_window_does_not() -> None:
    samples = noise(1)
    assert FIXED(samples * 0.1) == pytest.approx(FIXED(samples) - 20, abs=1e-3)


def test_a_loud_sound_shifts_no_value_of_fixed_beside_it() -> None:
    samples = noise(2)
    louder = samples.copy()
    louder[60000:] *= 20
    assert np.array_equal(FIXED(louder)[:57], FIXED(samples)[:57])
    assert np.abs(LogMel()(louder)[:57] - LogMel()(samples)[:57]).min() > 20


def test_16_bit_noise_is_about_the_floor_of_fixed() -> None:
    dither = RNG.triangular(-1, 0, 1, 44100)
    assert FIXED((np.round(dither) / 32768).astype(np.float32)).mean() == pytest.approx(-122, abs=2.5)


@pytest.mark.parametrize("extractor", [LogMel(), FIXED], ids=["window", "fixed"])
def test_silence_is_the_value_of_digital_silence_beside_sound(extractor: LogMel) -> None:
    samples = noise(2)
    samples[44100:] = 0
    features = extractor(samples)
    assert (features[46:] == extractor.silence).all()
    assert features[:40].min() > extractor.silence


def test_digital_silence_is_the_floor_of_fixed() -> None:
    assert (FIXED(np.zeros(44100, np.float32)) == FIXED.silence).all()


@given(
    st.sampled_from([(2048, 1024), (2048, 512), (1024, 300), (1023, 700), (512, 512)]),
    st.integers(5000, 9000),
    st.integers(3, 12),
)
def test_context_is_how_far_the_end_of_a_part_reaches(
    lengths: tuple[int, int], n_samples: int, first_frame: int
) -> None:
    n_fft, hop_length = lengths
    extractor = LogMel(n_fft=n_fft, hop_length=hop_length, n_mels=20, reference="fixed")
    samples = np.random.default_rng(0).normal(0, 0.1, 20000).astype(np.float32)
    start = first_frame * hop_length
    part = extractor(samples[start : start + n_samples])
    whole = extractor(samples)[first_frame : first_frame + len(part)]
    inner = slice(extractor.context, len(part) - extractor.context)
    assert np.array_equal(part[inner], whole[inner])
    assert not np.allclose(part[: extractor.context], whole[: extractor.context], atol=1e-3)
