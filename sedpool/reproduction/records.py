"""What a study keeps of its runs: a table of results, and a record of every run.

The table has one row per finished run, which counts as done on whatever machine it was trained. A record is
one file that holds those of the run's files that are small enough to be committed, and enough to write the report
anywhere.
"""

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sedpool import storage
from sedpool.comparison.collect import refuse_damaged_history
from sedpool.comparison.tables import METRIC_COLUMNS, PAPER_COLUMNS, metric_values
from sedpool.comparison.validity import validity_issues
from sedpool.errors import StorageError
from sedpool.evaluation.run_folder import evaluate_folder
from sedpool.experiment.jobs import NOTE, OUTPUT
from sedpool.experiment.load import dataset_of
from sedpool.experiment.plan import RunKey
from sedpool.run_folder import RECORD_SUFFIX, Record, RunFolder, kept_epoch
from sedpool.settings.identity import without_places
from sedpool.settings.schema import EvaluationSettings, checked

FOLDER = "records"
LEFT_BEHIND = frozenset(
    {
        "scores.parquet",
        "clip_scores.parquet",
        "validation_scores.parquet",
        "validation_clip_scores.parquet",
        "weights.npz",
        "events.tsv",
        "tuned_events.tsv",
        "report.html",
        "log.txt",
        OUTPUT,
        NOTE,
    }
)
"""Files of a run that are large, or repeat others; a record has all the rest."""

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
"""Columns of the table of results and their types; `fold`, `threads` and metrics may be missing."""
_SORTED_BY = ["condition", "fold", "seed", "method"]
_REMEDY = "mend it, or take it from version control: its rows count as done"


def record_run(key: RunKey, run: RunFolder, folder: Path, results: str) -> None:
    """Enter a finished run into a study: first its record, then its row, so that every row has its record.

    Of a damaged run, neither is written. A run of an earlier version, which has no curve or no example, is evaluated
    again first.

    Parameters
    ----------
    key : RunKey
        Condition, method, fold and seed of the run.
    run : RunFolder
        A finished run.
    folder : Path
        Folder of the study.
    results : str
        File name of its table of results.

    Raises
    ------
    StorageError
        If a file of the run is missing or damaged, or the disk is full.
    """
    if run.metrics["segment"] is not None and (run.curve is None or run.example is None):
        settings = checked(EvaluationSettings, run.config["evaluation"], "evaluation")
        evaluate_folder(run, dataset_of(run), settings, allow_missing=run.config["allow_missing"])
        run.end_renewal()
        run = RunFolder(run.path)
    row = result_row(key, run)
    write_record(run, folder)
    add_row(folder / results, row)


def forget_records(keys: Collection[RunKey], folder: Path, results: str) -> None:
    """Remove runs from a study: first their rows, then their records, so that every row has its record.

    Parameters
    ----------
    keys : collection of RunKey
        Which runs; those without a row are ignored.
    folder : Path
        Folder of the study.
    results : str
        File name of its table of results.
    """
    table = read_results(folder / results)
    is_forgotten = [key in keys for key in keys_of(table)]
    if any(is_forgotten):
        _write_results(folder / results, table.drop(index=table.index[is_forgotten]))
    for name in table.loc[is_forgotten, "run"]:
        record_file(folder, name).unlink(missing_ok=True)
        shutil.rmtree(folder / FOLDER / name, ignore_errors=True)


def recorded(folder: Path, results: str) -> dict[RunKey, RunFolder]:
    """Find the record of every run that has a row.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    results : str
        File name of its table of results, which may be absent.

    Raises
    ------
    StorageError
        If the table is damaged, or a record is missing.
    """
    table = read_results(folder / results)
    records: dict[RunKey, RunFolder] = {}
    for key, name in zip(keys_of(table), table["run"], strict=True):
        path = record_file(folder, name)
        records[key] = Record(path) if path.is_file() else RunFolder(folder / FOLDER / name)  # as earlier versions did
    for key, record in records.items():
        if not record.is_done:
            raise StorageError(
                f"{record.path}: no such record, but {results} has a row of this run ({key}); copy the record here, "
                "or train the run again with --rerun"
            )
    return records


def record_file(folder: Path, name: str) -> Path:
    """Return where a study keeps the record of the run called `name`."""
    return folder / FOLDER / f"{name}{RECORD_SUFFIX}"


