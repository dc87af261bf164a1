import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from sedpool.evaluation.statistics.bootstrap import clip_weights
from sedpool.evaluation.statistics.replicates import count_statistic, difference, ranking_statistic

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


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), scores, st.integers(0, 3)), min_size=4, max_size=30))
def test_ranking_metrics_equal_scikit_learns(rows):
    positive, values, weights = (np.array(column) for column in zip(*rows, strict=True))
    names = pd.Index([f"{index}.wav" for index in range(len(rows))], name="filename")
    tags = pd.DataFrame({"dog": positive}, index=names)
    table = pd.DataFrame({"filename": names, "dog": values})
    found = ranking_statistic(tags, table)(weights[None])
    n_positive, n_negative = weights[positive].sum(), weights[~positive].sum()
    expected = {"average_precision": np.nan, "roc_auc": np.nan}
    if n_positive:
        expected["average_precision"] = average_precision_score(positive, values, sample_weight=weights)
    if n_positive and n_negative:
        expected["roc_auc"] = roc_auc_score(positive, values, sample_weight=weights)
    for name, value in expected.items():
        assert found["class_wise", "dog", name][0] == pytest.approx(value, nan_ok=True)
        assert found["macro", "", name][0] == pytest.approx(value, nan_ok=True)


def test_the_rows_of_scores_may_come_in_any_order():
    names = pd.Index(["a.wav", "b.wav", "c.wav"], name="filename")
    tags = pd.DataFrame({"dog": [True, False, False]}, index=names)
    table = pd.DataFrame({"filename": ["c.wav", "a.wav", "b.wav"], "dog": [0.1, 0.9, 0.5]})
    assert ranking_statistic(tags, table)(np.ones((1, 3)))["macro", "", "average_precision"] == [1.0]


def test_a_difference_is_paired(counts):
    weights = clip_weights(len(counts), n_resamples=10)
    own = count_statistic(counts)
    assert all(np.nan_to_num(values).max() == 0 for values in difference(own, own)(weights).values())
    other = count_statistic(made_counts(40, seed=1))
    key = ("micro", "", "f1")
    np.testing.assert_allclose(difference(own, other)(weights)[key], own(weights)[key] - other(weights)[key])
