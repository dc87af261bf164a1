"""What others would score in silence (docs/faults.md, 14 to 23), for every metric of two event tables."""

import json
import math
from functools import partial

import pandas as pd
import pytest

from sedpool.errors import DataError, EvaluationError
from sedpool.evaluation import event_metrics, intersection_metrics, segment_metrics
from sedpool.events import empty_events, events_from_rows

from .conftest import CLASSES, DURATIONS

METRICS = {
    "segment": segment_metrics,
    "event": event_metrics,
    "onset": partial(event_metrics, offset_tolerance_ratio=None),
    "intersection": intersection_metrics,
}
pytestmark = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())


def score(metric, reference, estimated):
    return metric(reference, estimated, durations=DURATIONS, classes=CLASSES)


def numbers(value):
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    return [value]


@pytest.mark.parametrize("offset", [1.0, 0.5])
def test_fault_14_an_estimate_that_does_not_end_after_it_starts_is_an_error(metric, reference, offset):
    with pytest.raises(DataError, match=r"estimate: row 1 .* does not end after it starts"):
        score(metric, reference, events_from_rows([("a.wav", 1.0, offset, "dog")]))


def test_fault_15_overlapping_events_of_one_class_stay_as_they_are(metric):
    overlapping = events_from_rows([("a.wav", 0.0, 4.0, "dog"), ("a.wav", 2.0, 6.0, "dog")])
    metrics = score(metric, overlapping, overlapping)
    assert metrics["micro"]["n_ref"] == (6 if metric is segment_metrics else 2)
    assert metrics["micro"]["f1"] == 1.0


def test_fault_16_a_class_never_predicted_stays_in_the_macro_average(metric, reference):
    found = reference.loc[reference["event_label"] == "dog"]
    metrics = score(metric, reference, found)
    assert metrics["class_wise"]["siren"]["f1"] == 0.0
    assert metrics["macro"]["f1"] == 0.5
    assert metrics["macro"]["n_classes_excluded"] == 1
    if "sed_eval_macro" in metrics:
        assert metrics["sed_eval_macro"]["f1"] == 1.0


def test_fault_17_an_empty_reference_is_undefined(metric, estimated):
    metrics = score(metric, empty_events(), estimated)
    assert metrics["micro"]["f1"] is None
    assert metrics["micro"].get("error_rate") is None
    assert metrics["micro"]["note"]
    assert all(number < 1e6 for number in numbers(metrics) if isinstance(number, int | float))


def test_fault_18_nothing_in_either_is_undefined_without_a_warning(metric):
    metrics = score(metric, empty_events(), empty_events())
    assert metrics["micro"]["f1"] is None
    assert metrics["macro"]["f1"] is None
    json.dumps(metrics, allow_nan=False)


def test_fault_19_an_unknown_label_is_named(metric, reference, estimated):
    other = events_from_rows([("a.wav", 0.0, 1.0, "unicorn")])
    with pytest.raises(DataError, match=r"estimate: row 1 .*unicorn.* unknown label"):
        score(metric, reference, other)
    with pytest.raises(DataError, match=r"reference: row 1 .*unicorn.* unknown label"):
        score(metric, other, estimated)


@pytest.mark.parametrize("time", [math.nan, math.inf])
def test_fault_20_a_time_that_is_not_finite_is_an_error(metric, reference, time):
    with pytest.raises(DataError, match=r"estimate: row 1 .* not a finite number"):
        score(metric, reference, events_from_rows([("a.wav", 0.0, time, "dog")]))


def test_fault_21_estimates_for_unknown_files_are_listed(metric, reference, estimated):
    stray = pd.concat([estimated, events_from_rows([("stray.wav", 0.0, 1.0, "dog")])])
    with pytest.raises(EvaluationError, match=r"estimate: 1 file .*stray\.wav"):
        score(metric, reference, stray)


def test_fault_22_a_clip_without_events_still_counts(metric, reference):
    false_alarm = pd.concat([reference, events_from_rows([("silent.wav", 0.0, 2.0, "dog")])])
    assert score(metric, reference, false_alarm)["micro"]["precision"] < 1.0
    only_a = reference.loc[reference["filename"] == "a.wav"]
    assert score(metric, reference, only_a)["micro"]["recall"] < 1.0


def test_fault_23_an_estimate_past_the_clips_end_is_cut_with_a_warning(metric, reference):
    late = pd.concat([reference, events_from_rows([("a.wav", 6.0, 30.0, "drill")])])
    with pytest.warns(UserWarning, match="estimate: 1 event lasts longer than its clip"):
        metrics = score(metric, reference, late)
    assert metrics["class_wise"]["drill"]["n_sys"] == (4 if metric is segment_metrics else 1)


def test_clips_of_the_reference_without_a_length_are_named(metric, reference):
    with pytest.raises(EvaluationError, match=r"durations: 1 clip of the reference is missing \(b\.wav\)"):
        metric(reference, reference, durations={"a.wav": 10.0}, classes=CLASSES)


def test_no_clips_at_all_are_an_error(metric):
    with pytest.raises(EvaluationError, match="reference: no clips"):
        metric(empty_events(), empty_events(), durations={}, classes=CLASSES)
