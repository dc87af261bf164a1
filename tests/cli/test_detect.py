"""``sedpool detect`` from end to end, on recordings as people have them."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
import yaml
from typer.testing import CliRunner, Result

import sedpool as sp
from sedpool import storage
from sedpool.cli.app import app
from sedpool.cli.detect import runs_and_audio
from sedpool.errors import ConfigError, DataError, StorageError
from sedpool.inference.decode import Decoder
from sedpool.run_folder import RunFolder
from sedpool.scores import read_scores

SR = 44100


def detect(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["detect", *map(str, arguments)], input=stdin)


def table(result: Result) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(result.stdout), sep="\t")


def noise(seconds: float, seed: int = 0, sr: int = SR) -> np.ndarray:
    """Noise that swells and fades."""
    samples = np.random.default_rng(seed).normal(0, 0.1, round(seconds * sr))
    return samples * np.abs(np.sin(np.arange(len(samples)) / sr))


def write(path: Path, samples: np.ndarray, sr: int = SR, **options: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, samples, sr, **options)
    return path


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder with three recordings, two of them of one name."""
    write(tmp_path / "in/north/a.wav", noise(12))
    write(tmp_path / "in/south/a.flac", noise(3, seed=1))
    write(tmp_path / "in/south/b.wav", noise(25, seed=2))
    return tmp_path / "in"


def test_events_are_printed_as_the_library_finds_them(finished: RunFolder, recordings: Path) -> None:
    found = table(detect(finished.path, recordings))
    detector = sp.load(finished.path)
    for name in ("north/a.wav", "south/a.flac", "south/b.wav"):
        expected = detector.detect(recordings / name).drop(columns="filename")
        of_file = found.loc[found["filename"] == name].drop(columns="filename").reset_index(drop=True)
        pd.testing.assert_frame_equal(of_file, expected, rtol=0, atol=1e-6)
    assert len(found) > 0


def test_a_clip_of_training_length_gets_the_scores_of_evaluation(finished: RunFolder, data_root: Path) -> None:
    detector = sp.load(finished.path)
    names = finished.scores["filename"].unique()[:3]
    for name in names:
        (path,) = data_root.rglob(name)
        scores = detector.scores(path)
        expected = finished.scores.loc[finished.scores["filename"] == name, scores.columns].reset_index(drop=True)
        pd.testing.assert_frame_equal(scores.drop(columns="filename"), expected.drop(columns="filename"), atol=1e-5)


def test_a_clip_mask_is_that_of_evaluation_and_refused_in_long_recordings(
    finished: RunFolder, data_root: Path, tmp_path: Path
) -> None:
    run = RunFolder(shutil.copytree(finished.path, tmp_path / "masked"))
    median = float(finished.clip_scores[list(finished.classes)].to_numpy().ravel().mean())
    config = yaml.safe_load(run.file("config.yaml").read_text(encoding="utf-8"))
    config["evaluation"] |= {"clip_mask": True, "threshold": 0.05, "clip_threshold": median}
    storage.write_text(run.file("config.yaml"), yaml.safe_dump(config))
    decoder, name = sp.load(run.path, tuned=False).decoder, finished.scores["filename"].iloc[0]
    frames, clips = (scores[scores["filename"] == name] for scores in (run.scores, run.clip_scores))
    expected = decoder.events(frames, clips)
    assert 0 < len(expected) < len(Decoder(0.05).events(frames))
    (path,) = data_root.rglob(name)
    found = table(detect(run.path, path, "--decode", "set"))
    pd.testing.assert_frame_equal(found[expected.columns], expected.reset_index(drop=True), rtol=0, atol=1e-4)
    long = detect(run.path, write(tmp_path / "long.wav", noise(25)), "--decode", "set")
    assert isinstance(long.exception, ConfigError)
    assert "clip_mask: a recording is longer than what the network scores at once" in str(long.exception)


def test_files_arrays_and_pieces_agree(finished: RunFolder, tmp_path: Path) -> None:
    detector, samples = sp.load(finished.path), noise(31).astype(np.float32)
    path = write(tmp_path / "a.wav", samples, subtype="FLOAT")
    from_file, from_array = detector.detect(path), detector.detect(samples, sr=SR)
    pd.testing.assert_frame_equal(from_file.drop(columns="filename"), from_array.drop(columns="filename"))
    stereo = detector.detect(np.stack([samples, samples]), sr=SR)
    pd.testing.assert_frame_equal(stereo, from_array)
    both = detector.scores([path, path])
    assert len(both) == 2 * len(detector.scores(path))
    with pytest.raises(DataError, match="sr: missing"):
        detector.detect(samples)
    with pytest.raises(DataError, match="files state their own"):
        detector.detect(path, sr=SR)


