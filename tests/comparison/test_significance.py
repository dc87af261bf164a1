import numpy as np
import pandas as pd
import pytest

from sedpool.comparison.significance import metric_at, seed_notes
from sedpool.comparison.tables import METRIC_COLUMNS, compare_runs, metric_values, with_significance
from sedpool.errors import ConfigError
from sedpool.run_folder import RunFolder

SEGMENT_F1 = "segment_f1_micro"


@pytest.fixture
def comparison(make_run):
    make_run("cap")
    make_run("auto", alpha_max=None)  # the same scores as cap
    return compare_runs([make_run("max", scores_seed=2).path.parent])


def test_every_run_has_an_interval_around_its_score(comparison):
    table, _, notes = with_significance(comparison, SEGMENT_F1)
    assert ((table["low"] <= table[SEGMENT_F1]) & (table[SEGMENT_F1] <= table["high"])).all()
    assert any("must differ by about" in note for note in notes)


def test_the_best_run_and_its_equals_are_with_the_best(comparison):
    table, _, _ = with_significance(comparison, SEGMENT_F1)
    best = table[SEGMENT_F1] == table[SEGMENT_F1].max()
    assert table.loc[best, "with_best"].all()
    assert (table.loc[best, ["behind", "behind_low", "behind_high"]] == 0).all(axis=None)


def test_less_error_is_better(comparison):
    table, _, _ = with_significance(comparison, "segment_error_rate")
    best = table["segment_error_rate"].idxmin()
    assert table.loc[best, "behind"] == 0
    assert (table["behind"] >= 0).all()


def test_a_run_without_counts_has_no_interval_and_is_mentioned(comparison, make_run):
    run = make_run("mean", scores_seed=3)
    run.file("counts.parquet").unlink()
    table, _, notes = with_significance(compare_runs([run.path.parent]), SEGMENT_F1)
    mean = table.set_index("method").loc["mean"]
    assert np.isnan(mean["low"])
    assert not mean["with_best"]
    assert "demo: 1 runs without counts, or on other clips: no interval" in notes


def test_own_clip_decisions_stretched_are_counted_as_they_are_scored(make_run):
    run = make_run()
    counted = metric_at(METRIC_COLUMNS["own_stretched_f1"]).counts(run).metrics()["micro"]["f1"]
    assert counted == pytest.approx(metric_values(run)["own_stretched_f1"])


def test_the_order_of_a_runs_clips_does_not_matter(comparison, make_run):
    expected, _, _ = with_significance(comparison, SEGMENT_F1)
    file = RunFolder(comparison.table["run"].iloc[-1]).file("counts.parquet")
    pd.read_parquet(file).sort_values("filename", ascending=False, kind="stable").to_parquet(file)
    found, _, notes = with_significance(compare_runs([file.parent.parent]), SEGMENT_F1)
    pd.testing.assert_frame_equal(found, expected)
    assert not any("no interval" in note for note in notes)


@pytest.mark.parametrize("metric", ["nonsense", "own_stretched_f1"])
def test_a_metric_without_counts_is_an_error(comparison, metric):
    with pytest.raises(ConfigError, match="expected one of"):
        with_significance(comparison, metric)


def test_tuned_metrics_come_from_tuned_counts():
    metric = metric_at(("tuned", "segment", "macro", "f1"))
    assert (metric.level, metric.key, metric.is_tuned) == ("segment", ("macro", "", "f1"), True)


def seeds_table(n_seeds, methods):
    rows = [
        {"dataset": "demo", "method": method, "seed": seed, "f1": 0.5 + 0.1 * rank + 0.001 * seed}
        for rank, method in enumerate(methods)
        for seed in range(n_seeds)
    ]
    return pd.DataFrame(rows)


def test_what_three_seeds_of_two_methods_cannot_show_is_said():
    (note,) = seed_notes(seeds_table(3, ["cap", "max"]), "f1")
    assert note.endswith("p = 0.25; cannot be significant: the smallest possible p is 0.25")


def test_three_seeds_of_four_methods_can_show_something():
    (note,) = seed_notes(seeds_table(3, ["cap", "max", "auto", "mean"]), "f1")
    assert "Friedman's test of 4 methods over 3 seeds: p = 0.00" in note
    assert note.endswith("behind mean (Holm): cap")


def test_less_error_ranks_first():
    table = seeds_table(3, ["cap", "max", "auto", "mean"]).rename(columns={"f1": "segment_error_rate"})
    assert seed_notes(table, "segment_error_rate")[0].endswith("behind cap (Holm): mean")


@pytest.mark.parametrize(
    "table",
    [seeds_table(1, ["cap", "max"]), pd.concat([seeds_table(2, ["cap", "max"])] * 2, ignore_index=True)],
    ids=["one seed", "a method twice"],
)
def test_why_there_is_no_test_over_seeds_is_said(table):
    assert seed_notes(table, "f1") == ["demo: no test over seeds: it needs two seeds that each method ran with once"]


def test_one_method_needs_no_test():
    assert seed_notes(seeds_table(3, ["cap"]), "f1") == []
