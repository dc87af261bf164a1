"""Collar-based curves against decoding and counting at every score, and against sed_scores_eval."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.evaluation import event_ranking_metrics
from sedpool.evaluation.evaluation_input import reference_input
from sedpool.evaluation.event import event_counts
from sedpool.evaluation.event_curves import event_curve
from sedpool.evaluation.frames import frame_arrays
from sedpool.evaluation.threshold_candidates import threshold_candidates
from sedpool.inference.decode import decode

from .conftest import CLASSES
from .random_scores import LENGTHS, reference_tables, scores_of_all_clips
from .test_psds import MINUTES, noisy_scores

SETTINGS = {"durations": LENGTHS, "classes": CLASSES}


@settings(max_examples=15, deadline=None)
@given(scores=scores_of_all_clips(), reference=reference_tables, data=st.data())
def test_every_threshold_counts_as_decoding_at_it(scores, reference, data):
    collar, ratio = data.draw(st.sampled_from([(0.2, 0.2), (1.0, None), (2.0, 0.5)]))
    threshold = data.draw(st.sampled_from(np.unique(scores[list(CLASSES)].to_numpy()).tolist()))
    frames = frame_arrays(scores, LENGTHS, CLASSES)
    truth = reference_input(reference, **SETTINGS).reference.lasting()
    lasting = reference[reference["offset"] > reference["onset"]]
    events = decode(scores, threshold)
    counts = event_counts(lasting, events, collar=collar, offset_tolerance_ratio=ratio, **SETTINGS).total()
    for number in np.unique(truth.label).tolist():
        of_class = truth.select(truth.label == number)
        curve = event_curve(threshold_candidates(frames, number), of_class, collar=collar, offset_tolerance_ratio=ratio)
        point = np.flatnonzero(curve.threshold >= threshold)[-1]
        assert curve.true_positives[point] == counts.true_positives[number]
        assert curve.n_sys[point] == counts.n_sys[number]
        assert curve.n_ref == counts.n_ref[number]


def test_an_empty_reference_has_no_curves():
    scores, reference = noisy_scores(0)
    empty = event_ranking_metrics(scores, reference.iloc[:0], durations=MINUTES, classes=CLASSES)
    assert empty == {"class_wise": {}, "macro": {}}


@pytest.mark.parametrize("seed", range(3))
def test_equals_sed_scores_eval(seed, sed_scores_eval):
    oracle = sed_scores_eval.collar_based
    from sed_scores_eval.base_modules.precision_recall import average_precision_from_intermediate_statistics

    scores, reference = noisy_scores(seed)
    by_file = {
        name: table.drop(columns="filename").reset_index(drop=True).copy() for name, table in scores.groupby("filename")
    }
    truth = {
        name: list(table[["onset", "offset", "event_label"]].itertuples(index=False, name=None))
        for name, table in reference.groupby("filename")
    } | {name: [] for name in set(MINUTES) - set(reference["filename"])}
    counts, _ = oracle.accumulated_intermediate_statistics(
        by_file, truth, onset_collar=1.0, offset_collar=1.0, offset_collar_rate=0.2
    )
    found = event_ranking_metrics(scores, reference, durations=MINUTES, classes=CLASSES, collar=1.0)
    precision, _ = average_precision_from_intermediate_statistics(counts)
    best = oracle.best_fscore(by_file, truth, onset_collar=1.0, offset_collar=1.0, offset_collar_rate=0.2)[0]
    for label in found["class_wise"]:
        assert found["class_wise"][label]["average_precision"] == pytest.approx(precision[label], abs=1e-9)
        assert found["class_wise"][label]["best_f1"] == pytest.approx(best[label], abs=1e-9)
    assert found["macro"]["best_f1"] > 0


def test_recall_has_what_so_many_false_alarms_an_hour_allow():
    scores, reference = noisy_scores(1)
    metrics = event_ranking_metrics(scores, reference, durations=MINUTES, classes=CLASSES, collar=1.0)["macro"]
    rates = [metrics[f"recall_at_{rate}_per_hour"] for rate in (1, 10, 100)]
    assert rates == sorted(rates)
    assert rates[0] < rates[2]