def test_every_format_is_written_and_an_interrupted_command_goes_on(
    finished: RunFolder, recordings: Path, tmp_path: Path
) -> None:
    formats = ("tsv", "csv", "json", "jams", "audacity", "raven", "scores")
    arguments = [
        finished.path,
        recordings,
        "--out",
        tmp_path / "out",
        *(x for name in formats for x in ("--format", name)),
    ]
    first = detect(*arguments)
    assert first.exit_code == 0, first.output
    assert "in 3 recordings" in first.stderr
    out = tmp_path / "out"
    events = sp.formats.read_events(out / "detections.tsv")
    assert len(events) > 0
    for other in ("detections.csv", "detections.json", "detections.Table.1.selections.txt"):
        read = sp.formats.read_events(out / other)
        pd.testing.assert_frame_equal(read[list(events)], events, rtol=0, atol=2e-6)
    jams = sp.formats.read_jams(out / "south/b.jams")
    assert jams["confidence"].between(0, 1).all()
    of_file = events.loc[events["filename"] == "south/b.wav"]
    assert len(sp.formats.read_audacity(out / "south/b.txt")) == len(of_file)

    scores = read_scores(out / "south/b.scores.parquet")
    assert scores["offset"].iloc[-1] == 25.0
    decoded = sp.load(finished.path).decoder.events(scores)
    np.testing.assert_allclose(decoded["onset"], of_file["onset"], atol=1e-6)

    (tmp_path / "true.tsv").write_bytes((out / "detections.tsv").read_bytes())
    compared = ["evaluate", "-r", str(tmp_path / "true.tsv"), "-e", str(out), "--scores", str(out), "--json", "-"]
    scored = json.loads(CliRunner().invoke(app, compared, catch_exceptions=False).stdout)
    assert scored["event"]["micro"]["f1"] == 1.0
    assert scored["event"]["micro"]["n_sys"] == len(events)

    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (out / "south/b.jams").unlink()
    journal = out / "detections.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]) + b'{"half a li')
    assert detect(*arguments).exit_code == 0
    after = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert before.pop(journal) != after.pop(journal)  # it tells what was written again
    assert after == before
    other = detect(*arguments, "--threshold", "0.9")
    assert isinstance(other.exception, DataError)
    assert "made in another way (decoding.threshold" in str(other.exception)


def test_nothing_but_the_reason_is_said_where_nothing_was_read(finished: RunFolder, tmp_path: Path) -> None:
    result = detect(finished.path, tmp_path / "nothere")
    assert result.exit_code == 1
    assert "real time" not in result.stderr
    assert "nothere: no such file" in result.stderr


def test_a_folder_of_runs_names_them(finished: RunFolder) -> None:
    with pytest.raises(ConfigError, match=rf"no run itself, but has \d+ in it; .*{finished.path.name}"):
        runs_and_audio([str(finished.path.parent), "a.wav"], stream=False)


def test_a_detector_that_marks_whole_recordings_says_so(finished: RunFolder, tmp_path: Path) -> None:
    for index in range(3):
        write(tmp_path / f"in/{index}.wav", noise(4, seed=index))
    said = detect(finished.path, tmp_path / "in", "--threshold", "0").stderr
    assert "In 3 of 3 recordings with detections every event lasts from their start to their end" in said
    assert "not when" not in detect(finished.path, tmp_path / "in", "--threshold", "1").stderr


def test_results_lie_beside_the_recordings_if_asked(finished: RunFolder, recordings: Path) -> None:
    assert detect(finished.path, f"{recordings}/**/*.wav", "--beside", "--format", "audacity").exit_code == 0
    assert sorted(path.name for path in recordings.rglob("*.txt")) == ["a.txt", "b.txt"]
    assert (recordings / "detections.jsonl").is_file()


def test_options_decide_what_counts(finished: RunFolder, recordings: Path) -> None:
    everything = table(detect(finished.path, recordings, "--threshold", "0", "--merge", "1"))
    assert (everything["onset"] == 0).all()
    assert set(everything["event_label"]) == set(finished.classes)
    label = finished.classes[2]
    few = table(detect(finished.path, recordings, "--threshold", "0.01", "--classes", label, "--top", "1"))
    assert list(few["event_label"].unique()) == [label]
    assert few["filename"].is_unique
    tuned, as_set = sp.load(finished.path).decoder, sp.load(finished.path, tuned=False).decoder
    assert as_set == Decoder()
    assert tuned != as_set
    said = detect(finished.path, recordings, "--decode", "set").stderr
    assert "decodes as set" in said
    assert "decodes as tuned on 8 validation clips" in detect(finished.path, recordings).stderr


