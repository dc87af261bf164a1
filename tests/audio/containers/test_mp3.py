import struct
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from sedpool import audio
from sedpool.errors import AudioError

SR = 44100


def written(path: Path, sr: int = SR, channels: int = 1, seconds: float = 3.0, **options: object) -> bytes:
    sound = 0.1 * np.random.default_rng(0).standard_normal((round(seconds * sr), channels)).astype(np.float32)
    sf.write(path, sound, sr, format="MP3", **options)
    return path.read_bytes()


def second_frame(content: bytes) -> int:
    """Return where the frame after the info frame starts."""
    return next(at for at in range(24, len(content)) if content[at] == 0xFF and content[at + 1] == content[1])


def without_info(content: bytes) -> bytes:
    return content[second_frame(content) :]


def stating(content: bytes, change: int) -> bytes:
    at = content.index(b"Xing") + 8
    (frames,) = struct.unpack_from(">I", content, at)
    return content[:at] + struct.pack(">I", frames + change) + content[at + 4 :]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sr", [8000, 22050, 44100])
def test_healthy_files_are_read_without_a_word(tmp_path: Path, sr: int, channels: int) -> None:
    written(tmp_path / "x.mp3", sr, channels)
    expected = sf.read(tmp_path / "x.mp3", dtype="float32", always_2d=True)[0].mean(axis=1, dtype=np.float32)
    assert np.array_equal(audio.read(tmp_path / "x.mp3", sr), expected)
    assert audio.info(tmp_path / "x.mp3") == audio.Info(3.0, sr, channels)


@pytest.mark.parametrize("sr", [8000, 22050, 44100])
def test_without_an_info_frame_the_length_is_that_of_all_frames(tmp_path: Path, sr: int) -> None:
    content = written(tmp_path / "x.mp3", sr, seconds=20.0)
    whole = audio.read(tmp_path / "x.mp3", sr)
    (tmp_path / "x.mp3").write_bytes(without_info(content))
    samples = audio.read(tmp_path / "x.mp3", sr)
    assert len(samples) == round(audio.info(tmp_path / "x.mp3").duration * sr)
    assert 0 <= len(samples) - len(whole) < 4 * 1152
    delay = 1105  # of encoder and decoder, which the info frame would have stated
    np.testing.assert_allclose(samples[delay:][: len(whole)], whole, atol=1e-6)
    guessed = sf.read(tmp_path / "x.mp3", dtype="float32")[0]
    n = min(len(guessed), len(samples))
    assert np.array_equal(samples[:n], guessed[:n])
    part = audio.read(tmp_path / "x.mp3", sr, onset=15.0, duration=2.0)
    np.testing.assert_allclose(part, samples[15 * sr : 17 * sr], atol=1e-6)


@pytest.mark.parametrize("tag", [b"", b"ID3\x04\x00\x00\x00\x00\x02\x00" + b"\xff\xfb" * 128])
def test_tags_are_no_sound(tmp_path: Path, tag: bytes) -> None:
    content = written(tmp_path / "x.mp3")
    whole = audio.read(tmp_path / "x.mp3", SR)
    (tmp_path / "x.mp3").write_bytes(tag + content + b"TAG".ljust(128))
    assert np.array_equal(audio.read(tmp_path / "x.mp3", SR), whole)
    (tmp_path / "x.mp3").write_bytes(tag + without_info(content) + b"TAG".ljust(128))
    assert np.array_equal(audio.read(tmp_path / "x.mp3", SR)[1105:][: len(whole)], whole)


