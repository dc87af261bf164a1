import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from sedpool import audio
from sedpool.audio.stream import blocks
from sedpool.errors import AudioError

SR = 44100
SOUND = (0.1 * np.random.default_rng(0).standard_normal(3 * SR)).astype(np.float32)
FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "rifx": ("WAV", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "float.wav": ("WAV", "FLOAT"),
    "ulaw.wav": ("WAV", "ULAW"),
    "24.wav": ("WAV", "PCM_24"),
}


def written(path: Path, kind: str, samples: np.ndarray = SOUND) -> tuple[bytes, np.ndarray]:
    """Return a healthy file's bytes and what libsndfile reads from it."""
    container, subtype = FORMATS[kind]
    sf.write(path, samples, SR, format=container, subtype=subtype, endian="BIG" if kind == "rifx" else None)
    return path.read_bytes(), sf.read(path, dtype="float32")[0]


def size_field(content: bytes, kind: str) -> tuple[int, str, int]:
    """Return where the size of the samples is stated, its form, and what it states beyond the samples."""
    if kind == "rf64":
        return content.index(b"ds64") + 16, "<Q", 0
    if kind == "w64":
        return content.index(b"data\xf3\xac") + 16, "<Q", 24
    if kind == "aiff":
        return content.index(b"SSND") + 4, ">I", 8
    if kind == "caf":
        return content.index(b"data") + 4, ">Q", 4
    if kind == "au":
        return 8, ">I", 0
    return content.index(b"data") + 4, ">I" if kind == "rifx" else "<I", 0


def patched(content: bytes, at: int, value: bytes) -> bytes:
    return content[:at] + value + content[at + len(value) :]


@pytest.mark.parametrize("kind", FORMATS)
def test_healthy_files_are_read_without_a_word(tmp_path: Path, kind: str) -> None:
    _, samples = written(tmp_path / "x.wav", kind)
    assert np.array_equal(audio.read(tmp_path / "x.wav", SR), samples)
    assert audio.info(tmp_path / "x.wav") == audio.Info(3.0, SR, 1)


@pytest.mark.parametrize("kind", FORMATS)
def test_fault_05_a_cut_file_says_how_much_is_missing(tmp_path: Path, kind: str) -> None:
    content, _ = written(tmp_path / "x.wav", kind)
    width = {"float.wav": 4, "ulaw.wav": 1, "24.wav": 3}.get(kind, 2)
    (tmp_path / "x.wav").write_bytes(content[: len(content) - width * SR])
    with pytest.raises(AudioError, match=r"x\.wav: truncated; the header promises 3\.00 s and 2\.00 s are there"):
        audio.read(tmp_path / "x.wav", SR)
    with pytest.raises(AudioError, match=r"x\.wav: truncated"):
        audio.inspect(tmp_path / "x.wav")


@pytest.mark.parametrize("stated", [0.0, 0.5])
@pytest.mark.parametrize("kind", FORMATS)
def test_samples_beyond_the_stated_end_are_read(tmp_path: Path, kind: str, stated: float) -> None:
    content, samples = written(tmp_path / "x.wav", kind)
    at, form, more = size_field(content, kind)
    (size,) = struct.unpack_from(form, content, at)
    wrong = round(stated * (size - more)) // 12 * 12 + more
    (tmp_path / "x.wav").write_bytes(patched(content, at, struct.pack(form, wrong)))
    assert audio.info(tmp_path / "x.wav").duration == 3.0
    with pytest.warns(UserWarning, match=r"x\.wav: the header states .* s of audio, the file holds 3\.00 s"):
        assert np.array_equal(audio.read(tmp_path / "x.wav", SR), samples)


@pytest.mark.parametrize(("riff", "data"), [(0x7FFFF024, 0x7FFFF000), (0x7FFFFF24, 0x7FFFFF00), (2**31 + 36, 2**31)])
def test_sizes_that_are_written_to_a_pipe_mean_the_end_of_the_file(tmp_path: Path, riff: int, data: int) -> None:
    content, samples = written(tmp_path / "x.wav", "wav")
    content = patched(patched(content, 4, struct.pack("<I", riff)), 40, struct.pack("<I", data))
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.warns(UserWarning, match=r"x\.wav: the header does not state its length; all 3\.00 s"):
        assert np.array_equal(audio.read(tmp_path / "x.wav", SR), samples)


def test_the_mark_for_an_unknown_length_is_no_fault(tmp_path: Path) -> None:
    for kind in ("wav", "caf", "au"):
        content, samples = written(tmp_path / "x.wav", kind)
        at, form, _ = size_field(content, kind)
        content = patched(content, at, b"\xff" * struct.calcsize(form))
        if kind == "wav":
            content = patched(content, 4, b"\xff" * 4)
        (tmp_path / "x.wav").write_bytes(content)
        assert np.array_equal(audio.read(tmp_path / "x.wav", SR), samples)


def test_a_recorder_that_died_leaves_sizes_of_zero(tmp_path: Path) -> None:
    content, samples = written(tmp_path / "x.wav", "wav")
    (tmp_path / "x.wav").write_bytes(patched(patched(content, 4, bytes(4)), 40, bytes(4)))
    with pytest.warns(UserWarning, match=r"states 0\.00 s of audio, the file holds 3\.00 s"):
        assert np.array_equal(audio.read(tmp_path / "x.wav", SR), samples)


def test_a_data_size_beyond_a_whole_file_is_a_slip_of_the_header(tmp_path: Path) -> None:
    content, samples = written(tmp_path / "x.wav", "wav")
    (tmp_path / "x.wav").write_bytes(patched(content, 40, struct.pack("<I", 4 * len(SOUND))))
    with pytest.warns(UserWarning, match=r"states 6\.00 s of audio, the file holds 3\.00 s"):
        assert np.array_equal(audio.read(tmp_path / "x.wav", SR), samples)


