"""``sedpool detect`` from end to end, on recordings as people have them."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from typer.testing import CliRunner, Result

import sedpool as sp
from sedpool.cli.app import app
from sedpool.errors import ConfigError, DataError
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

    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (out / "south/b.jams").unlink()
    journal = out / "detections.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]) + b'{"half a li')
    assert detect(*arguments).exit_code == 0
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    other = detect(*arguments, "--threshold", "0.9")
    assert isinstance(other.exception, DataError)
    assert "made in another way (decoding)" in str(other.exception)


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


@pytest.mark.filterwarnings("ignore:.*the channels cancel each other")
def test_fault_47_any_recording_is_detected_in(finished: RunFolder, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder / "silence.wav", np.zeros(12 * SR))
    write(folder / "short.wav", noise(0.02))
    write(folder / "shorter_than_a_frame.wav", noise(0.05))
    write(folder / "one_sample.wav", noise(1 / SR))
    write(folder / "eight_channels.wav", np.stack([noise(11, seed=n) for n in range(8)], axis=1))
    write(folder / "low_rate.wav", noise(11, sr=8000), 8000)
    write(folder / "clipped.wav", np.clip(30 * noise(11), -1, 1))
    write(folder / "direct_current.wav", np.full(11 * SR, 0.5))
    write(folder / "<script>alert(1)<.wav", noise(11))
    write(folder / "same.wav", noise(2))
    write(folder / "same.flac", noise(2))
    result = detect(finished.path, folder, "--out", tmp_path / "out", "--format", "jams", "--threshold", "0.01")
    assert result.exit_code == 0, result.output
    assert "in 11 recordings" in result.stderr
    assert "1 recordings at 8000 Hz have no energy above 4 kHz" in result.stderr
    assert len(list((tmp_path / "out").glob("*.jams"))) == 11
    assert {path.name for path in (tmp_path / "out").glob("same*")} == {"same.wav.jams", "same.flac.jams"}


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


def test_output_that_cannot_be_written_is_named(finished: RunFolder, recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    error = detect(finished.path, recordings, "--out", tmp_path / "out").exception
    assert isinstance(error, OSError)
    assert str(tmp_path / "out") in str(error)