def test_a_cut_file_without_an_info_frame_is_read_as_far_as_it_goes_and_named(tmp_path: Path) -> None:
    content = without_info(written(tmp_path / "x.mp3"))
    (tmp_path / "x.mp3").write_bytes(content)
    whole = audio.read(tmp_path / "x.mp3", SR)
    (tmp_path / "x.mp3").write_bytes(content[: len(content) // 2])
    with pytest.warns(UserWarning, match=r"x\.mp3: its last MP3 frame is cut; all before is read"):
        samples = audio.read(tmp_path / "x.mp3", SR)
    assert len(samples) > 1.4 * SR
    assert np.array_equal(samples, whole[: len(samples)])


def test_fault_07_a_cut_file_with_an_info_frame_says_how_much_is_missing(tmp_path: Path) -> None:
    content = written(tmp_path / "x.mp3", seconds=10.0)
    (tmp_path / "x.mp3").write_bytes(content[: len(content) // 2])
    with pytest.raises(AudioError, match=r"x\.mp3: truncated; the header promises 10\.\d\d s and [45]\.\d\d s are"):
        audio.read(tmp_path / "x.mp3", SR)
    assert 4 < audio.info(tmp_path / "x.mp3").duration < 6


def test_a_file_joined_of_several_is_read_whole(tmp_path: Path) -> None:
    parts = [written(tmp_path / f"{seconds}.mp3", seconds=seconds) for seconds in (3.0, 5.0, 2.0)]
    expected = np.concatenate([audio.read(tmp_path / f"{seconds}.mp3", SR) for seconds in (3.0, 5.0, 2.0)])
    (tmp_path / "x.mp3").write_bytes(b"".join(parts))
    assert audio.info(tmp_path / "x.mp3").duration == 10.0
    assert np.array_equal(audio.read(tmp_path / "x.mp3", SR), expected)
    part = audio.read(tmp_path / "x.mp3", SR, onset=2.0, duration=7.0)
    np.testing.assert_allclose(part, expected[2 * SR : 9 * SR], atol=1e-6)


def test_an_info_frame_that_states_too_few_frames_is_named_and_all_are_read(tmp_path: Path) -> None:
    content = written(tmp_path / "x.mp3")
    whole = audio.read(tmp_path / "x.mp3", SR)
    (tmp_path / "x.mp3").write_bytes(stating(content, -40))
    with pytest.warns(UserWarning, match=r"x\.mp3: the header states .* s of audio, the file holds 3\.03 s"):
        assert np.array_equal(audio.read(tmp_path / "x.mp3", SR), whole)


@pytest.mark.parametrize(
    ("sr", "channels", "options"),
    [
        (44100, 1, {}),
        (48000, 2, {}),
        (32000, 1, {"bitrate_mode": "AVERAGE", "compression_level": 0.9}),
        (16000, 2, {}),
    ],
)
def test_a_part_has_the_bits_of_a_decoder_that_seeks(
    tmp_path: Path, sr: int, channels: int, options: dict[str, object]
) -> None:
    path = tmp_path / "x.mp3"
    written(path, sr, channels, seconds=30.0, **options)
    for onset in np.arange(0.0, 29.0, 1.37):
        with sf.SoundFile(path) as file:
            file.seek(round(onset * sr))
            sought = file.read(2 * sr, dtype="float32", always_2d=True).mean(axis=1, dtype=np.float32)
        assert np.array_equal(audio.read(path, sr, onset=onset, duration=2.0), sought)


@pytest.mark.parametrize("sr", [8000, 22050, 44100])
@pytest.mark.parametrize("options", [{}, {"bitrate_mode": "AVERAGE", "compression_level": 0.9}])
def test_a_part_is_that_of_the_whole(tmp_path: Path, sr: int, options: dict[str, object]) -> None:
    written(tmp_path / "x.mp3", sr, seconds=30.0, **options)
    whole = audio.read(tmp_path / "x.mp3", sr)
    for onset in np.arange(0.0, 29.0, 1.37):
        part = audio.read(tmp_path / "x.mp3", sr, onset=onset, duration=2.0)
        first = round(onset * sr)
        np.testing.assert_allclose(part, whole[first : first + len(part)], atol=1e-6)


def test_the_end_of_a_long_recording_is_found_without_reading_what_comes_before(tmp_path: Path) -> None:
    content = without_info(written(tmp_path / "x.mp3", sr=8000, seconds=60.0))
    with (tmp_path / "x.mp3").open("wb") as file:
        for _ in range(120):
            file.write(content)
    seconds = audio.info(tmp_path / "x.mp3").duration
    assert seconds > 7200

    def time_at(onset: float) -> float:
        start = time.process_time()
        for _ in range(5):
            audio.read(tmp_path / "x.mp3", 8000, onset=onset, duration=1.0)
        return time.process_time() - start

    time_at(10.0)
    assert min(time_at(seconds - 10) for _ in range(3)) < 3 * min(time_at(10.0) for _ in range(3))
