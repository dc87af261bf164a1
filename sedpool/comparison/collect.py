"""The finished runs at or below some folders, for a report, and the run folders that it leaves out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sedpool.comparison.packed_metrics import PackedMetrics, Shape
from sedpool.comparison.run_names import named_apart
from sedpool.comparison.tables import runs_below
from sedpool.errors import DataError, StorageError
from sedpool.run_folder import RunFolder
from sedpool.settings.identity import settings_of, without_places
from sedpool.storage import hash_value

_CONFIG = ("corpus", "method", "seed", "training")
_METRICS = ("clip", "segment", "baselines", "coverage", "decoding", "tuned")
_HISTORY = ("epoch", "val_accuracy", "seconds", "clips_per_second")


@dataclass(frozen=True)
class FinishedRuns:
    """Runs that can be reported on, and why other run folders are left out, by path."""

    runs: Sequence[RunFolder]
    left_out: Mapping[Path, str]


def finished_runs(folders: Iterable[Path]) -> FinishedRuns:
    """Collect every finished run at or below `folders`; a run and its record count once.

    Raises
    ------
    DataError
        If a folder does not exist, or no run is finished.
    StorageError
        If a finished run is damaged or older than what a report needs.
    """
    folders = list(folders)
    runs: dict[tuple[str, str], RunFolder] = {}
    shapes: dict[tuple[Any, ...], Shape] = {}
    left_out: dict[Path, str] = {}
    for run in runs_below(folders):
        if not run.is_done:
            left_out[run.path] = "not finished"
            continue
        # What a run and its record share, and no other run does whose folder has the same name.
        settings = settings_of(without_places(run.config))
        key = run.name, hash_value([settings, run.manifest["hash"] if run.manifest else None])
        if key in runs:
            left_out[run.path] = f"the same run as {runs[key].path}"
        else:
            _refuse_damaged(run)
            # A thousand runs are to take little more memory than a hundred.
            vars(run)["metrics"] = PackedMetrics.of(run.file("metrics.json"), run.metrics, shapes)
            run.keeps_tables = False
            runs[key] = run
    if not runs:
        names = ", ".join(str(path) for path in left_out)
        raise DataError(f"{', '.join(map(str, folders))}: no finished run (with DONE); not finished: {names}")
    return FinishedRuns(named_apart(runs.values()), left_out)


def _refuse_damaged(run: RunFolder) -> None:
    """Read everything that every section needs, so that a damaged run is an error before a report is begun."""
    for key in _CONFIG:
        _ = run.config[key]
    for key in _METRICS:
        _ = run.metrics[key]
    refuse_damaged_history(run)


def refuse_damaged_history(run: RunFolder) -> None:
    """Check that the history has an epoch, and every column that tables need.

    Raises
    ------
    StorageError
        If not.
    """
    missing = [name for name in _HISTORY if name not in run.history.columns]
    if missing or run.history.empty:
        lacks = f"no column {', '.join(missing)}" if missing else "no epoch"
        raise StorageError(f"{run.file('history.csv')}: {lacks} in it; it is damaged, repeat the run (force=true)")
