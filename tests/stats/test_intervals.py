import pandas as pd
import pytest

from sedpool.errors import ConfigError, EvaluationError
from sedpool.stats.intervals import intervals
from sedpool.stats.replicates import count_difference, count_statistic
from sedpool.stats.resampling import clip_weights, interval_table

from .conftest import made_counts

F1 = ("micro", "", "f1")


def test_all_statistics_see_the_same_draws(counts):
    other = made_counts(40, seed=1)
    statistics = [("segment", count_statistic(counts)), ("event", count_statistic(other))]
    statistics.append(("difference", count_difference(counts, other)))
    found = intervals(statistics, counts.filenames, n_resamples=100, seed=5)
    weights = clip_weights(40, n_resamples=100, seed=5)
    for level, statistic in statistics:
        expected = interval_table(statistic, weights)
        pd.testing.assert_frame_equal(
            found.table[found.table["level"] == level].drop(columns="level").reset_index(drop=True), expected
        )
        assert found.ends(level, F1) == tuple(expected.loc[0, ["low", "high"]])


def test_they_are_nested_as_metrics_are(counts):
    found = intervals([("segment", count_statistic(counts))], counts.filenames, n_resamples=100)
    nested = found.description()
    assert nested["segment"]["micro"]["f1"] == list(found.ends("segment", F1))
    assert nested["segment"]["class_wise"]["never"]["f1"] == [None, None]
    assert nested["segment"]["class_wise"]["dog"]["f1"] == list(found.ends("segment", ("class_wise", "dog", "f1")))
    assert found.ends("event", F1) == (None, None)


def test_columns_have_a_row_for_every_average_and_class(counts):
    found = intervals([("segment", count_statistic(counts))], counts.filenames, n_resamples=100)
    table = found.columns(["f1", "roc_auc"]).set_index(["level", "average", "event_label"])
    assert len(table) == 3 + len(counts.classes)
    assert tuple(table.loc[("segment", "micro", ""), ["f1_low", "f1_high"]]) == found.ends("segment", F1)
    assert table["roc_auc_low"].isna().all()


def test_clips_that_share_everything_tell_no_more_than_one(counts):
    sources = pd.DataFrame({"filename": counts.filenames, "source": "one"})
    alone, shared = (
        intervals([("segment", count_statistic(counts))], counts.filenames, n_resamples=100, sources=table)
        for table in (None, sources)
    )
    assert (alone.n_sources, shared.n_sources) == (None, 1)
    assert (shared.table["standard_error"].dropna() >= alone.table["standard_error"].dropna()).all()


def test_sources_of_other_clips_and_impossible_draws_are_refused(counts):
    statistics = [("segment", count_statistic(counts))]
    with pytest.raises(EvaluationError, match="40 of 40 clips have none"):
        intervals(statistics, counts.filenames, sources=pd.DataFrame({"filename": ["x"], "source": ["y"]}))
    with pytest.raises(ConfigError, match="resamples: 99; expected 100 to 100000"):
        intervals(statistics, counts.filenames, n_resamples=99)
    with pytest.raises(ConfigError, match="seed: -1"):
        intervals(statistics, counts.filenames, seed=-1)
