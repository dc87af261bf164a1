"""What the published tables alone show, with answers known beforehand."""

import pytest

from sedpool.reproduction.published import WEAK
from sedpool.reproduction.published_statistics import (
    best_cells,
    class_wise_agreement,
    differences,
    error_rate_agreement,
    f1_agreement,
    ranks,
)


def test_ranks_in_dynamic_f1():
    table = ranks("dynamic_f1").drop(columns="strong").astype(int).T
    assert table["urbansed"].sort_values().index[:2].tolist() == ["cap", "rap_1e-3"]
    assert table["dcase2017"].sort_values().index[:2].tolist() == ["softmax", "rap_1e-4"]
    assert table["medleydb"].sort_values().index[:2].tolist() == ["rap_1e-3", "softmax"]
    assert ranks("dynamic_f1").loc["urbansed", ["strong", "mean"]].tolist() == [1, 9]
    assert ranks("dynamic_error_rate").loc["urbansed", ["strong", "mean"]].tolist() == [1, 9]


def test_best_cells():
    assert best_cells(WEAK)["static_f1"].tolist() == ["auto", "auto", "auto"]
    assert best_cells(WEAK)["dynamic_f1"].tolist() == ["cap", "softmax", "rap_1e-3"]
    assert best_cells()["dynamic_precision"].tolist() == ["max", "max", "max"]
    assert best_cells()["dynamic_recall"].tolist() == ["mean", "mean", "mean"]
    assert best_cells().loc["urbansed", ["static_f1", "dynamic_f1"]].tolist() == ["strong", "strong"]


def test_differences():
    behind_strong = differences("dynamic_f1", "strong")
    assert behind_strong.loc["urbansed", "cap"] == -0.018
    assert behind_strong.loc["dcase2017"].isna().all()
    assert differences("dynamic_f1", "mean").loc[["dcase2017", "medleydb"], "cap"].tolist() == [0.001, -0.046]


def test_dynamic_f1_of_tables_one_and_two_follows_from_precision_and_recall():
    table = f1_agreement().set_index(["dataset", "method"])
    assert table.loc[["urbansed", "dcase2017"], "agrees"].all()


def test_dynamic_f1_of_table_three_is_a_mean_over_splits():
    """Every cell lies below the F1 of its row's P and R, three by more than rounding: F1 was averaged, not pooled."""
    table = f1_agreement().set_index(["dataset", "method"]).loc["medleydb"]
    assert (table["difference"] < -0.0007).all()
    assert table.index[~table["agrees"]].tolist() == ["mean", "rap_1e-4", "auto"]
    assert table.loc["rap_1e-4", "implied"] == pytest.approx(0.6235, abs=5e-5)


def test_every_error_rate_is_possible_with_its_precision_and_recall():
    assert error_rate_agreement()["agrees"].all()


def test_class_wise_counts_add_up_to_the_tables():
    table = class_wise_agreement()
    assert len(table) == 9
    assert table["agrees"].all()