def test_several_runs_are_averaged(finished: RunFolder, recordings: Path) -> None:
    once, twice = detect(finished.path, recordings), detect(finished.path, finished.path, recordings)
    assert twice.stdout == once.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nowhere", "a.wav"], "nowhere: no run in it"),
        (["RUN"], "no recordings: give files"),
        (["RUN", "a.wav", "--classes", "dodo"], "--classes dodo: unknown to the detector; it knows"),
        (["RUN", "a.wav", "--format", "tsv"], "give --out FOLDER or --beside"),
        (["RUN", "a.wav", "--format", "mp3"], "format 'mp3': unknown; expected tsv"),
        (["RUN", "a.wav", "--out", "OUT", "--format", "docx"], "format 'docx': unknown; expected tsv"),
        (["RUN", "a.wav", "--out", "OUT", "--beside"], "give one of them"),
    ],
)
def test_wrong_arguments_end_in_one_line(
    finished: RunFolder, tmp_path: Path, arguments: list[str], expected: str
) -> None:
    stand_for = {"RUN": str(finished.path), "OUT": str(tmp_path / "out")}
    error = detect(*(stand_for.get(one, one) for one in arguments)).exception
    assert isinstance(error, ConfigError)
    assert expected in str(error)
    assert not (tmp_path / "out").exists()


ODD = {
    "silence.wav": np.zeros(12 * SR),
    "two_hundredths.wav": noise(0.02),
    "shorter_than_a_frame.wav": noise(0.05),
    "one_sample.wav": noise(1 / SR),
    "eight_channels.wav": np.stack([noise(11, seed=n) for n in range(8)], axis=1),
    "clipped.wav": np.clip(30 * noise(11), -1, 1),
    "direct_current.wav": np.full(11 * SR, 0.5),
    "<script>alert(1)<.wav": noise(11),
    "same.wav": noise(2),
    "same.flac": noise(2, seed=1),
    "north/same.wav": noise(2, seed=2),
}


