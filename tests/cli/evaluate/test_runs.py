"""A run as the estimate: as tuned, joined to whole recordings, on those that it was tested on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import sedpool as sp
from sedpool import storage
from sedpool.datasets.transforms import join_pieces
from sedpool.evaluation.tuning import Tuned
from sedpool.formats import write_tsv
from sedpool.inference.decode import Decoder
from sedpool.run_folder import RunFolder
from sedpool.scores import frame_scores, write_scores
from tests.cli.evaluate.conftest import HEADER, Command
from tests.test_configs import composed

ACTIVE = {"a.wav#t=0,5": [(3.0, 5.0)], "a.wav#t=5,8": [(0.0, 1.0), (2.0, 3.0)], "b.wav": [(1.0, 2.0)]}
LABELS = "a.wav\t3.0\t6.0\tdog\na.wav\t7.0\t8.0\tdog\nb.wav\t1.0\t2.0\tdog\ntrained.wav\t0.0\t9.0\tdog\n"


def scores_of(active: dict[str, list[tuple[float, float]]], certain: float) -> pd.DataFrame:
    """Scores in frames of a quarter of a second: `certain` while the class is active."""
    tables = []
    for name, spans in active.items():
        n = 12 if name.endswith("5,8") else 20
        times = np.arange(n) * 0.25
        inside = np.any([(times >= onset) & (times < offset) for onset, offset in spans], axis=0)
        tables.append(frame_scores(name, np.where(inside, certain, 0.1)[:, None], np.arange(n + 1) * 0.25, ["dog"]))
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run on cut recordings that finds everything as tuned, and nothing as set."""
    folder = RunFolder(tmp_path / "runs/made")
    storage.write_text(folder.file("config.yaml"), yaml.safe_dump(composed()))
    frames = scores_of(ACTIVE, certain=0.4)
    write_scores(frames, folder.file("scores.parquet"))
    write_tsv(Decoder().events(frames), folder.file("events.tsv"))
    tuned = Tuned(Decoder(threshold=0.3), "global", "segment F1, 1 s", n_clips=7)
    storage.write_json(folder.file("tuned.json"), tuned.description())
    write_tsv(tuned.decoder.events(frames), folder.file("tuned_events.tsv"))
    folder.mark_done()
    (tmp_path / "labels.tsv").write_text(HEADER + LABELS, encoding="utf-8")
    return folder


def f1(evaluate: Command, run: RunFolder, estimated: Path) -> tuple[float, str]:
    labels = run.path.parents[1] / "labels.tsv"
    shown = evaluate("--reference", labels, "--estimated", estimated, "-m", "event", "--json", "-")
    return json.loads(shown.output)["event"]["micro"]["f1"], shown.error


def test_a_run_is_scored_as_tuned_on_the_recordings_that_it_was_tested_on(evaluate: Command, run: RunFolder) -> None:
    score, said = f1(evaluate, run, run.path)
    assert score == 1.0
    assert "made: events decoded as tuned on 7 validation clips by segment F1, 1 s" in said
    assert "tested on 2 recordings of the reference; the other 1 do not count" in said
    run.file("tuned.json").unlink()
    score, said = f1(evaluate, run, run.path)
    assert score == 0.0
    assert "decoded as set" in said


def test_its_files_are_joined_to_whole_recordings_too(evaluate: Command, run: RunFolder) -> None:
    score, said = f1(evaluate, run, run.file("tuned_events.tsv"))
    assert score == 1.0
    assert "tested on 2 recordings of the reference; the other 1 do not count" in said
    assert f1(evaluate, run, run.file("events.tsv"))[0] == 0.0
    elsewhere = run.path.parents[1] / "tuned_events.tsv"
    elsewhere.write_bytes(run.file("tuned_events.tsv").read_bytes())
    assert f1(evaluate, run, elsewhere)[0] == pytest.approx(6 / 7)  # the recording that it was trained on counts
    pieces = run.path.parents[1] / "labels.tsv"
    pieces.write_bytes(run.file("tuned_events.tsv").read_bytes())
    assert f1(evaluate, run, run.file("tuned_events.tsv"))[0] == 1.0
    assert f1(evaluate, run, run.path)[0] == 1.0


def test_lengths_of_clips_are_those_of_the_scores(evaluate: Command, run: RunFolder) -> None:
    labels = run.path.parents[1] / "labels.tsv"
    shown = evaluate("--reference", labels, "--estimated", run.path, "-m", "segment", "--json", "-")
    always = json.loads(shown.output)["baselines"]["every_class_always"]["segment"]["micro"]
    assert always["precision"] == pytest.approx((3 + 1 + 1) / (8 + 5))


def test_a_reference_of_other_recordings_is_refused_in_one_line(evaluate: Command, run: RunFolder) -> None:
    labels = run.path.parents[1] / "labels.tsv"
    labels.write_text(HEADER + "c.wav\t1\t2\tdog\n", encoding="utf-8")
    shown = evaluate("--reference", labels, "--estimated", run.path)
    assert "tested on none of the reference's recordings, but on others such as a.wav; the reference names c.wav" in (
        shown.error
    )


def test_a_class_that_the_reference_never_has_is_a_false_alarm(evaluate: Command, run: RunFolder) -> None:
    write_scores(
        run.scores.assign(cat=np.where(run.scores["filename"] == "b.wav", 0.9, 0.1)), run.file("scores.parquet")
    )
    score, _ = f1(evaluate, run, run.path)
    assert score == pytest.approx(6 / 7)


def test_the_joined_events_of_a_run_are_those_of_the_recordings(run: RunFolder) -> None:
    joined = join_pieces(sp.read_events(run.file("tuned_events.tsv")))
    assert joined[["filename", "onset", "offset"]].to_numpy().tolist() == [
        ["a.wav", 3.0, 6.0],
        ["a.wav", 7.0, 8.0],
        ["b.wav", 1.0, 2.0],
    ]
