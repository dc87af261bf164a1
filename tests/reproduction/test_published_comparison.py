import numpy as np
import pytest

from sedpool import storage
from sedpool.comparison.groups import grouped
from sedpool.errors import DataError
from sedpool.reproduction.published import published_cells
from sedpool.reproduction.published_comparison import further_runs_interval, published_comparison
from sedpool.run_folder import RunFolder

OURS = ["paper_compat", "low", "high", "correct", "tuned", "spread", "coverage"]


def cell_of(table, dataset="urbansed", method="max", column="dynamic_f1", *, augmented=True):
    rows = table[(table["dataset"] == dataset) & (table["augmented"] == augmented)]
    (cell,) = rows[(rows["method"] == method) & (rows["column"] == column)].to_dict("records")
    return cell


def test_cells_that_nobody_has_run_are_blank():
    table = published_comparison([])
    assert len(table) == len(published_cells())
    assert table[OURS].isna().all(axis=None)
    assert (table[["interval", "verdict"]] == "").all(axis=None)


def test_scores_on_other_corpora_never_stand_beside_published_cells(make_record, make_paper_record):
    """Another corpus, one of the same name, one without a manifest, and a dozen clips in the very layout."""
    others = [
        make_record("max", corpus="esc10-fold1"),
        make_record("max", corpus="urbansed"),
        make_paper_record("max", "dcase2017", listed=12),
        make_paper_record("max", "medleydb-split0", listed=12),
    ]
    table = published_comparison(grouped(others))
    assert (table["n_runs"] == 0).all()
    assert table[OURS].isna().all(axis=None)


def test_augmented_runs_stand_beside_the_tables_and_others_beside_the_runs_without(make_paper_record):
    runs = [make_paper_record("max", dynamic_f1=0.463), make_paper_record("max", "urbansed-plain", augmented=False)]
    table = published_comparison(grouped(runs))
    assert cell_of(table)["paper_compat"] == 0.463
    assert cell_of(table, augmented=False)["n_runs"] == 1
    assert table.groupby("augmented")["n_runs"].sum().to_dict() == {True: 7, False: 2}


def test_static_scores_are_those_of_the_corpus_whatever_the_runs_are_named_after(make_paper_record):
    """At MedleyDB the highest frame decides, and its counts give the interval."""
    run = make_paper_record("max", "medleydb-again-split0", listed=531)
    paper = run.metrics["paper_compat"]
    paper["static"]["pooled"]["f1"] = 0.0
    storage.write_json(run.file("metrics.json"), run.metrics)
    cell = cell_of(published_comparison(grouped([RunFolder(run.path)])), "medleydb", column="static_f1")
    assert cell["paper_compat"] == paper["static"]["highest_frame"]["f1"]
    assert cell["low"] < cell["paper_compat"] < cell["high"]


def test_two_groups_cannot_stand_beside_one_cell(make_paper_record):
    runs = [make_paper_record("max"), make_paper_record("max", "urbansed-again")]
    with pytest.raises(DataError, match="urbansed and urbansed-again: both are runs on urbansed with augmentation"):
        published_comparison(grouped(runs))


def test_few_runs_have_the_interval_of_clips_around_their_mean(make_paper_record):
    runs = [make_paper_record("max", seed=seed) for seed in (0, 1)]
    cell = cell_of(published_comparison(grouped(runs)))
    values = [run.metrics["paper_compat"]["dynamic"]["micro"]["f1"] for run in runs]
    assert cell["paper_compat"] == pytest.approx(np.mean(values))
    assert cell["spread"] == pytest.approx(np.std(values, ddof=1))
    assert cell["interval"] == "clips"
    assert cell["low"] < cell["paper_compat"] < cell["high"]
    assert cell["correct"] == pytest.approx(np.mean([run.metrics["segment"]["micro"]["f1"] for run in runs]))


def test_enough_seeds_have_the_interval_of_one_more_run(make_paper_record):
    values = [0.45, 0.46, 0.47, 0.48, 0.49]
    runs = [make_paper_record("max", seed=seed, dynamic_f1=value) for seed, value in enumerate(values)]
    cell = cell_of(published_comparison(grouped(runs)))
    assert cell["interval"] == "runs"
    assert (cell["low"], cell["high"]) == pytest.approx(further_runs_interval(values, 1))


def test_splits_are_compared_with_a_mean_over_ten(make_paper_record):
    values = [0.40, 0.42, 0.44, 0.46, 0.48]
    runs = [
        make_paper_record("max", f"medleydb-split{split}", listed=531, dynamic_f1=value)
        for split, value in enumerate(values)
    ]
    cell = cell_of(published_comparison(grouped(runs)), "medleydb")
    assert (cell["low"], cell["high"]) == pytest.approx(further_runs_interval(values, 10))
    assert cell["verdict"] == "inside"


@pytest.mark.parametrize(
    ("ours", "said"),
    [(0.463, "inside"), (0.482, "inside"), (0.484, "ours is higher"), (0.444, "inside"), (0.442, "ours is lower")],
)
def test_a_single_run_without_counts_is_judged_by_the_tolerance_alone(make_paper_record, ours, said):
    run = make_paper_record("max", dynamic_f1=ours)
    run.file("paper_counts.parquet").unlink()
    cell = cell_of(published_comparison(grouped([run])))
    assert (cell["interval"], cell["verdict"]) == ("", said)


def test_a_fifth_run_widens_by_less_than_a_second():
    assert np.isnan(further_runs_interval([0.5], 1)).all()
    widths = [np.diff(further_runs_interval([0.5, 0.6] * n, 1))[0] for n in (1, 2, 5)]
    assert widths[0] > 5 * widths[1] > 5 * widths[2]
