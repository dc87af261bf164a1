import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool import audio
from sedpool.audio.stream import Resampler, blocks
from sedpool.errors import AudioError, DataError

RATES = [8000, 11025, 16000, 22050, 44100, 48000]


def noise(frames: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal((frames, channels)).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(
    native=st.sampled_from(RATES),
    sr=st.sampled_from(RATES),
    frames=st.integers(10, 150_000),
    channels=st.sampled_from([1, 2, 3, 7, 8, 9]),
    block_seconds=st.floats(0.01, 20.0),
)
def test_blocks_are_the_recording_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, native: int, sr: int, frames: int, channels: int, block_seconds: float
) -> None:
    path = tmp_path_factory.mktemp("stream") / "x.wav"
    sf.write(path, noise(frames, channels), native, subtype="FLOAT")
    whole = soxr.resample(noise(frames, channels).mean(axis=1, dtype=np.float32), native, sr, quality="HQ")
    parts = list(blocks(path, sr, block_seconds=block_seconds))
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(audio.read(path, sr), whole)
    size = max(1, round(block_seconds * sr))
    assert {len(part) for part in parts[:-1]} <= {size}
    assert 0 < len(parts[-1]) <= size


@settings(max_examples=40, deadline=None)
@given(
    native=st.sampled_from([*RATES, 44100.5]),
    channels=st.sampled_from([1, 2, 5, 9]),
    cuts=st.lists(st.integers(0, 5000), max_size=30),
)
def test_sound_may_be_pushed_in_pieces_of_any_length(native: float, channels: int, cuts: list[int]) -> None:
    samples = noise(5000, channels)
    resampler = Resampler(native, 16000)
    pieces = [resampler.push(piece) for piece in np.split(samples, sorted(cuts))]
    whole = soxr.resample(samples.mean(axis=1, dtype=np.float32), native, 16000, quality="HQ")
    assert np.array_equal(np.concatenate([*pieces, resampler.finish()]), whole)


def test_one_channel_is_read_by_its_number(tmp_path: Path) -> None:
    samples = noise(9000, 3)
    sf.write(tmp_path / "x.wav", samples, 16000, subtype="FLOAT")
    assert np.array_equal(audio.read(tmp_path / "x.wav", 16000, channel=2), samples[:, 1])
    assert np.array_equal(np.concatenate(list(blocks(tmp_path / "x.wav", 16000, channel=3))), samples[:, 2])
    with pytest.raises(AudioError, match=r"x\.wav: there is no channel 4; expected 1 to 3"):
        audio.read(tmp_path / "x.wav", 16000, channel=4)
    with pytest.raises(DataError, match="no channel 0"):
        Resampler(8000, 16000, channel=0).push(samples)


def test_an_error_comes_after_what_was_readable(tmp_path: Path) -> None:
    samples = noise(400_000)
    samples[300_000] = np.nan
    sf.write(tmp_path / "x.wav", samples, 16000, subtype="FLOAT")
    stream = blocks(tmp_path / "x.wav", 16000, block_seconds=5.0)
    assert np.array_equal(np.concatenate([next(stream), next(stream), next(stream)]), samples[:240_000, 0])
    with pytest.raises(AudioError, match=r"x\.wav: .*not finite"):
        next(stream)


def test_fault_05_blocks_of_a_truncated_recording_end_in_the_error(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "x.wav", noise(80_000)[:, 0], 16000)
    whole = audio.read(tmp_path / "x.wav", 16000)
    (tmp_path / "x.wav").write_bytes((tmp_path / "x.wav").read_bytes()[: 44 + 100_000])
    stream = blocks(tmp_path / "x.wav", 16000, block_seconds=1.0)
    assert np.array_equal(np.concatenate([next(stream), next(stream), next(stream)]), whole[:48_000])
    with pytest.raises(AudioError, match=r"x\.wav: truncated"):
        next(stream)


def test_fault_09_a_recording_too_short_for_the_rate_has_no_samples(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "x.wav", np.array([0.5]), 48000)
    with pytest.raises(AudioError, match=r"x\.wav: holds no samples at 8000 Hz"):
        audio.read(tmp_path / "x.wav", 8000)


def test_fault_10_channels_that_cancel_are_a_warning_once(tmp_path: Path) -> None:
    sound = noise(200_000)
    sf.write(tmp_path / "x.wav", np.hstack([sound, -sound]), 16000, subtype="FLOAT")
    with pytest.warns(UserWarning, match=r"x\.wav: the channels cancel each other") as caught:
        list(blocks(tmp_path / "x.wav", 16000, block_seconds=1.0))
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(blocks(tmp_path / "x.wav", 16000, channel=1))


def test_fault_47_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    audio.write_wav(path, noise(100)[:, 0], 8000)
    header = bytearray(path.read_bytes()[:44])
    size = 4 * 3600 * 8000 * 2
    header[4:8], header[40:44] = (size + 36).to_bytes(4, "little"), size.to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + size)  # four hours of silence that take no room on disk
    tracemalloc.start()
    length = sum(len(block) for block in blocks(path, 8000, block_seconds=10.0))
    assert audio.inspect(path).is_silent
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == 4 * 3600 * 8000
    assert peak < 4e6