@pytest.fixture(scope="module")
def odd(finished: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Results of recordings of odd kinds, and what the command says about them."""
    folder = tmp_path_factory.mktemp("odd")
    for name, samples in ODD.items():
        write(folder / "in" / name, samples)
    write(folder / "in/low_rate.wav", noise(11, sr=8000), 8000)
    write(folder / "in/not_a_number.wav", np.full(SR, np.nan), subtype="FLOAT")
    formats = ("--format", "jams", "--format", "tsv", "--format", "scores")
    result = detect(finished.path, folder / "in", "--out", folder / "out", *formats, "--threshold", "0.01")
    return folder / "out", result


def odd_scores(out: Path, name: str) -> pd.DataFrame:
    scores = read_scores(out / f"{name}.scores.parquet")
    assert np.isfinite(scores.iloc[:, 3:].to_numpy()).all()
    return scores


def test_fault_47_any_recording_is_detected_in(odd: tuple[Path, Result]) -> None:
    out, result = odd
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert len(list(out.rglob("*.jams"))) == len(ODD) + 1
    assert f"in {len(ODD) + 1} recordings" in result.stderr


def test_fault_49_recordings_of_one_name_keep_results_of_their_own(odd: tuple[Path, Result]) -> None:
    out, _ = odd
    names = {path.relative_to(out).as_posix() for path in out.rglob("*same*.jams")}
    assert names == {"same.wav.jams", "same.flac.jams", "north/same.jams"}
    events = sp.formats.read_events(out / "detections.tsv")
    assert {"same.wav", "same.flac", "north/same.wav"} <= set(events["filename"])


def test_fault_50_output_that_cannot_be_written_is_named(finished: RunFolder, recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    error = detect(finished.path, recordings, "--out", tmp_path / "out").exception
    assert isinstance(error, StorageError)
    assert f"{tmp_path / 'out'}: cannot be written (a file is in the place of a folder)" in str(error)


@pytest.mark.parametrize("name", ["two_hundredths", "shorter_than_a_frame", "one_sample"])
def test_fault_51_a_recording_shorter_than_a_frame_has_one_frame(odd: tuple[Path, Result], name: str) -> None:
    scores = odd_scores(odd[0], name)
    assert len(scores) == 1
    assert scores["offset"].iloc[0] == pytest.approx(len(ODD[f"{name}.wav"]) / SR)


def test_fault_52_silence_is_scored_in_every_frame(odd: tuple[Path, Result]) -> None:
    scores = odd_scores(odd[0], "silence")
    assert scores["offset"].iloc[-1] == 12.0


def test_fault_53_many_channels_are_scored_as_their_mean(finished: RunFolder, odd: tuple[Path, Result]) -> None:
    scores = odd_scores(odd[0], "eight_channels")
    samples = ODD["eight_channels.wav"].mean(axis=1)
    alone = sp.load(finished.path).scores(samples, sr=SR)
    np.testing.assert_allclose(scores.iloc[:, 3:], alone.iloc[:, 3:], atol=0.02)  # 16 bits for each channel


def test_fault_54_a_rate_too_low_for_the_detector_is_said(odd: tuple[Path, Result]) -> None:
    assert "1 of them at 8000 Hz: no energy above 4 kHz; the detector uses up to 22.05 kHz, so that" in odd[1].stderr
    assert "trained with" not in odd[1].stderr
    assert odd_scores(odd[0], "low_rate")["offset"].iloc[-1] == 11.0


def test_fault_55_clipped_sound_is_scored(odd: tuple[Path, Result]) -> None:
    assert odd_scores(odd[0], "clipped")["offset"].iloc[-1] == 11.0


def test_fault_56_direct_current_is_scored(odd: tuple[Path, Result]) -> None:
    assert odd_scores(odd[0], "direct_current")["offset"].iloc[-1] == 11.0


def test_fault_57_samples_that_are_not_finite_are_listed_and_the_rest_goes_on(odd: tuple[Path, Result]) -> None:
    out, result = odd
    assert result.exit_code == 1
    assert "not_a_number.wav: holds samples that are not finite" in result.stderr
    assert not list(out.glob("not_a_number*"))


def test_fault_58_a_name_with_markup_stays_a_name(odd: tuple[Path, Result]) -> None:
    out, _ = odd
    events = sp.formats.read_events(out / "<script>alert(1)<.tsv")
    assert set(events["filename"]) == {"<script>alert(1)<.wav"}


def test_recordings_that_cannot_be_read_are_listed_and_the_rest_goes_on(
    finished: RunFolder, recordings: Path, tmp_path: Path
) -> None:
    write(recordings / "not_a_number.wav", np.full(SR, np.nan), subtype="FLOAT")
    (recordings / "page.wav").write_bytes(b"<html>")
    whole = (recordings / "south/b.wav").read_bytes()
    (recordings / "cut.wav").write_bytes(whole[: len(whole) // 2])
    result = detect(finished.path, "-", "--out", tmp_path / "out", stdin=f"{recordings}\n{tmp_path}/missing.wav\n")
    assert result.exit_code == 1
    for reason in ("not finite", "page.wav: not readable audio", "cut.wav: ", "missing.wav: no such file"):
        assert reason in result.stderr
    assert "4 of 7 recordings cannot be read" in result.stderr
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.tsv")) == [
        "a.tsv",
        "a.tsv",
        "b.tsv",
        "detections.tsv",
    ]


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_threads(finished: RunFolder, tmp_path: Path) -> None:
    recording = write(tmp_path / "a.wav", noise(300))
    command = [sys.executable, "-c", "from sedpool.cli.app import main; main()", "detect", finished.path, recording]
    printed = []
    for threads in ("1", "2"):
        limits = {"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads}
        printed.append(subprocess.run(command, env=os.environ | limits, capture_output=True, check=True).stdout)
    assert printed[0] == printed[1]
    assert printed[0].count(b"\n") > 3


def test_labels_made_or_changed_by_hand_are_not_replaced(finished: RunFolder, recordings: Path, tmp_path: Path) -> None:
    arguments = (finished.path, recordings, "--beside", "--format", "audacity", "--threshold", "0.01")
    by_hand = recordings / "south/b.txt"
    by_hand.write_text("0.1\t0.5\tmine\n")
    error = detect(*arguments).exception
    assert isinstance(error, DataError)
    assert "b.txt: would be replaced, and it was not written by this command" in str(error)
    assert by_hand.read_text() == "0.1\t0.5\tmine\n"
    assert not (recordings / "north/a.txt").exists()

    by_hand.unlink()
    assert detect(*arguments).exit_code == 0
    assert detect(*arguments).exit_code == 0
    by_hand.write_text("0.1\t0.5\tcorrected\n")
    assert isinstance(detect(*arguments).exception, DataError)
    assert by_hand.read_text() == "0.1\t0.5\tcorrected\n"


def test_scores_of_a_recording_that_has_changed_are_written_anew(finished: RunFolder, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", noise(5))
    for seconds, name in ((5, "scores"), (9, "tsv"), (9, "scores")):
        write(path, noise(seconds))
        assert detect(finished.path, path, "--out", tmp_path / "out", "--format", name).exit_code == 0
    assert read_scores(tmp_path / "out/a.scores.parquet")["offset"].iloc[-1] == 9.0


@pytest.mark.parametrize(
    ("data", "expected"), [(b"V\x80\x83\xff", "no list of names"), (b"a\0b.wav", "no list of names")]
)
def test_standard_input_that_is_no_list_is_one_line(finished: RunFolder, data: bytes, expected: str) -> None:
    command = [sys.executable, "-c", "from sedpool.cli.app import main; main()", "detect", finished.path, "-"]
    answer = subprocess.run(command, input=data, capture_output=True, env=os.environ | {"PYTHONUTF8": "1"})
    assert answer.returncode == 1
    assert expected in answer.stderr.decode().splitlines()[-1]