@pytest.mark.parametrize("excess", [1, 8, 5000])
def test_a_file_size_that_is_too_large_is_named_if_no_sample_is_missing(tmp_path: Path, excess: int) -> None:
    content, samples = written(tmp_path / "x.wav", "wav")
    (tmp_path / "x.wav").write_bytes(patched(content, 4, struct.pack("<I", len(content) - 8 + excess)))
    with pytest.warns(UserWarning, match=rf"x\.wav: the header states a size too large by {excess} B"):
        assert np.array_equal(audio.read(tmp_path / "x.wav", SR), samples)


def test_a_last_byte_of_padding_may_be_missing(tmp_path: Path) -> None:
    content, samples = written(tmp_path / "x.wav", "24.wav", SOUND[:-1])
    end = content.index(b"data") + 8 + 3 * (len(SOUND) - 1)
    (tmp_path / "x.wav").write_bytes(content[:end])
    with pytest.warns(UserWarning, match="too large by 1 B"):
        assert np.array_equal(audio.read(tmp_path / "x.wav", SR), samples)


@pytest.mark.parametrize(
    "tail",
    [
        b"LIST" + struct.pack("<I", 30000) + b"INFO" + bytes(29996),
        b"TAG" + b"title".ljust(20000),
        b"ID3\x04\x00\x00\x00\x00\x7f\x7f" + b"x" * 20000,
        bytes(40000),
        b"\x01\x02\x03\x04\x05\x06\x07\x08",
    ],
)
def test_chunks_tags_and_zeros_after_the_samples_are_no_sound(tmp_path: Path, tail: bytes) -> None:
    content, samples = written(tmp_path / "x.wav", "wav")
    (tmp_path / "x.wav").write_bytes(content + tail)
    assert np.array_equal(audio.read(tmp_path / "x.wav", SR), samples)
    whole = patched(content + tail, 4, struct.pack("<I", len(content + tail) - 8))
    (tmp_path / "x.wav").write_bytes(whole)
    assert np.array_equal(audio.read(tmp_path / "x.wav", SR), samples)


@pytest.mark.parametrize("kind", ["wav", "aiff"])
def test_files_that_were_joined_are_an_error_after_the_first(tmp_path: Path, kind: str) -> None:
    content, samples = written(tmp_path / "x.wav", kind)
    (tmp_path / "x.wav").write_bytes(content + content)
    parts = blocks(tmp_path / "x.wav", SR, block_seconds=3.0)
    assert np.array_equal(next(parts), samples)
    with pytest.raises(AudioError, match=rf"x\.wav: damaged; another file follows at byte {len(content)}; split it"):
        next(parts)


@pytest.mark.parametrize(("at", "value"), [(24, struct.pack("<I", 200)), (22, struct.pack("<H", 2))])
def test_a_header_that_contradicts_itself_is_named(tmp_path: Path, at: int, value: bytes) -> None:
    content, _ = written(tmp_path / "x.wav", "wav")
    (tmp_path / "x.wav").write_bytes(patched(content, at, value))
    with pytest.warns(UserWarning, match=r"x\.wav: the header states \d+ Hz, which is \d+ bytes per second, and 88200"):
        audio.read(tmp_path / "x.wav", SR)


@pytest.mark.parametrize("data", [0xFFFFFFFF, (5_000_000_000) & 0xFFFFFFFF], ids=["streamed", "wrapped"])
def test_wav_files_of_more_than_4_gb_are_read_to_their_end(tmp_path: Path, data: int) -> None:
    path, size = tmp_path / "x.wav", 5_000_000_000
    written(path, "wav", SOUND[:10])
    header = patched(patched(path.read_bytes()[:44], 4, struct.pack("<I", data)), 40, struct.pack("<I", data))
    end = (SOUND[:SR] * 2**15).astype("<i2")
    with path.open("wb") as file:
        file.write(header)
        file.seek(44 + 705_032_704)  # where the sizes end that wrapped around
        file.write(b"\x01\x02")
        file.seek(44 + size - end.nbytes)  # nearly all of it takes no room on disk
        file.write(end.tobytes())
    seconds = size / 2 / SR
    assert audio.info(path).duration == seconds
    if data == 0xFFFFFFFF:
        samples = audio.read(path, SR, onset=seconds - 1.0)
    else:
        with pytest.warns(UserWarning, match=r"states 7993\.57 s of audio, the file holds 56689\.34 s"):
            samples = audio.read(path, SR, onset=seconds - 1.0)
    np.testing.assert_array_equal(samples, end / np.float32(2**15))


@pytest.mark.parametrize("rate", [0, 1, 99, 10_000_001, 2**31 - 1])
def test_fault_11_an_impossible_rate_is_an_error(tmp_path: Path, rate: int) -> None:
    content, _ = written(tmp_path / "x.wav", "wav")
    (tmp_path / "x.wav").write_bytes(patched(content, 24, struct.pack("<I", rate)))
    for function in (audio.info, audio.inspect, audio.duration):
        with pytest.raises(AudioError, match=r"x\.wav"):
            function(tmp_path / "x.wav")


def test_codecs_that_cannot_seek_are_read_from_the_start(tmp_path: Path) -> None:
    sf.write(tmp_path / "x.wav", SOUND, 8000, subtype="GSM610")
    whole = audio.read(tmp_path / "x.wav", 8000)
    assert len(whole) >= len(SOUND)
    assert np.array_equal(audio.read(tmp_path / "x.wav", 8000, onset=10.0, duration=2.0), whole[80_000:96_000])
