import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.errors import EvaluationError
from sedpool.evaluation.counts import ClipCounts, concatenate
from sedpool.stats.clusters import membership
from sedpool.stats.replicates import count_difference, count_statistic
from sedpool.stats.resampling import bca_interval, clip_weights, influences, interval_table, within_range

from .conftest import made_counts


def row(table, average="micro", label="", metric="f1"):
    keys = (table["average"] == average) & (table["event_label"] == label) & (table["metric"] == metric)
    return table.loc[keys].iloc[0]


def test_every_resample_draws_as_many_clips_as_there_are():
    weights = clip_weights(50, n_resamples=200, seed=1)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.mean(axis=0) == pytest.approx(1, abs=0.3)
    assert weights.var() == pytest.approx(1 - 1 / 50, abs=0.05)


def test_the_same_seed_gives_the_same_resamples():
    assert (clip_weights(30, seed=5) == clip_weights(30, seed=5)).all()
    assert (clip_weights(30, seed=5) != clip_weights(30, seed=6)).any()


def test_one_clip_is_too_few():
    with pytest.raises(EvaluationError, match="1 clip; expected at least two"):
        clip_weights(1)


def test_an_interval_of_accuracy_is_that_of_a_proportion():
    """Recall of clips with one unit each is a mean of coin throws: its standard error is known."""
    counts = made_counts(400, seed=0)
    ones = np.ones((400, 1), dtype=np.int64)
    hits = (np.arange(400) % 4 > 0).astype(np.int64)[:, None]
    coin = type(counts)(counts.filenames, ("dog",), true_positives=hits, n_ref=ones, n_sys=ones)
    found = row(interval_table(count_statistic(coin), clip_weights(400, n_resamples=4000)), metric="recall")
    expected = np.sqrt(0.75 * 0.25 / 400)
    assert found["estimate"] == 0.75
    assert found["standard_error"] == pytest.approx(expected, rel=0.05)
    assert (found["low"], found["high"]) == pytest.approx((0.75 - 1.96 * expected, 0.75 + 1.96 * expected), abs=0.004)


def test_what_is_undefined_has_no_interval(counts):
    found = row(interval_table(count_statistic(counts), clip_weights(len(counts))), "class_wise", "never")
    assert np.isnan([found["estimate"], found["low"], found["high"]]).all()
    assert found["undefined"] == 1.0


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_identical_systems_differ_by_nothing(seed):
    one = made_counts(30, seed)
    weights = clip_weights(30, n_resamples=50, seed=seed)
    defined = interval_table(count_difference(one, one), weights, difference=True).dropna(subset="low")
    assert (defined[["estimate", "low", "high", "standard_error"]] == 0).all(axis=None)


def test_pairing_narrows_the_interval_of_a_difference():
    """The same clips are hard for both systems, so their difference is surer than two separate scores."""
    first, second = made_counts(200, seed=0, skill=0.7), made_counts(200, seed=0, skill=0.6)
    weights = clip_weights(200)
    paired = row(interval_table(count_difference(first, second), weights, difference=True))
    errors = [row(interval_table(count_statistic(one), weights))["standard_error"] for one in (first, second)]
    assert paired["low"] > 0
    assert paired["standard_error"] < 0.7 * np.hypot(*errors)


def test_influences_are_those_of_leaving_a_clip_out():
    counts = made_counts(600, seed=2)
    key = ("micro", "", "f1")
    found = influences(count_statistic(counts), len(counts))[key]
    whole = counts.metrics()["micro"]["f1"]
    for clip in (0, 7, 599):
        others = [name for name in counts.filenames if name != counts.filenames[clip]]
        assert found[clip] == pytest.approx(whole - counts.select(others).metrics()["micro"]["f1"])
    spread = count_statistic(counts)(clip_weights(len(counts)))[key].std()
    assert np.sqrt((found**2).sum()) == pytest.approx(spread, rel=0.1)


def test_counts_of_two_systems_can_be_joined():
    both = concatenate([made_counts(5, seed=0), made_counts(5, seed=0, prefix="again")])
    assert len(both) == 10


def test_the_interval_equals_scipys():
    """A mean, for which scipy's bias-corrected and accelerated interval needs no tricks either."""
    from scipy import stats

    generator = np.random.default_rng(0)
    values = generator.exponential(size=60)
    replicates = (clip_weights(60, n_resamples=20_000, seed=1) @ values) / 60
    left_out = (values.sum() - values) / 59
    found = bca_interval(replicates, values.mean(), values.mean() - left_out)
    expected = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="BCa", rng=generator).confidence_interval
    assert found == pytest.approx(tuple(expected), abs=0.01)


def one_class(true_positives, n_ref, n_sys):
    columns = (np.array(column, dtype=np.int64)[:, None] for column in (true_positives, n_ref, n_sys))
    names = tuple(f"{index}.wav" for index in range(len(n_ref)))
    return ClipCounts(names, ("dog",), **dict(zip(("true_positives", "n_ref", "n_sys"), columns, strict=True)))


def test_what_rests_on_one_clip_has_no_interval():
    counts = one_class([4, 0, 0, 0], n_ref=[5, 0, 0, 0], n_sys=[4, 0, 0, 0])
    found = row(interval_table(count_statistic(counts), clip_weights(4)), "class_wise", "dog")
    assert found["estimate"] == pytest.approx(8 / 9)
    assert np.isnan([found["low"], found["high"], found["standard_error"]]).all()


def test_a_system_without_errors_on_several_clips_is_sure():
    counts = one_class([1, 2, 0, 0], n_ref=[1, 2, 0, 0], n_sys=[1, 2, 0, 0])
    found = row(interval_table(count_statistic(counts), clip_weights(4)), "class_wise", "dog")
    assert (found["low"], found["high"]) == (1, 1)


def test_widened_intervals_stay_within_the_range_of_their_metric():
    n_clips = 40
    found = np.arange(n_clips) % 4 < 2
    counts = one_class(found * 1, n_ref=[1] * n_clips, n_sys=[1] * n_clips)
    of_two = pd.DataFrame({"filename": counts.filenames, "source": np.where(found, "easy", "hard")})
    sources, weights = membership(counts.filenames, of_two), clip_weights(n_clips)
    free = row(interval_table(count_statistic(counts), weights, sources=sources, difference=True))
    assert free["low"] < 0 < 1 < free["high"]
    kept = row(interval_table(count_statistic(counts), weights, sources=sources))
    assert (kept["low"], kept["high"]) == (0, 1)


def test_error_rates_may_exceed_one():
    table = pd.DataFrame({"metric": ["f1", "error_rate"], "low": [-0.2, -0.2], "high": [1.4, 1.4]})
    assert within_range(table)[["low", "high"]].to_numpy().tolist() == [[0, 1], [0, 1.4]]
