"""Sound and pictures of long recordings, piece by piece."""

import io
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sedpool.listening import LongRecording
from sedpool.listening.media import make_media
from tests.listening.conftest import write_clip


def whole(long: LongRecording) -> bytes:
    return b"".join(long.wav(0, long.size))


@pytest.mark.parametrize(("form", "sr"), [("wav", 44100), ("flac", 22050), ("ogg", 16000), ("mp3", 44100)])
def test_the_sound_is_that_of_the_recording(form: str, sr: int, tmp_path: Path) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, (3 * sr, 2))
    sf.write(tmp_path / f"a.{form}", samples, sr)
    long = LongRecording(tmp_path / f"a.{form}")
    found, rate = sf.read(io.BytesIO(whole(long)))
    assert len(whole(long)) == long.size
    assert rate == sr
    expected = sf.read(tmp_path / f"a.{form}")[0].mean(axis=1)
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> LongRecording:
    path = write_clip(tmp_path_factory.mktemp("part") / "a.flac", 0)
    return LongRecording(path, part=(1.5, 2.0))


@given(st.data())
def test_any_range_of_bytes_is_that_of_the_whole(part: LongRecording, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, part.size - 1))
    end = data.draw(st.integers(begin + 1, part.size))
    assert b"".join(part.wav(begin, end)) == whole(part)[begin:end]


def test_a_part_is_only_that_part(part: LongRecording) -> None:
    found, _ = sf.read(io.BytesIO(whole(part)))
    expected, sr = sf.read(part.path)
    assert found == pytest.approx(expected[round(1.5 * sr) : round(3.5 * sr)], abs=1e-4)
    assert part.duration == pytest.approx(2.0)


def test_slowed_sound_states_a_lower_rate(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "bat.wav", 0, seconds=1.0, sr=192000)
    long = LongRecording(path, slower=10)
    found, rate = sf.read(io.BytesIO(whole(long)))
    assert (rate, len(found)) == (19200, 192000)
    assert long.duration == pytest.approx(1.0)


@pytest.mark.parametrize("sr", [16000, 22050, 44100])
def test_pictures_are_those_of_a_page_in_one_file(sr: int, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.wav", 0, seconds=25.0, sr=sr)
    long, media = LongRecording(path), make_media(path)
    assert [long.picture("mel", 0, number) for number in range(3)] == media.pictures["mel"]
    assert np.array_equal(long.peaks, media.peaks)


@pytest.mark.parametrize("sr", [16000, 22050])
def test_every_level_has_an_event_at_its_time(sr: int, tmp_path: Path) -> None:
    seconds, onset = 1234.5, 1201.0
    times = np.arange(round(seconds * sr)) / sr
    samples = np.where((times >= onset) & (times < onset + 5), 0.4 * np.sin(2 * np.pi * 1000 * times), 0)
    sf.write(tmp_path / "a.wav", samples, sr)
    long = LongRecording(tmp_path / "a.wav")
    table = {scale: [(length, len(names)) for length, names in levels] for scale, levels in shown(long).items()}
    assert table == {scale: [(10, 124), (100, 13), (1000, 2), (10000, 1)] for scale in ("mel", "linear")}
    for level, (length, n) in enumerate(table["linear"]):
        number = int(onset // length)
        image = np.asarray(Image.open(io.BytesIO(long.picture("linear", level, number))).convert("L"))
        covered = min(length, seconds - number * length)
        dark = np.flatnonzero(image.min(axis=0) < 128)
        assert number < n
        assert number * length + dark[0] / image.shape[1] * covered == pytest.approx(onset, abs=length / 400)
    with pytest.raises(LookupError, match="no picture"):
        long.picture("mel", 0, 124)
    with pytest.raises(LookupError, match="no picture"):
        long.picture("mel", 9, -1)
    began = time.thread_time()  # others may be busy too
    for number in range(10):
        long.picture("mel", 0, 12 * number)
    assert (time.thread_time() - began) / 10 < 0.1


def shown(long: LongRecording):
    from sedpool.listening import ScoredRecording
    from tests.listening.conftest import random_scores

    return long.shown(ScoredRecording("a", long.path, random_scores("a", 0)), 0).pictures


@pytest.mark.parametrize("n_samples", [1, 7, 160000, 160001, 1600000, 1600001])
def test_lengths_at_the_ends_of_pictures_are_no_failure(n_samples: int, tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", np.zeros(n_samples), 16000)
    long = LongRecording(tmp_path / "a.wav")
    for scale, levels in shown(long).items():
        for level, (_, names) in enumerate(levels):
            for number in range(len(names)):
                assert Image.open(io.BytesIO(long.picture(scale, level, number))).width > 0
