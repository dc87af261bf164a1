"""Sound, peaks and pictures of one recording."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PIL import Image

from sedpool.listening.media import BITRATE, RATES, Media, make_media


def write(path: Path, samples: np.ndarray, sr: int) -> Path:
    sf.write(path, samples, sr, subtype="FLOAT")
    return path


def tone(hertz: float, seconds: float, sr: int) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * sr)) / sr)


def sound(media: Media) -> tuple[np.ndarray, int]:
    return sf.read(io.BytesIO(media.mp3))


def grey(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("L")).astype(int)


@pytest.mark.parametrize("sr", [100, 2000, 8000, 11025, 22050, 44100, 96000, 250000])
@pytest.mark.parametrize("slower", [1, 10])
def test_recordings_of_any_rate_are_played_and_shown(sr: int, slower: int, tmp_path: Path) -> None:
    seconds, hertz = 2.0, sr / 5
    media = make_media(write(tmp_path / "a.wav", tone(hertz, seconds, sr), sr), slower)
    samples, rate = sound(media)
    assert rate in RATES
    assert media.duration == pytest.approx(seconds, abs=1e-3)
    assert len(samples) / rate == pytest.approx(seconds * slower, abs=0.1)
    assert len(media.mp3) * 8 / (seconds * slower) < 1.1 * BITRATE * 1000 + 10000
    assert media.highest == pytest.approx(min(sr, RATES[-1] * slower) / 2)
    assert set(media.pictures) == ({"mel", "linear"} if slower == 1 else {"linear"})
    if hertz < 0.9 * media.highest:
        rows = grey(media.pictures["linear"][0])[:, 20:-20].mean(axis=1)
        share = 1 - (rows.argmin() + 0.5) / len(rows)
        assert share == pytest.approx(hertz / media.highest, abs=max(0.02, 1.5 / len(rows)))


def test_a_long_recording_has_a_picture_of_each_ten_seconds_and_one_of_all(tmp_path: Path) -> None:
    samples = np.concatenate([np.zeros(12 * 16000), tone(3000, 3, 16000), np.zeros(10 * 16000)])
    media = make_media(write(tmp_path / "a.wav", samples, 16000))
    assert [len(pictures) for pictures in media.pictures.values()] == [3, 3]
    dark = grey(media.whole["linear"]).min(axis=0) < 60
    edges = np.flatnonzero(dark)[[0, -1]] / len(dark) * media.duration
    assert edges == pytest.approx([12, 15], abs=0.1)
    assert (grey(media.pictures["mel"][0]) > 250).mean() > 0.99
    peaks = media.peaks / 255
    assert peaks[round(13 / 25 * len(peaks))] == pytest.approx(0.5, abs=0.02)
    assert peaks[round(5 / 25 * len(peaks))] == 0


def test_a_part_of_a_recording_is_only_that_part(tmp_path: Path) -> None:
    samples = np.concatenate([np.zeros(16000), tone(1000, 2, 16000), np.zeros(16000)])
    path = write(tmp_path / "a.wav", samples, 16000)
    media = make_media(path, onset=1.0, duration=2.0)
    assert media.duration == pytest.approx(2.0)
    assert np.abs(sound(media)[0][4000:-4000]).max() > 0.4
    assert media.peaks.min() > 100
    assert media.whole == {}


@pytest.mark.parametrize("n_samples", [1, 7, 100])
def test_hardly_any_sound_is_no_failure(n_samples: int, tmp_path: Path) -> None:
    media = make_media(write(tmp_path / "a.wav", np.zeros(n_samples), 16000))
    assert media.duration == pytest.approx(n_samples / 16000)
    assert (grey(media.pictures["mel"][0]) == 255).all()


def test_too_loud_sound_is_cut_at_full_scale(tmp_path: Path) -> None:
    media = make_media(write(tmp_path / "a.wav", 10 * tone(500, 1, 16000), 16000))
    assert media.peaks.max() == 255
