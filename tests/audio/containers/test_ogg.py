from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from sedpool import audio
from sedpool.audio.containers import Stream, StreamFile
from sedpool.errors import AudioError

SR = 48000


def written(path: Path, seed: int = 0, sr: int = SR, subtype: str = "VORBIS", seconds: float = 3.0) -> bytes:
    sound = 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * sr)).astype(np.float32)
    sf.write(path, sound, sr, format="OGG", subtype=subtype)
    return path.read_bytes()


def pages(content: bytes) -> list[int]:
    return [at for at in range(len(content)) if content[at : at + 4] == b"OggS"]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("seconds", [0.01, 3.0])
def test_healthy_files_are_read_without_a_word(tmp_path: Path, subtype: str, seconds: float) -> None:
    written(tmp_path / "x.opus", subtype=subtype, seconds=seconds)
    expected = sf.read(tmp_path / "x.opus", dtype="float32")[0]
    assert np.array_equal(audio.read(tmp_path / "x.opus", SR), expected)
    assert audio.info(tmp_path / "x.opus").duration == seconds


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_streams_one_after_another_are_read_whole(tmp_path: Path, subtype: str) -> None:
    parts = [written(tmp_path / f"{seed}.ogg", seed, subtype=subtype) for seed in range(3)]
    expected = [sf.read(tmp_path / f"{seed}.ogg", dtype="float32")[0] for seed in range(3)]
    (tmp_path / "x.ogg").write_bytes(b"".join(parts))
    assert audio.info(tmp_path / "x.ogg").duration == 9.0
    assert audio.inspect(tmp_path / "x.ogg").duration == 9.0
    assert np.array_equal(audio.read(tmp_path / "x.ogg", SR), np.concatenate(expected))
    part = audio.read(tmp_path / "x.ogg", SR, onset=2.5, duration=4.0)
    np.testing.assert_allclose(part, np.concatenate(expected)[round(2.5 * SR) : round(6.5 * SR)], atol=1e-6)


def test_streams_of_different_rates_are_refused(tmp_path: Path) -> None:
    parts = [written(tmp_path / "a.ogg"), written(tmp_path / "b.ogg", sr=16000)]
    (tmp_path / "x.ogg").write_bytes(b"".join(parts))
    with pytest.raises(AudioError, match=r"x\.ogg: holds sounds of different rates or channels"):
        audio.read(tmp_path / "x.ogg", SR)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_fault_06_every_cut_is_noticed(tmp_path: Path, subtype: str) -> None:
    content = written(tmp_path / "x.ogg", subtype=subtype)
    for cut in np.linspace(30, len(content) - 1, 40, dtype=int):
        (tmp_path / "x.ogg").write_bytes(content[:cut])
        with pytest.raises(AudioError, match=r"x\.ogg: (truncated|not readable)"):
            audio.read(tmp_path / "x.ogg", SR)
    (tmp_path / "x.ogg").write_bytes(content[:-100])
    with pytest.raises(AudioError, match=r"truncated; 100 of the \d+ bytes of its last Ogg page are missing"):
        audio.read(tmp_path / "x.ogg", SR)


def test_fault_06_a_flipped_bit_or_a_lost_page_is_noticed(tmp_path: Path) -> None:
    content = written(tmp_path / "x.ogg")
    starts = pages(content)
    flipped = bytearray(content)
    flipped[starts[4] + 500] ^= 1
    (tmp_path / "x.ogg").write_bytes(flipped)
    with pytest.raises(AudioError, match=rf"damaged; the Ogg page at byte {starts[4]} has another checksum"):
        audio.read(tmp_path / "x.ogg", SR)
    (tmp_path / "x.ogg").write_bytes(content[: starts[3]] + content[starts[4] :])
    with pytest.raises(AudioError, match=rf"damaged; Ogg pages are missing before byte {starts[3]}"):
        audio.inspect(tmp_path / "x.ogg")


def test_a_part_of_a_file_ends_where_it_ends(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(range(20)))
    part = StreamFile(tmp_path / "x", Stream((range(5, 15),)))
    found = bytearray(8)
    assert part.seek(6) == 6
    assert part.readinto(memoryview(found)) == 4
    assert found[:4] == bytes(range(11, 15))
    assert part.readinto(memoryview(found)) == 0  # or libsndfile looks for a page without end
    part.close()
