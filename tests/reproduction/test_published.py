import numpy as np
import pandas as pd
import pytest

from sedpool.errors import DataError
from sedpool.reproduction import studies
from sedpool.reproduction.published import (
    COLUMNS,
    METHODS,
    WEAK,
    _checked,
    published_cells,
    read_class_wise,
    read_tables,
    read_unaugmented,
)


def test_every_table_has_every_method_but_strong_on_weak_labels():
    methods = {dataset: tuple(rows["method"]) for dataset, rows in read_tables().groupby("dataset")}
    assert methods == {"urbansed": METHODS, "dcase2017": WEAK, "medleydb": METHODS}


def test_cells_are_all_numbers_of_the_tables_and_the_runs_without_augmentation():
    cells = published_cells()
    assert len(cells) == 26 * len(COLUMNS) + 4 * 2
    assert cells.groupby("augmented").size().to_dict() == {True: 182, False: 8}
    cap = cells.query("dataset == 'urbansed' and method == 'cap' and column == 'dynamic_f1'")
    assert cap[["table", "published"]].to_numpy().tolist() == [["I", 0.533]]


def test_the_strong_models_reference_is_cut_in_the_class_wise_results():
    n_ref = read_class_wise().groupby(["dataset", "method"])["n_ref"].sum()
    assert n_ref["urbansed"].to_dict() == dict.fromkeys(("max", "mean", "softmax", "auto"), 38_601) | {"strong": 38_546}


def edited(**changes):
    table = read_unaugmented()
    for column, value in changes.items():
        table.loc[0, column] = value
    return table


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (edited(method="capp"), "unknown method capp"),
        (edited(dataset="urban-sed"), "unknown dataset urban-sed"),
        (edited(method="mean"), "urbansed mean is in two rows"),
        (edited(static_f1=71.2), "out of range"),
        (edited(static_f1=np.nan), "missing"),
        (pd.DataFrame({"dataset": ["urbansed"]}), "columns dataset; expected dataset, method, static_f1"),
    ],
)
def test_facts_that_cannot_be_are_refused(table, said):
    with pytest.raises(DataError, match=said):
        _checked(table, ("dataset", "method"), ("static_f1", "dynamic_f1"), source="unaugmented.csv")


def test_the_methods_of_the_tables_are_those_of_the_studies() -> None:
    assert set(METHODS) == set(studies.METHODS)
