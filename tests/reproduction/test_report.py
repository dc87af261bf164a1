from pathlib import Path

import pandas as pd
import pytest

from sedpool import storage
from sedpool.errors import DataError, StorageError
from sedpool.experiment.plan import RunKey
from sedpool.reports.document import FigureBlock
from sedpool.reproduction.records import TYPES, add_row
from sedpool.reproduction.report import axis_figures, overview_section, write_study_report
from sedpool.reproduction.studies import AXES, ESC10, ESC10_AXES, STUDIES, WEAK_METHODS


def test_a_report_needs_rows_and_their_records(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no results in it"):
        write_study_report(tmp_path, STUDIES["esc10-soundscapes"])
    row = dict.fromkeys(TYPES, 0) | dict.fromkeys(("condition", "commit", "precision", "device", "remark"), "")
    add_row(tmp_path / "results.csv", row | {"method": "cap", "run": "esc10-fold4-cap-s0-0123456789"})
    with pytest.raises(StorageError, match=r"0123456789: no such record, but results\.csv has a row of this run"):
        write_study_report(tmp_path, STUDIES["esc10-soundscapes"])


def test_each_axis_is_drawn_from_the_conditions_that_have_runs(make_record) -> None:
    records = {
        RunKey(condition, method, 4, 0): make_record(method, corpus=f"esc10-{condition}-fold4")
        for condition in ("base", "short_events", "bags_5s")
        for method in ("mean", "cap")
    }
    titles = [block.title for block in axis_figures(records) if isinstance(block, FigureBlock)]
    assert titles == [f"Dynamic F1 and α by {axis}" for axis in AXES]
    some = {key: record for key, record in records.items() if key.condition == "bags_5s"}
    assert [block.title for block in axis_figures(some)] == ["Dynamic F1 and α by length of bags (s)"]


def test_an_axis_names_the_runs_that_are_not_valid(make_record) -> None:
    records = {
        RunKey(condition, "mean", 4, 0): make_record("mean", corpus=condition) for condition in ("base", "bags_5s")
    }
    longer = pd.DataFrame({"epoch": [1, 2, 3], "val_accuracy": [0.7, 0.8, 0.9]})  # the last epoch is the best
    storage.write_text(records["bags_5s", "mean", 4, 0].file("history.csv"), longer.to_csv(index=False))
    _, bags = axis_figures(records)
    assert bags.note.endswith("Not valid: mean at 5.")


def test_every_condition_of_the_study_is_on_an_axis() -> None:
    assert {condition for axis in AXES.values() for condition in axis.values()} == set(ESC10_AXES.conditions)


def test_what_is_missing_is_said_by_fold(make_record) -> None:
    records = {RunKey("", method, 4, 0): make_record(method, corpus="esc10-fold4") for method in WEAK_METHODS}
    records[RunKey("", "cap", 1, 0)] = make_record("cap", corpus="esc10-fold1")
    study = ESC10.select(methods=["max", "cap", "strong"], folds=[1, 2, 4])
    extent = overview_section([(study, records)]).blocks[1]
    assert extent == (
        f"{ESC10.title}: 3 of 9 runs are here; missing: fold 1, seed 0: max, strong; fold 2, seed 0: all methods; "
        "fold 4, seed 0: strong."
    )


def test_a_second_seed_is_expected_of_all_if_one_has_it(make_record) -> None:
    study = ESC10.select(methods=["max"], folds=[4])
    records = {RunKey("", "max", 4, seed): make_record("max", corpus="esc10-fold4", seed=seed) for seed in (0, 1)}
    assert overview_section([(study, records)]).blocks[1] == f"{ESC10.title}: 2 of 2 runs are here."
    del records[RunKey("", "max", 4, 0)]
    assert (
        "1 of 2 runs are here; missing: fold 4, seed 0: all methods." in overview_section([(study, records)]).blocks[1]
    )
