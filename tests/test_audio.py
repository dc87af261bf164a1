from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from sedpool import audio
from sedpool.errors import AudioError, ConfigError

SR = 44100


def tone(seconds: float = 1.0, sr: int = SR, frequency: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * sr)) / sr).astype(np.float32)


def test_wav_survives_the_round_trip_to_one_step_of_16_bits(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "x.wav", tone(), SR)
    assert np.abs(audio.read(tmp_path / "x.wav", SR) - tone()).max() <= 1 / 32768


def test_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        audio.write_wav(tmp_path / name, tone(), SR)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_resampling_keeps_duration_and_pitch(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "x.wav", tone(sr=16000), 16000)
    samples = audio.read(tmp_path / "x.wav", SR)
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(len(samples) - SR) <= 1
    assert np.argmax(spectrum) * SR / len(samples) == pytest.approx(440, abs=1)


def test_stereo_becomes_the_mean_of_its_channels(tmp_path: Path) -> None:
    sf.write(tmp_path / "x.wav", np.stack([tone(), 0 * tone()], axis=1), SR, subtype="FLOAT")
    assert audio.read(tmp_path / "x.wav", SR) == pytest.approx(tone() / 2, abs=1e-6)


def test_fault_05_truncated_wav(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "x.wav", tone(), SR)
    whole = (tmp_path / "x.wav").read_bytes()
    (tmp_path / "x.wav").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AudioError, match=r"x\.wav: truncated"):
        audio.read(tmp_path / "x.wav", SR)


@pytest.mark.parametrize("kind", ["ogg", "flac"])
def test_fault_06_and_07_truncated_compressed_audio(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"x.{kind}"
    sf.write(path, np.random.default_rng(0).normal(0, 0.1, 3 * SR), SR)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AudioError, match=rf"x\.{kind}"):
        audio.read(path, SR)


@pytest.mark.parametrize("content", [b"", b"<html>404 Not Found</html>"])
def test_fault_07_what_is_no_audio_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(AudioError, match=r"x\.wav: not readable audio"):
        audio.read(tmp_path / "x.wav", SR)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"x\.wav: no such file"):
        audio.read(tmp_path / "x.wav", SR)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_fault_08_samples_that_are_not_finite(tmp_path: Path, value: float) -> None:
    samples = tone()
    samples[100] = value
    sf.write(tmp_path / "x.wav", samples, SR, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"x\.wav: .*not finite"):
        audio.read(tmp_path / "x.wav", SR)


def test_fault_09_no_samples(tmp_path: Path) -> None:
    sf.write(tmp_path / "x.wav", np.zeros(0), SR)
    with pytest.raises(AudioError, match=r"x\.wav: holds no samples"):
        audio.read(tmp_path / "x.wav", SR)


def test_fault_10_channels_that_cancel_are_a_warning(tmp_path: Path) -> None:
    sf.write(tmp_path / "x.wav", np.stack([tone(), -tone()], axis=1), SR, subtype="FLOAT")
    with pytest.warns(UserWarning, match="cancel each other"):
        audio.read(tmp_path / "x.wav", SR)


def test_fault_11_sampling_rate_zero_in_the_header(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "x.wav", tone(), SR)
    content = bytearray((tmp_path / "x.wav").read_bytes())
    content[24:28] = bytes(4)
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(AudioError, match=r"x\.wav"):
        audio.read(tmp_path / "x.wav", SR)
    with pytest.raises(AudioError, match=r"x\.wav"):
        audio.duration(tmp_path / "x.wav")


def test_duration_comes_from_the_header(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "x.wav", tone(1.5), SR)
    assert audio.duration(tmp_path / "x.wav") == pytest.approx(1.5)


def frequency(samples: np.ndarray) -> float:
    """Frequency of a sine in Hz, between bins by a parabola through the logarithms."""
    inner = samples[SR // 4 : -SR // 4]
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner)), 1 << 20))
    peak = int(spectrum.argmax())
    before, at, after = np.log(spectrum[peak - 1 : peak + 2])
    return (peak + (before - after) / (before - 2 * at + after) / 2) * SR / (1 << 20)


@pytest.mark.parametrize("semitones", [-12, -3, -0.5, 0, 1, 7])
def test_a_shifted_sine_has_the_pitch_asked_for_and_its_length_and_level(semitones: float) -> None:
    shifted = audio.pitch_shift(tone(2.0), SR, semitones)
    assert len(shifted) == 2 * SR
    assert 1200 * np.log2(frequency(shifted) / 440) == pytest.approx(100 * semitones, abs=0.1)  # cents
    assert shifted[SR // 2 : SR].std() == pytest.approx(tone().std(), rel=0.01)


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.25, 2.0])
def test_a_stretched_sine_keeps_pitch_and_level(rate: float) -> None:
    stretched = audio.time_stretch(tone(2.0), rate)
    assert len(stretched) == 2 * SR * rate
    assert 1200 * np.log2(frequency(stretched) / 440) == pytest.approx(0, abs=0.1)
    assert stretched[SR // 2 : -SR // 4].std() == pytest.approx(tone().std(), rel=0.01)


@pytest.mark.parametrize("rate", [0.7, 1.4])
def test_a_stretched_click_stays_short_and_lands_where_time_is_stretched_to(rate: float) -> None:
    samples, at = np.zeros(SR, np.float32), SR // 2
    samples[at : at + 100] = np.random.default_rng(0).standard_normal(100)
    energy = audio.time_stretch(samples, rate) ** 2
    start = round((at / SR * rate - 0.003) * SR)
    assert energy[start : start + round(0.013 * SR)].sum() > 0.95 * energy.sum()


@given(st.integers(1, 5000), st.floats(0.25, 4.0))
def test_stretching_gives_the_length_asked_for_and_finite_samples(n: int, rate: float) -> None:
    noise = np.random.default_rng(n).standard_normal(n, dtype=np.float32)
    stretched = audio.time_stretch(noise, rate)
    assert len(stretched) == round(n * rate)
    assert np.isfinite(stretched).all()


def test_no_change_is_no_change() -> None:
    noise = np.random.default_rng(0).standard_normal(SR, dtype=np.float32)
    np.testing.assert_allclose(audio.time_stretch(noise, 1.0), noise, atol=1e-4)
    np.testing.assert_allclose(audio.pitch_shift(noise, SR, 0.0), noise, atol=1e-4)
    assert not audio.time_stretch(np.zeros(SR, np.float32), 1.3).any()


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_stretch(rate: float) -> None:
    with pytest.raises(ConfigError, match="expected a positive number"):
        audio.time_stretch(tone(), rate)


def test_a_part_of_a_recording_is_read_by_seconds(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "x.wav", tone(2.0), SR)
    whole = audio.read(tmp_path / "x.wav", SR)
    assert np.array_equal(audio.read(tmp_path / "x.wav", SR, onset=0.5, duration=1.0), whole[SR // 2 : 3 * SR // 2])
    assert np.array_equal(audio.read(tmp_path / "x.wav", SR, onset=1.5, duration=9.0), whole[3 * SR // 2 :])
    with pytest.raises(AudioError, match=r"x\.wav: holds no samples from 2 s on"):
        audio.read(tmp_path / "x.wav", SR, onset=2.0)
