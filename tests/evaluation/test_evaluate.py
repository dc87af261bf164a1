import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sedpool.errors import EvaluationError
from sedpool.evaluation import evaluate, evaluate_run
from sedpool.evaluation.evaluate import table_rows
from sedpool.evaluation.evaluation_input import make_evaluation_input
from sedpool.evaluation.levels import Criteria
from sedpool.inference.decode import SystemOutput
from sedpool.scores import frame_scores

from .conftest import CLASSES, DURATIONS


@pytest.fixture
def frames():
    """Scores of a system that finds the dog of a.wav too late and the siren of b.wav."""
    edges = np.arange(0.0, 10.5, 0.5)
    tables = []
    for filename in DURATIONS:
        probabilities = np.full((20, 3), 0.1)
        if filename == "a.wav":
            probabilities[2:10, 0] = 0.9
        if filename == "b.wav":
            probabilities[0:4, 1] = 0.8
        tables.append(frame_scores(filename, probabilities, edges, CLASSES))
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def clips(frames):
    return frames.groupby("filename")[list(CLASSES)].max().reset_index()


def test_the_table_has_one_row_a_level_and_average(dataset, estimated):
    table = evaluate(estimated, dataset, clip_predictions=dataset.tags)
    overall = table.loc[table["event_label"] == ""].set_index(["level", "average"])
    assert overall.loc[("segment", "micro"), "precision"] == 5 / 6
    assert overall.loc[("clip", "micro"), "f1"] == 1.0
    assert set(table["level"]) == {"clip", "segment", "event", "onset", "intersection"}
    assert (table["average"] == "class_wise").sum() == 5 * len(CLASSES)


def test_a_dataset_without_events_has_clip_metrics_only(dataset, estimated, frames, clips):
    weak = replace(dataset, events=None)
    assert set(evaluate(estimated, weak, clip_predictions=dataset.tags)["level"]) == {"clip"}
    metrics = evaluate_run(SystemOutput(frames, clips), weak)
    assert metrics["segment"] is None
    assert metrics["event"] is None
    assert metrics["baselines"] == {}
    assert metrics["ceiling"] is None
    assert metrics["clip"]["micro"]["precision"] == 1.0


def test_metrics_of_a_run(dataset, frames, clips):
    metrics = evaluate_run(SystemOutput(frames, clips), dataset)
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    assert metrics["format"] == 1
    assert metrics["decoding"]["threshold"] == metrics["decoding"]["clip_threshold"] == 0.5
    assert metrics["segment"]["micro"]["precision"] == 5 / 6
    assert metrics["clip"]["micro"]["recall"] == 2 / 3
    assert metrics["clip"]["class_wise"]["dog"]["average_precision"] == 1.0
    assert metrics["onset"]["micro"]["f1"] == pytest.approx(2 / 5)
    assert metrics["intersection"]["micro"]["f1"] == pytest.approx(2 * 2 / (3 + 2))
    assert set(metrics["psds"]) == {"scenario1", "scenario2"}
    # All dogs and half of the sirens are found before the first false alarm: 3/4, less their deviation of 1/4.
    assert metrics["psds"]["scenario2"] == pytest.approx(0.5)
    assert metrics["coverage"] == {"scored": 3, "expected": 3, "without_detections": 1}
    assert metrics["ceiling"]["frame_seconds"] == 0.5
    assert metrics["ceiling"]["event"]["f1"] == metrics["ceiling"]["psds"]["scenario1"] == 1.0  # all on the frames


def test_baselines_of_a_run(dataset, frames, clips):
    baselines = evaluate_run(SystemOutput(frames, clips), dataset)["baselines"]
    f1 = {name: scores["segment"]["micro"]["f1"] for name, scores in baselines.items()}
    # Ten reference seconds; true tags cover three class-clips, the system's two of them, everything nine.
    assert f1 == {
        "oracle_tags_stretched": pytest.approx(2 * 10 / (10 + 30)),
        "clip_decisions_stretched": pytest.approx(2 * 6 / (10 + 20)),
        "every_class_always": pytest.approx(2 * 10 / (10 + 90)),
    }


def test_fault_22_clips_without_scores_are_an_error_unless_allowed(dataset, frames, clips):
    some_frames = frames.loc[frames["filename"] != "b.wav"]
    some_clips = clips.loc[clips["filename"] != "b.wav"]
    with pytest.raises(EvaluationError, match=r"1 of 3 clips have no scores \(b\.wav\)"):
        evaluate_run(SystemOutput(some_frames, some_clips), dataset)
    coverage = evaluate_run(SystemOutput(some_frames, some_clips), dataset, allow_missing=True)["coverage"]
    assert coverage == {"scored": 2, "expected": 3, "without_detections": 1}
    with pytest.raises(EvaluationError, match=r"b\.wav have either frame or clip scores"):
        evaluate_run(SystemOutput(some_frames, clips), dataset, allow_missing=True)


def test_fault_21_scores_of_unknown_clips_are_an_error(dataset, frames, clips):
    with pytest.raises(EvaluationError, match=r"b\.wav"):
        evaluate_run(SystemOutput(frames, clips), dataset.select(["a.wav"]))


def test_fault_44_other_classes_are_named(dataset, frames, clips):
    with pytest.raises(EvaluationError, match="classes drill, unicorn"):
        evaluate_run(SystemOutput(frames.rename(columns={"drill": "unicorn"}), clips), dataset)


@pytest.mark.parametrize("past_end", ["cut", "extend"])
def test_optional_columns_change_no_metric_bit(reference, estimated, past_end):
    """They describe an event and are no part of what is compared."""
    optional = {"confidence": 0.25, "channel": 2, "low_frequency": 100.0, "high_frequency": 9000.0}
    tables = []
    for true, found in [(reference, estimated), (reference.assign(**optional), estimated.assign(**optional))]:
        compared = make_evaluation_input(true, found, DURATIONS, classes=CLASSES, past_end=past_end)
        counts = Criteria().count_all(compared)
        tables.append(pd.DataFrame([row for level in counts for row in table_rows(level, counts[level].metrics())]))
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    assert tables[0]["f1"].gt(0).any()
