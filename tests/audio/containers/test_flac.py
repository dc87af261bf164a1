import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from sedpool import audio
from sedpool.errors import AudioError

SR = 44100


def written(path: Path, seconds: float = 3.0, channels: int = 1, subtype: str = "PCM_16") -> tuple[bytes, np.ndarray]:
    sound = 0.1 * np.random.default_rng(0).standard_normal((round(seconds * SR), channels))
    sf.write(path, sound, SR, format="FLAC", subtype=subtype)
    samples = sf.read(path, dtype="float32", always_2d=True)[0]
    return path.read_bytes(), samples.mean(axis=1, dtype=np.float32)


def stating(content: bytes, samples: int) -> bytes:
    return content[:21] + struct.pack(">Q", (content[21] & 0xF0) << 32 | samples)[3:] + content[26:]


@pytest.mark.parametrize("seconds", [0.001, 0.5, 3.0, 40.0])
@pytest.mark.parametrize(("channels", "subtype"), [(1, "PCM_16"), (2, "PCM_24"), (5, "PCM_S8")])
def test_the_number_of_samples_is_checked_and_mended(
    tmp_path: Path, seconds: float, channels: int, subtype: str
) -> None:
    content, samples = written(tmp_path / "x.flac", seconds, channels, subtype)
    assert np.array_equal(audio.read(tmp_path / "x.flac", SR), samples)
    (tmp_path / "x.flac").write_bytes(stating(content, 0))  # as written to a pipe
    assert audio.info(tmp_path / "x.flac").duration == len(samples) / SR
    assert np.array_equal(audio.read(tmp_path / "x.flac", SR), samples)
    (tmp_path / "x.flac").write_bytes(stating(content, len(samples) // 2))
    with pytest.warns(UserWarning, match=r"x\.flac: the header states .* s of audio, the file holds"):
        assert np.array_equal(audio.read(tmp_path / "x.flac", SR), samples)


@pytest.mark.parametrize("claimed", [2**36 - 1, 10**9, 3 * SR + 1])
def test_fault_07_more_samples_than_there_are_is_an_error_that_costs_no_memory(tmp_path: Path, claimed: int) -> None:
    content, _ = written(tmp_path / "x.flac")
    (tmp_path / "x.flac").write_bytes(stating(content, claimed))
    assert audio.info(tmp_path / "x.flac").duration == 3.0
    with pytest.raises(AudioError, match=r"x\.flac: truncated; the header promises .* and 3\.00 s are there"):
        audio.read(tmp_path / "x.flac", SR)
    with pytest.raises(AudioError, match=r"x\.flac: truncated"):
        audio.inspect(tmp_path / "x.flac")


def test_fault_07_every_cut_is_noticed(tmp_path: Path) -> None:
    content, _ = written(tmp_path / "x.flac")
    for cut in np.linspace(5, len(content) - 1, 40, dtype=int):
        (tmp_path / "x.flac").write_bytes(content[:cut])
        with pytest.raises(AudioError, match=r"x\.flac"):
            audio.read(tmp_path / "x.flac", SR)


def test_a_file_after_an_id3_tag_is_not_taken_for_an_mp3(tmp_path: Path) -> None:
    content, samples = written(tmp_path / "x.flac", 30.0)
    (tmp_path / "x.flac").write_bytes(b"ID3\x04\x00\x00\x00\x00\x00\x20" + bytes(32) + content)
    assert np.array_equal(audio.read(tmp_path / "x.flac", SR), samples)


def test_tags_at_the_end_are_no_sound(tmp_path: Path) -> None:
    content, samples = written(tmp_path / "x.flac")
    for stated in (len(samples), 0):
        (tmp_path / "x.flac").write_bytes(stating(content, stated) + b"TAG".ljust(128, b" "))
        assert np.array_equal(audio.read(tmp_path / "x.flac", SR), samples)
