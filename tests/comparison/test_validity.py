from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from sedpool.comparison.validity import validity_issues
from sedpool.run_folder import RunFolder
from tests.reproduction.small_studies import history

PATIENCE = 4
BOUND = float(np.log(25))


def run(tmp_path: Path, *, kept: int = 6, n_epochs: int = 10, alpha: pd.DataFrame | None = None) -> RunFolder:
    folder = RunFolder(tmp_path)
    folder.file("config.yaml").write_text(
        yaml.safe_dump({"training": {"epochs": 10, "early_stopping_patience": PATIENCE}})
    )
    folder.file("history.csv").write_text(history(n_epochs, kept).to_csv(index=False))
    if alpha is not None:
        folder.file("alpha.csv").write_text(alpha.to_csv(index=False))
    return folder


def trajectory(cat: list[float], dog: list[float], bound: float | None = None) -> pd.DataFrame:
    tables = [
        pd.DataFrame({"epoch": range(len(values)), "event_label": label, "alpha": values, "bound": bound})
        for label, values in (("cat", cat), ("dog", dog))
    ]
    return pd.concat(tables)


def test_a_run_that_stopped_early_is_valid(tmp_path: Path) -> None:
    assert validity_issues(run(tmp_path)) == []


def test_a_run_that_used_up_its_budget_is_not(tmp_path: Path) -> None:
    assert validity_issues(run(tmp_path, kept=7)) == [
        "ended with its budget of 10 epochs, 3 after the kept one (patience 4)"
    ]


@pytest.mark.parametrize(
    ("end", "is_flat"),
    [(4.0, True), (4.29, True), (3.71, True), (4.31, False), (3.69, False)],
)
def test_alpha_is_flat_if_it_moved_less_than_a_tenth_of_its_way(tmp_path: Path, end: float, is_flat: bool) -> None:
    rising = [1, 1.5, 2, 2.5, 3, 3.5, 4.0, 4.0, 4.0, 4.0, end]  # 3.0 until the kept epoch, 6
    still = [1.0] * 11
    found = validity_issues(run(tmp_path, alpha=trajectory(rising, still)))
    assert found == (
        []
        if is_flat
        else [f"α of cat was still moving: by 0.{round(100 * abs(end - 4))} after the kept epoch, 3.00 until then"]
    )


def test_alpha_that_hardly_moved_is_held_to_a_tenth(tmp_path: Path) -> None:
    assert validity_issues(run(tmp_path, alpha=trajectory([1.0] * 11, [1.0] * 10 + [1.09]))) == []
    assert validity_issues(run(tmp_path, alpha=trajectory([1.0] * 11, [1.0] * 10 + [1.11])))


def test_a_way_out_and_back_after_the_kept_epoch_is_no_flatness(tmp_path: Path) -> None:
    assert validity_issues(run(tmp_path, alpha=trajectory([1.0] * 11, [1.0] * 7 + [1.0, 1.5, 1.0, 1.0])))


def test_cap_needs_an_active_bound_in_the_kept_epoch(tmp_path: Path) -> None:
    below, at = [1.0] + [2.0] * 10, [1.0] * 5 + [BOUND] * 6
    assert validity_issues(run(tmp_path, alpha=trajectory(below, at, BOUND))) == []
    assert validity_issues(run(tmp_path, alpha=trajectory(below, [-value for value in at], BOUND))) == []
    assert validity_issues(run(tmp_path, alpha=trajectory(below, below, BOUND))) == [
        "CAP's bound 3.22 is active for no class (largest |α| 2.00)"
    ]
    assert validity_issues(run(tmp_path, alpha=trajectory(below, below))) == []


def test_a_run_that_was_stopped_is_not(tmp_path: Path) -> None:
    stopped = run(tmp_path, kept=8, n_epochs=9)
    assert validity_issues(stopped) == [f"was stopped after 9 epochs, 1 after the kept one (patience {PATIENCE})"]
