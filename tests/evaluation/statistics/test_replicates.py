from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.errors import EvaluationError
from sedpool.evaluation.ranking import ranking_metrics
from sedpool.evaluation.statistics.bootstrap import clip_weights
from sedpool.evaluation.statistics.replicates import (
    count_difference,
    count_statistic,
    ranking_difference,
    ranking_statistic,
)

from .conftest import CLASSES, made_counts


def test_weights_equal_repeated_clips(counts):
    """The slow oracle: draw the clips, rename them, and score what was drawn."""
    weights = clip_weights(len(counts), n_resamples=20, seed=3)
    fast = count_statistic(counts)(weights)
    for row, drawn in enumerate(weights.astype(int)):
        metrics = counts.select(np.repeat(counts.filenames, drawn).tolist()).metrics()
        for (average, label, name), values in fast.items():
            slow = (metrics[average][label] if label else metrics[average])[name]
            assert values[row] == pytest.approx(np.nan if slow is None else slow, nan_ok=True)


def test_a_class_without_any_unit_is_undefined(counts):
    values = count_statistic(counts)(np.ones((1, len(counts))))
    assert np.isnan(values["class_wise", "never", "f1"])
    assert values["macro", "", "f1"] == np.mean([values["class_wise", label, "f1"] for label in CLASSES[:3]])


scores = st.integers(0, 4).map(lambda step: step / 4)  # few levels, so that there are ties
clips = st.tuples(st.tuples(st.booleans(), st.booleans()), st.tuples(scores, scores), st.integers(0, 3))


@settings(max_examples=50)
@given(st.lists(clips, min_size=2, max_size=20).filter(lambda rows: any(count for *_, count in rows)))
def test_weighted_rankings_equal_those_of_repeated_clips(rows):
    """The slow oracle: repeat the clips, and let scikit-learn rank what was drawn."""
    names = [f"{index}.wav" for index in range(len(rows))]
    tags = pd.DataFrame([row[0] for row in rows], columns=["dog", "siren"], index=pd.Index(names, name="filename"))
    table = pd.DataFrame([row[1] for row in rows], columns=["dog", "siren"])
    table.insert(0, "filename", names)
    weights = np.array([row[2] for row in rows])
    fast = ranking_statistic(tags, table)(weights[None])
    drawn = np.repeat(np.arange(len(rows)), weights)
    new_names = pd.Index([f"{index}" for index in range(len(drawn))], name="filename")
    metrics = ranking_metrics(
        tags.iloc[drawn].set_axis(new_names), table.iloc[drawn].assign(filename=new_names).reset_index(drop=True)
    )
    for (average, label, name), values in fast.items():
        slow = (metrics[average][label] if label else metrics[average])[name]
        assert values[0] == pytest.approx(np.nan if slow is None else slow, nan_ok=True)


def test_the_rows_of_scores_may_come_in_any_order():
    names = pd.Index(["a.wav", "b.wav", "c.wav"], name="filename")
    tags = pd.DataFrame({"dog": [True, False, False]}, index=names)
    table = pd.DataFrame({"filename": ["c.wav", "a.wav", "b.wav"], "dog": [0.1, 0.9, 0.5]})
    assert ranking_statistic(tags, table)(np.ones((1, 3)))["macro", "", "average_precision"] == [1.0]


def test_a_difference_is_paired(counts):
    weights = clip_weights(len(counts), n_resamples=10)
    assert all(np.nan_to_num(values).max() == 0 for values in count_difference(counts, counts)(weights).values())
    other = made_counts(40, seed=1)
    key = ("micro", "", "f1")
    separate = count_statistic(counts)(weights)[key] - count_statistic(other)(weights)[key]
    np.testing.assert_allclose(count_difference(counts, other)(weights)[key], separate)


def test_the_clips_of_a_pair_may_come_in_any_order(counts):
    turned = counts.select(counts.filenames[::-1])
    differences = count_difference(counts, turned)(clip_weights(len(counts), n_resamples=10))
    assert all(np.nan_to_num(values).max() == 0 for values in differences.values())


def test_systems_on_other_clips_or_classes_are_no_pair(counts):
    with pytest.raises(EvaluationError, match=r"40 and 39 clips: 1 in one only \(clip39\)"):
        count_difference(counts, counts.select(counts.filenames[:-1]))
    with pytest.raises(EvaluationError, match=r"differ in the classes .*bird"):
        count_difference(counts, replace(counts, classes=("bird", *counts.classes[1:])))


def test_weights_of_another_number_of_clips_are_an_error(counts):
    with pytest.raises(EvaluationError, match="weights of 30 clips for counts of 40"):
        count_statistic(counts)(clip_weights(30))


def test_a_difference_of_rankings_is_paired_by_name():
    tags = pd.DataFrame({"dog": [True, False, True]}, index=pd.Index(["a.wav", "b.wav", "c.wav"], name="filename"))
    scores = pd.DataFrame({"filename": tags.index, "dog": [0.9, 0.5, 0.1]})
    differences = ranking_difference(tags, scores, scores[::-1])(np.ones((1, 3)))
    assert differences["macro", "", "average_precision"] == [0.0]
