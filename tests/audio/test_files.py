import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from sedpool import audio
from sedpool.audio.decoding import Decoder
from sedpool.audio.start_time import Clock
from sedpool.errors import AudioError

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


def test_a_part_of_a_recording_is_read_by_seconds(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "x.wav", tone(2.0), SR)
    whole = audio.read(tmp_path / "x.wav", SR)
    assert np.array_equal(audio.read(tmp_path / "x.wav", SR, onset=0.5, duration=1.0), whole[SR // 2 : 3 * SR // 2])
    assert np.array_equal(audio.read(tmp_path / "x.wav", SR, onset=1.5, duration=9.0), whole[3 * SR // 2 :])
    with pytest.raises(AudioError, match=r"x\.wav: holds no samples from 2 s on"):
        audio.read(tmp_path / "x.wav", SR, onset=2.0)


@pytest.mark.parametrize("suffix", ["opus", "w64", "caf", "au", "aif", "AIFF", "Wav", "FLAC", "mp3", "ogg"])
def test_recordings_of_every_format_are_found_and_read(tmp_path: Path, suffix: str) -> None:
    kind = {"opus": "OGG", "aif": "AIFF"}.get(suffix.lower(), suffix.upper())
    sf.write(tmp_path / f"x.{suffix}", tone(sr=48000), 48000, format=kind, subtype="OPUS" if suffix == "opus" else None)
    assert audio.list_files(tmp_path, "test") == [f"x.{suffix}"]
    assert audio.stem(f"x.{suffix}") == "x"
    assert len(audio.read(tmp_path / f"x.{suffix}", 48000)) == 48000


def test_links_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    for folder in (root / "a", root / "b", elsewhere):
        folder.mkdir(parents=True)
        audio.write_wav(folder / f"{folder.name}.wav", tone(0.1), SR)
    (root / "linked").symlink_to(elsewhere)
    (root / "b.WAV").symlink_to(root / "b" / "b.wav")
    (root / ".hidden").symlink_to(elsewhere)
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "self").symlink_to(root / "a")
    (root / "a" / "out").symlink_to(tmp_path)
    (elsewhere / "back").symlink_to(root / "a")
    found = audio.list_files(root, "test")
    assert found == ["a/a.wav", "b.WAV", "b/b.wav", "linked/back/a.wav", "linked/elsewhere.wav"]


def test_siblings_that_link_to_each_other_end(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).mkdir()
        audio.write_wav(tmp_path / one / f"{one}.wav", tone(0.1), SR)
        (tmp_path / one / "to").symlink_to(tmp_path / other)
    assert audio.list_files(tmp_path, "test") == ["a/a.wav", "a/to/b.wav", "b/b.wav", "b/to/a.wav"]


def test_links_to_themselves_and_to_nothing_stop_no_search(tmp_path: Path) -> None:
    audio.write_wav(tmp_path / "a.wav", tone(0.1), SR)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "gone.wav").symlink_to("nowhere")
    assert audio.list_files(tmp_path, "test") == ["a.wav", "gone.wav"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_one_error(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav"))
    audio.write_wav(tmp_path / "a.wav", tone(0.1), SR)
    (tmp_path / "a.wav").rename(path)
    with pytest.raises(AudioError, match=r"\?\.wav: the name is not in UTF-8; rename"):
        audio.info(path)


def test_a_pipe_is_no_recording(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.wav")
    with pytest.raises(AudioError, match=r"x\.wav: not readable audio \(not a file\)"):
        audio.read(tmp_path / "x.wav", SR)


def test_properties_come_without_decoding(tmp_path: Path) -> None:
    sf.write(tmp_path / "x.flac", np.zeros((2000, 3)), 8000)
    assert audio.info(tmp_path / "x.flac") == audio.Info(duration=0.25, samplerate=8000, channels=3)
    with pytest.raises(AudioError, match="no such file"):
        audio.info(tmp_path / "y.flac")


def test_inspection_is_that_of_all_samples(tmp_path: Path) -> None:
    samples = np.stack([tone(3.0), 0.5 * tone(3.0)], axis=1)
    sf.write(tmp_path / "x.wav", samples, SR, subtype="FLOAT")
    digest = hashlib.sha256(samples.tobytes()).hexdigest()
    assert audio.inspect(tmp_path / "x.wav") == audio.Inspection(3.0, is_silent=False, cancels=False, digest=digest)
    sf.write(tmp_path / "y.wav", np.stack([tone(3.0), -tone(3.0)], axis=1), SR, subtype="FLOAT")
    assert audio.inspect(tmp_path / "y.wav").cancels
    sf.write(tmp_path / "z.wav", np.zeros((3 * SR, 2)), SR)
    assert audio.inspect(tmp_path / "z.wav").is_silent


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg", "a.mp4"])
def test_fault_68_a_recording_that_is_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    if name == "a.mp4":
        pytest.importorskip("av")
    os.mkfifo(tmp_path / name)
    assert Clock().start(tmp_path / name) is None
    with pytest.raises(AudioError, match=rf"{name}: not readable audio \(not a file\)"):
        audio.info(tmp_path / name)


@pytest.mark.parametrize("asked", [{"onset": np.nan}, {"onset": np.inf}, {"onset": -1.0}, {"duration": np.nan}])
def test_fault_83_a_part_that_no_recording_has_is_one_line(tmp_path: Path, asked: dict[str, float]) -> None:
    audio.write_wav(tmp_path / "x.wav", tone(), SR)
    with pytest.raises(AudioError, match=r"x\.wav: from .* s on, for .* s; expected seconds, finite and not negative"):
        audio.read(tmp_path / "x.wav", SR, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_fault_84_a_recording_that_is_cut_while_it_is_read_is_one_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    sf.write(path, np.random.default_rng(0).normal(0, 0.1, 20 * SR), SR)
    with Decoder(path) as decoder:
        pieces = decoder.pieces()
        next(pieces)
        os.truncate(path, path.stat().st_size // 3)
        with pytest.raises(AudioError, match=r"truncated|not readable audio"):
            list(pieces)
