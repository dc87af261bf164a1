from pathlib import Path

import pandas as pd
import pytest

from sedpool import storage
from sedpool.errors import DataError, StorageError
from sedpool.experiment.plan import RunKey
from sedpool.reports.document import FigureBlock
from sedpool.reproduction.records import TYPES, add_row
from sedpool.reproduction.report import axis_figures, write_study_report
from sedpool.reproduction.studies import AXES, ESC10_AXES, STUDIES


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
