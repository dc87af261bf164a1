from collections import Counter
from dataclasses import replace
from functools import wraps

import numpy as np
import pandas as pd
import pytest

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.evaluation import evaluation_input, frames, ranking
from sedpool.evaluation.counts_table import counts_of
from sedpool.evaluation.run_folder import evaluate_folder, write_curve_and_example, write_durations
from sedpool.evaluation.scored_clips import ScoredClips
from sedpool.events import events_from_rows, tags_from_events
from sedpool.inference.decode import SystemOutput
from sedpool.run_folder import RunFolder
from sedpool.scores import frame_scores, write_scores
from sedpool.settings.schema import EvaluationSettings

NAMES, CLASSES = ("a.wav", "b.wav"), ("dog", "siren")
EVENTS = events_from_rows([("a.wav", 0, 1, "dog"), ("b.wav", 0, 2, "dog"), ("b.wav", 1, 4, "siren")])


def dataset(events: pd.DataFrame | None) -> Dataset:
    clips = pd.DataFrame({"filename": NAMES, "path": NAMES, "duration": 5.0, "split": "test"})
    return Dataset("made", CLASSES, clips, tags_from_events(EVENTS, NAMES, CLASSES), events)


@pytest.fixture
def output() -> SystemOutput:
    frames = [frame_scores(name, np.full((5, 2), 0.25), np.arange(6.0), CLASSES) for name in NAMES]
    return SystemOutput(pd.concat(frames), pd.DataFrame({"filename": NAMES, "dog": 0.5, "siren": 0.5}))


def write_extracts(run: RunFolder, corpus: Dataset, output: SystemOutput) -> None:
    write_curve_and_example(run, ScoredClips(output, corpus))
    write_durations(run, corpus)


def test_a_run_keeps_durations_and_the_clip_with_the_most_classes(tmp_path, output):
    run = RunFolder(tmp_path)
    write_extracts(run, dataset(EVENTS), output)
    assert run.curve is not None
    durations = run.durations.set_index("event_label")
    assert durations.loc["dog", ["events", "duration_5", "duration_50"]].tolist() == [2, 1.05, 1.5]
    scores, events = run.example
    assert set(scores["filename"]) == set(events["filename"]) == {"b.wav"}
    assert (len(scores), len(events)) == (5, 2)


def test_weak_labels_write_nothing(tmp_path, output):
    run = RunFolder(tmp_path)
    write_extracts(run, dataset(None), output)
    assert run.durations is None
    assert run.example is None
    assert run.curve is None


SETTINGS = EvaluationSettings(
    threshold=0.5,
    clip_threshold=0.5,
    low_threshold=None,
    box_filter=None,
    merge_drop=0.2,
    merge_share=0.5,
    median_filter=0.0,
    max_gap=0.0,
    min_duration=0.0,
    tune="per_class",
    tune_on="segment",
    paper_compat=False,
    resolution=1.0,
    collar=0.2,
    offset_tolerance_ratio=0.2,
)


@pytest.fixture
def scored_run(tmp_path) -> tuple[RunFolder, Dataset]:
    """Scores of two validation and two test clips, each with a dog that 0.5 misses and a false siren."""
    names = {"validate": ("a.wav", "b.wav"), "test": ("c.wav", "d.wav")}
    run = RunFolder(tmp_path)
    rows, clips = [], []
    for (split, filenames), prefix, height in zip(names.items(), ("validation_", ""), (0.3, 0.4), strict=True):
        tables = []
        for index, name in enumerate(filenames):
            probabilities = np.full((8, 2), 0.1 + 0.02 * index)
            probabilities[2 + index : 6, 0] = height
            probabilities[7, 1] = 0.9
            tables.append(frame_scores(name, probabilities, np.arange(9.0) / 2, CLASSES))
            rows.append((name, 1.0 + index / 2, 3.0, "dog"))
            clips.append((name, name, 4.0, split))
        scores = pd.concat(tables, ignore_index=True)
        write_scores(scores, run.file(f"{prefix}scores.parquet"))
        write_scores(
            scores.groupby("filename")[list(CLASSES)].max().reset_index(), run.file(f"{prefix}clip_scores.parquet")
        )
    events, table = events_from_rows(rows), pd.DataFrame(clips, columns=["filename", "path", "duration", "split"])
    return run, Dataset("made", CLASSES, table, tags_from_events(events, table["filename"].tolist(), CLASSES), events)


def test_every_table_is_checked_once(scored_run, monkeypatch):
    run, dataset = scored_run
    checked = Counter[tuple[str, bytes]]()
    for module, name in (
        (evaluation_input, "validate_events"),
        (frames, "validate_scores"),
        (ranking, "validate_scores"),
    ):
        check = getattr(module, name)

        @wraps(check)
        def count(table, *, check=check, name=name, **settings):
            checked[name, pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()] += 1
            return check(table, **settings)

        monkeypatch.setattr(module, name, count)
    evaluate_folder(run, dataset, SETTINGS, allow_missing=False)
    assert set(checked.values()) == {1}
    # Reference and detections as set of validation; the same of test, and detections as tuned.
    assert sum(name == "validate_events" for name, _ in checked) == 2 + 3
    # Frame scores of validation and test as they are smoothed, and the clip scores of both.
    assert sum(name == "validate_scores" for name, _ in checked) == 2 + 2


def test_metrics_follow_from_the_counts_that_are_written(scored_run):
    run, dataset = scored_run
    metrics = evaluate_folder(run, dataset, SETTINGS, allow_missing=False)
    assert storage.read_json(run.file("metrics.json")) == metrics
    for table, found in ((run.counts, metrics), (run.tuned_counts, metrics["tuned"])):
        for level in ("segment", "event"):
            assert counts_of(table, level).metrics() == found[level]
        assert counts_of(table, "own_stretched").metrics() == found["baselines"]["clip_decisions_stretched"]["segment"]
    assert metrics["segment"]["class_wise"]["dog"]["f1"] == 0.0
    assert metrics["tuned"]["segment"]["class_wise"]["dog"]["f1"] == 1.0


def test_untuned_runs_keep_no_tuned_files(scored_run):
    run, dataset = scored_run
    evaluate_folder(run, dataset, SETTINGS, allow_missing=False)
    metrics = evaluate_folder(run, dataset, replace(SETTINGS, tune=None), allow_missing=False)
    assert metrics["tuned"] is None
    assert not run.file("tuned.json").exists()
    assert not run.file("tuned_counts.parquet").exists()