def write_record(run: RunFolder, folder: Path) -> Record:
    """Keep of a finished run what its study needs of it, as one file.

    Parameters
    ----------
    run : RunFolder
        A finished run.
    folder : Path
        Folder of the study; the record goes to ``records/<name of the run>.record.zip`` and replaces an earlier one.

    Returns
    -------
    record : Record
        All files except `LEFT_BEHIND`, with the hashes of the scores (``scores.sha256``) in place of the scores, and
        with no paths in its configuration.

    Raises
    ------
    StorageError
        If the disk is full; an earlier record is kept then.
    """
    kept = [
        path
        for path in run.path.iterdir()  # no links: one could have any file published
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".") and path.name not in LEFT_BEHIND
    ]
    made = {
        "config.yaml": yaml.safe_dump(without_places(run.config), sort_keys=False, allow_unicode=True),
        "scores.sha256": storage.json_text(run.score_hashes),
    }
    parts = {path.name: path.read_bytes() for path in kept} | {name: text.encode() for name, text in made.items()}
    path = record_file(folder, run.name)
    storage.write_bytes(path, storage.archive(dict(sorted(parts.items()))))
    shutil.rmtree(folder / FOLDER / run.name, ignore_errors=True)  # the record of an earlier version
    return Record(path)


def result_row(key: RunKey, run: RunFolder) -> dict[str, Any]:
    """Summarise a finished run as a row of the table of results.

    Parameters
    ----------
    key : RunKey
        Condition, method, fold and seed of the run.
    run : RunFolder
        The run, or its record.

    Returns
    -------
    row : dict
        The columns of `TYPES`. `epochs` are those of all rounds of self-training and `seconds` is their duration,
        validation included; `kept_epoch` is of the last round, and `clips_per_second` its median over epochs.

    Raises
    ------
    StorageError
        If a file of the run is missing or damaged.
    """
    refuse_damaged_history(run)
    issues = validity_issues(run)
    environment = run.environment
    rounds = [*(RunFolder(path).history for path in sorted(run.path.glob("rounds/*"))), run.history]
    return {
        **key._asdict(),
        **metric_values(run),
        "valid": not issues,
        "remark": "; ".join(issues),
        "epochs": sum(map(len, rounds)),
        "kept_epoch": kept_epoch(run.history),
        "seconds": round(sum(float(history["seconds"].sum()) for history in rounds), 1),
        "clips_per_second": float(run.history["clips_per_second"].median()),
        "commit": environment["git_commit"] or "",
        "precision": environment["precision"],
        "threads": environment["threads"],
        "device": environment["device"],
        "run": run.name,
    }


def read_results(path: Path) -> pd.DataFrame:
    """Read a table of results; return an empty table if there is no file.

    Returns
    -------
    table : DataFrame
        The columns of `TYPES`, one row per run. Metrics that an earlier version did not write are NaN.

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
    if len(elsewhere := table.loc[table["run"].isin([".", ".."]) | table["run"].str.contains(r"[/\\]"), "run"]):
        raise StorageError(f"{path}: run {elsewhere.iloc[0]!r} is no name of a folder; {_REMEDY}")
    if (twice := table.duplicated(list(RunKey._fields))).any():
        raise StorageError(f"{path}: {keys_of(table[twice])[0]} is in two rows; {_REMEDY}")
    return table.reindex(columns=list(TYPES)).astype(TYPES)


def add_row(path: Path, row: Mapping[str, Any]) -> None:
    """Put a row into a table of results, in place of an earlier one of the same run; keep rows sorted."""
    table = read_results(path)
    new = pd.DataFrame([row]).astype(TYPES)
    earlier = [index for index, key in enumerate(keys_of(table)) if key in keys_of(new)]
    _write_results(path, pd.concat([table.drop(index=earlier), new]))


def keys_of(table: pd.DataFrame) -> list[RunKey]:
    """List the run of every row of a table of results."""
    rows = table[list(RunKey._fields)].itertuples(index=False, name=None)
    return [
        RunKey(condition, method, None if pd.isna(fold) else int(fold), int(seed))
        for condition, method, fold, seed in rows
    ]


def _write_results(path: Path, table: pd.DataFrame) -> None:
    storage.write_csv(path, table.sort_values(_SORTED_BY))
