"""Sweeps against decoding and counting at one threshold after the other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.errors import ConfigError, DataError, EvaluationError
from sedpool.evaluation import (
    clip_counts,
    clip_sweep,
    event_counts,
    event_sweep,
    segment_counts,
    segment_sweep,
)
from sedpool.events import events_from_rows
from sedpool.inference.decode import Decoder, decode
from sedpool.scores import frame_scores

from .conftest import CLASSES
from .random_scores import LENGTHS, reference_tables, scores_of_all_clips

THRESHOLDS = np.arange(1, 100) / 100
SETTINGS = {"durations": LENGTHS, "classes": CLASSES}
ONE = {"durations": {"silent.wav": 0.95}, "classes": CLASSES}


def assert_equal_at(totals, index, counts):
    one = counts.total()
    for name in ("true_positives", "n_ref", "n_sys", "substitutions", "deletions", "insertions"):
        if getattr(one, name) is not None:
            np.testing.assert_array_equal(getattr(totals, name)[index], getattr(one, name), err_msg=name)


@settings(max_examples=20)
@given(scores_of_all_clips(), reference_tables, st.sampled_from([1.0, 0.1]), st.sampled_from([0.2, None]))
def test_sweeps_equal_decoding_and_counting(scores, reference, resolution, offset_tolerance_ratio):
    segments = segment_sweep(scores, reference, THRESHOLDS, resolution=resolution, **SETTINGS)
    events = event_sweep(scores, reference, THRESHOLDS, offset_tolerance_ratio=offset_tolerance_ratio, **SETTINGS)
    for index in range(4, 99, 15):
        detected = decode(scores, THRESHOLDS[index])
        one = segment_counts(reference, detected, resolution=resolution, **SETTINGS)
        assert_equal_at(segments, index, one)
        assert_equal_at(
            events, index, event_counts(reference, detected, offset_tolerance_ratio=offset_tolerance_ratio, **SETTINGS)
        )


def test_clip_sweep_equals_decoding_and_counting():
    generator = np.random.default_rng(0)
    tags = pd.DataFrame(generator.random((20, 3)) < 0.4, columns=list(CLASSES)).rename(str)
    scores = pd.DataFrame(generator.random((20, 3)).round(2), columns=list(CLASSES)).rename(str)
    scores = scores.rename_axis("filename").reset_index()
    totals = clip_sweep(scores, tags, THRESHOLDS)
    for index in (0, 49, 98):
        assert_equal_at(totals, index, clip_counts(tags, Decoder(clip_threshold=float(THRESHOLDS[index])).tags(scores)))


@pytest.fixture
def scores():
    edges = np.array([0.0, 0.5, 0.95])
    return frame_scores("silent.wav", np.array([[0.2, 0.5, 1.0], [0.6, 0.5, 0.0]]), edges, CLASSES)


def test_by_hand(scores):
    reference = events_from_rows([("silent.wav", 0.5, 0.95, "dog"), ("silent.wav", 0.0, 0.95, "siren")])
    segments = segment_sweep(scores, reference, [0.1, 0.6, 0.61], resolution=0.5, **ONE)
    np.testing.assert_array_equal(segments.true_positives, [[1, 2, 0], [1, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(segments.n_sys, [[2, 2, 1], [1, 0, 1], [0, 0, 1]])
    events = event_sweep(scores, reference, [0.1, 0.6, 0.61], **ONE)
    np.testing.assert_array_equal(events.true_positives, [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


REFERENCE = events_from_rows([("silent.wav", 0.5, 0.95, "dog")])
both_sweeps = pytest.mark.parametrize("sweep", [segment_sweep, event_sweep])


@both_sweeps
def test_fault_19_an_unknown_label_is_named(sweep, scores):
    unknown = events_from_rows([("silent.wav", 0.0, 0.5, "unicorn")])
    with pytest.raises(DataError, match=r"reference: row 1 .*unicorn.* unknown label"):
        sweep(scores, unknown, [0.5], **ONE)
    with pytest.raises(EvaluationError, match="classes drill, unicorn"):
        sweep(scores.rename(columns={"drill": "unicorn"}), REFERENCE, [0.5], **ONE)


@both_sweeps
def test_fault_21_scores_of_unknown_files_are_listed(sweep, scores):
    with pytest.raises(EvaluationError, match=r"scores: 1 file .*stray\.wav"):
        sweep(scores.assign(filename="stray.wav"), REFERENCE, [0.5], **ONE)


@both_sweeps
def test_fault_22_clips_without_scores_are_listed(sweep, scores):
    durations = {"silent.wav": 0.95, "a.wav": 10.0}
    with pytest.raises(EvaluationError, match=r"1 clip of the reference is missing \(a\.wav\)"):
        sweep(scores, REFERENCE, [0.5], durations=durations, classes=CLASSES)


@both_sweeps
def test_fault_23_frames_past_the_clips_end_are_cut_with_a_warning(sweep, scores):
    with pytest.warns(UserWarning, match="scores: 1 frame lasts longer than its clip"):
        totals = sweep(scores, REFERENCE.assign(offset=0.8), [0.5], durations={"silent.wav": 0.8}, classes=CLASSES)
    assert totals.true_positives[0, 0] == 1


@both_sweeps
def test_fault_24_a_score_that_is_not_a_number_is_an_error(sweep, scores):
    with pytest.raises(DataError, match=r"silent\.wav, class dog: nan is not a probability"):
        sweep(scores.assign(dog=np.nan), REFERENCE, [0.5], **ONE)


@pytest.mark.parametrize("thresholds", [[0.5, 0.5], [0.5, 0.4], [-0.1], [np.nan], []])
@both_sweeps
def test_thresholds_that_are_not_increasing_probabilities_are_an_error(sweep, scores, thresholds):
    with pytest.raises(ConfigError, match="expected increasing probabilities"):
        sweep(scores, REFERENCE, thresholds, **ONE)
