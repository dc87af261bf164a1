"""The table of a study's results: one row a finished run, which counts as done wherever it was made."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sedpool import storage
from sedpool.comparison.collect import refuse_damaged_history
from sedpool.comparison.tables import METRIC_COLUMNS, PAPER_COLUMNS, metric_values
from sedpool.comparison.validity import validity_issues
from sedpool.errors import StorageError
from sedpool.experiment.plan import RunKey
from sedpool.run_folder import RunFolder, kept_epoch

_METRICS = (*METRIC_COLUMNS, *PAPER_COLUMNS)
TYPES = {
    "condition": "str",
    "method": "str",
    "fold": "Int64",
    "seed": "int64",
    **dict.fromkeys(_METRICS, "float64"),
    "valid": "bool",
    "remark": "str",
    "epochs": "int64",
    "kept_epoch": "int64",
    "seconds": "float64",
    "clips_per_second": "float64",
    "commit": "str",
    "precision": "str",
    "threads": "Int64",
    "device": "str",
    "run": "str",
}
"""Columns and their types; `fold` and `threads` may be missing, and metrics."""
_SORTED_BY = ["condition", "fold", "seed", "method"]
_REMEDY = "mend it, or take it from version control: its rows count as done"


def result_row(key: RunKey, run: RunFolder) -> dict[str, Any]:
    """What the table says of a finished run.

    Parameters
    ----------
    key : RunKey
        Which run of the study it is.
    run : RunFolder
        The run, or its record.

    Returns
    -------
    row : dict
        The columns of `TYPES`. `seconds` are those of all epochs, validation included; `clips_per_second` is the
        median epoch's.

    Raises
    ------
    StorageError
        If a file of the run is missing or damaged.
    """
    refuse_damaged_history(run)
    issues = validity_issues(run)
    environment = run.environment
    return {
        **key._asdict(),
        **metric_values(run),
        "valid": not issues,
        "remark": "; ".join(issues),
        "epochs": len(run.history),
        "kept_epoch": kept_epoch(run.history),
        "seconds": round(float(run.history["seconds"].sum()), 1),
        "clips_per_second": float(run.history["clips_per_second"].median()),
        "commit": environment["git_commit"] or "",
        "precision": environment["precision"],
        "threads": environment["threads"],
        "device": environment["device"],
        "run": run.path.name,
    }


def read_results(path: Path) -> pd.DataFrame:
    """Read a table of results; an empty one if there is no file.

    Metrics that an earlier version did not write are NaN.

    Raises
    ------
    StorageError
        If the file is damaged: unreadable, columns missing or unknown, a value of the wrong type, a run in two rows.
    """
    if not path.is_file():
        return pd.DataFrame(columns=list(TYPES)).astype(TYPES)
    numbers = [column for column, kind in TYPES.items() if kind != "str"]
    try:
        table = pd.read_csv(
            path,
            dtype=TYPES,
            keep_default_na=False,
            na_values={column: [""] for column in numbers},
        )
    except (OSError, ValueError) as error:
        raise StorageError(f"{path}: damaged ({' '.join(str(error).split())}); {_REMEDY}") from None
    missing = [column for column in TYPES if column not in table.columns and column not in _METRICS]
    unknown = [column for column in table.columns if column not in TYPES]
    if missing or unknown:
        problem = f"column {missing[0]} is missing" if missing else f"column {unknown[0]} is unknown"
        raise StorageError(f"{path}: {problem}; {_REMEDY}")
    if (table["run"].isna() | (table["run"] == "")).any():
        raise StorageError(f"{path}: a row names no run; {_REMEDY}")
    if (twice := table.duplicated(list(RunKey._fields))).any():
        raise StorageError(f"{path}: {keys_of(table[twice])[0]} is in two rows; {_REMEDY}")
    return table.reindex(columns=list(TYPES)).astype(TYPES)


def add_row(path: Path, row: Mapping[str, Any]) -> None:
    """Put a row into the table, in place of an earlier one of the same run; rows are sorted."""
    table = read_results(path)
    new = pd.DataFrame([row]).astype(TYPES)
    earlier = [index for index, key in enumerate(keys_of(table)) if key in keys_of(new)]
    _write(path, pd.concat([table.drop(index=earlier), new]))


def drop_rows(path: Path, keys: Collection[RunKey]) -> None:
    """Remove the rows of some runs from the table."""
    if path.is_file():
        table = read_results(path)
        _write(path, table.drop(index=[index for index, key in enumerate(keys_of(table)) if key in keys]))


def _write(path: Path, table: pd.DataFrame) -> None:
    storage.write_text(path, table.sort_values(_SORTED_BY).to_csv(index=False, lineterminator="\n"))


def keys_of(table: pd.DataFrame) -> list[RunKey]:
    """The runs in a table, row by row."""
    rows = table[list(RunKey._fields)].itertuples(index=False, name=None)
    return [
        RunKey(condition, method, None if pd.isna(fold) else int(fold), int(seed))
        for condition, method, fold, seed in rows
    ]
