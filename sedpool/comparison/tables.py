"""Many runs in one table: which method is better, and which runs are in fact the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sedpool.comparison import significance
from sedpool.comparison.labels import HASH_DIGITS
from sedpool.comparison.run_names import named_apart, names_with_hashes
from sedpool.errors import ConfigError, DataError, StorageError
from sedpool.evaluation.paper_compat import static_rule
from sedpool.run_folder import RunFolder, find_runs, run_at
from sedpool.stats.seeds import over_seeds

# Column, and where its value lies in metrics.json.
METRIC_COLUMNS = {
    "clip_f1_macro": ("clip", "macro", "f1"),
    "clip_f1_micro": ("clip", "micro", "f1"),
    "clip_precision": ("clip", "micro", "precision"),
    "clip_recall": ("clip", "micro", "recall"),
    "segment_f1_micro": ("segment", "micro", "f1"),
    "segment_precision": ("segment", "micro", "precision"),
    "segment_recall": ("segment", "micro", "recall"),
    "segment_error_rate": ("segment", "micro", "error_rate"),
    "segment_f1_macro": ("segment", "macro", "f1"),
    "event_f1_micro": ("event", "micro", "f1"),
    "psds1": ("psds", "scenario1"),
    "psds2": ("psds", "scenario2"),
    "own_stretched_f1": ("baselines", "clip_decisions_stretched", "segment", "micro", "f1"),
    "tuned_clip_f1_macro": ("tuned", "clip", "macro", "f1"),
    "tuned_clip_f1_micro": ("tuned", "clip", "micro", "f1"),
    "tuned_clip_precision": ("tuned", "clip", "micro", "precision"),
    "tuned_clip_recall": ("tuned", "clip", "micro", "recall"),
    "tuned_segment_f1_micro": ("tuned", "segment", "micro", "f1"),
    "tuned_segment_precision": ("tuned", "segment", "micro", "precision"),
    "tuned_segment_recall": ("tuned", "segment", "micro", "recall"),
    "tuned_segment_f1_macro": ("tuned", "segment", "macro", "f1"),
    "tuned_segment_error_rate": ("tuned", "segment", "micro", "error_rate"),
    "tuned_event_f1_micro": ("tuned", "event", "micro", "f1"),
    "tuned_own_stretched_f1": ("tuned", "baselines", "clip_decisions_stretched", "segment", "micro", "f1"),
    "oracle_stretched_f1": ("baselines", "oracle_tags_stretched", "segment", "micro", "f1"),
}
# Column, and where its value lies in what the paper's tables have of ``metrics.json["paper_compat"]``.
PAPER_COLUMNS = {
    f"paper_{level}_{name}": (level, name)
    for level, names in (
        ("static", ("f1", "precision", "recall")),
        ("dynamic", ("f1", "precision", "recall", "error_rate")),
    )
    for name in names
}
COLUMNS = ("dataset", "method", "seed", *METRIC_COLUMNS, *PAPER_COLUMNS, "identical_to", "coverage", "manifest", "run")


@dataclass(frozen=True)
class Comparison:
    """Finished runs side by side.

    Attributes
    ----------
    table : DataFrame
        One row per finished run, sorted by dataset, method and seed. `identical_to` names the method of an earlier row
        with the very same test scores; metrics are NaN where undefined.
    unfinished : tuple of Path
        Run folders that are not done.
    """

    table: pd.DataFrame
    unfinished: tuple[Path, ...]


def compare_runs(folders: Iterable[Path]) -> Comparison:
    """Collect every run at or below `folders`.

    Raises
    ------
    DataError
        If there is no run folder at all, or a folder does not exist.
    StorageError
        If a finished run is damaged.
    """
    runs = runs_below(folders)
    finished = named_apart(run for run in runs if run.is_done)
    return Comparison(comparison_table(finished), tuple(run.path for run in runs if not run.is_done))


def runs_below(folders: Iterable[Path]) -> list[RunFolder]:
    """Every run folder at or below `folders`, each once, finished or not.

    Raises
    ------
    DataError
        If there is no run folder at all, or a folder does not exist.
    StorageError
        If a run is half renewed.
    """
    folders = list(folders)
    for folder in folders:
        if not folder.exists():
            raise DataError(f"{folder}: no such folder; expected one that holds run folders")
    runs = {run.path.resolve(): run for folder in folders for run in find_runs(folder)}
    if not runs:
        raise DataError(f"{', '.join(map(str, folders))}: no run folders (with config.yaml) found; train a model first")
    for run in runs.values():
        run.refuse_half_renewed()
    return list(runs.values())


def comparison_table(runs: Iterable[RunFolder]) -> pd.DataFrame:
    """Make the table of a `Comparison` of finished runs."""
    table = pd.DataFrame([_row(run) for run in runs], columns=[*COLUMNS, "scores"])
    table = table.sort_values(["dataset", "method", "seed"], ignore_index=True)
    table["identical_to"] = _earlier_equals(table)
    return table[list(COLUMNS)]


def _row(run: RunFolder) -> dict[str, Any]:
    config = run.config
    coverage = run.metrics["coverage"]
    return {
        "dataset": run.dataset,
        "method": run.method,
        "seed": config["seed"],
        **metric_values(run),
        "coverage": f"{coverage['scored']}/{coverage['expected']}",
        "manifest": run.manifest["hash"][:HASH_DIGITS] if run.manifest else "",
        "run": str(run.path),
        "scores": "".join(run.score_hashes.values()),
    }


def metric_values(run: RunFolder) -> dict[str, float]:
    """Return the `METRIC_COLUMNS` and `PAPER_COLUMNS` of a finished run, NaN where undefined."""
    values = {column: look_up(run.metrics, keys) for column, keys in METRIC_COLUMNS.items()}
    parts = {"static": ("static", static_rule(run.corpus)), "dynamic": ("dynamic", "micro")}
    paper = {column: ("paper_compat", *parts[level], name) for column, (level, name) in PAPER_COLUMNS.items()}
    return values | {column: look_up(run.metrics, keys) for column, keys in paper.items()}


def look_up(metrics: Mapping[str, Any], keys: Sequence[str]) -> float:
    """Look up the number at a path of keys; NaN where a part is undefined or, for weak labels, absent.

    Raises
    ------
    StorageError
        If there is something else.
    """
    value: Any = metrics
    try:
        for key in keys:
            value = value.get(key) if value else None
        return float("nan") if value is None else float(value)
    except (AttributeError, TypeError, ValueError):
        path = getattr(metrics, "path", "metrics")  # of a run's file; there may be a part of it
        raise StorageError(f"{path}: no number at {'.'.join(keys)}; evaluate it again: sedpool tune") from None


def _earlier_equals(table: pd.DataFrame) -> list[str]:
    """Return for each row the method and seed of the first row with the same scores; empty if there is none."""
    first: dict[str, str] = {}
    names = []
    for method, seed, scores in table[["method", "seed", "scores"]].itertuples(index=False, name=None):
        names.append(first.get(scores, ""))
        first.setdefault(scores, f"{method} s{seed}")
    return names


def peculiarities(table: pd.DataFrame) -> list[str]:
    """Name runs that are in fact the same, lack clips, were given other data, or were tuned in another way."""
    runs = table["dataset"] + " " + table["method"] + " s" + table["seed"].astype(str)
    same = table["identical_to"] != ""
    scored, expected = table["coverage"].str.split("/", expand=True).to_numpy().T
    partly = scored != expected
    data = table[table["manifest"] != ""].groupby("dataset")["manifest"].unique()
    return [
        *(
            f"{run}: the same scores as {other}"
            for run, other in zip(runs[same], table["identical_to"][same], strict=True)
        ),
        *(f"{run}: {share} clips scored" for run, share in zip(runs[partly], table["coverage"][partly], strict=True)),
        *(
            f"{dataset}: not all runs were given the same clips and labels (manifests {', '.join(hashes)})"
            for dataset, hashes in data.items()
            if len(hashes) > 1
        ),
        *(
            f"{name}: runs with other clips or labels are compared apart, as {', '.join(apart)}"
            for name, apart in names_with_hashes(table["dataset"]).items()
        ),
        *_tuned_differently(runs, table["run"]),
    ]


def _tuned_differently(names: Iterable[str], folders: Iterable[str]) -> list[str]:
    """Warn if the runs' scores were tuned in several ways; empty if not."""
    ways: dict[str, list[str]] = {}
    for name, folder in zip(names, folders, strict=True):
        if (tuned := run_at(folder).tuned) is not None:
            ways.setdefault(f"{tuned['parameters']} for {tuned['objective']}", []).append(name)
    if len(ways) < 2:
        return []
    said = "; ".join(f"{way}: {', '.join(tuned)}" for way, tuned in ways.items())
    return [f"tuned scores cannot be compared: runs were tuned differently ({said})"]


def with_significance(comparison: Comparison, metric: str) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Add the intervals of a column to the comparison, and test it over seeds.

    Parameters
    ----------
    comparison : Comparison
        Runs side by side.
    metric : str
        A column of clip, segment or event scores, the runs' own.

    Returns
    -------
    table : DataFrame
        The comparison's, with the columns of `sedpool.comparison.significance.intervals`.
    over_seeds : DataFrame
        Mean and standard deviation of the metric by dataset and method.
    notes : list of str
        What the test sets and the seeds can and cannot show.

    Raises
    ------
    ConfigError
        If `metric` is no such column.
    """
    own = [column for column, keys in METRIC_COLUMNS.items() if not {"baselines", "psds"} & set(keys)]
    if metric not in own:
        raise ConfigError(f"metric {metric}: no score of the runs' own; expected one of {', '.join(own)}")
    found, notes = significance.intervals(comparison.table, significance.metric_at(METRIC_COLUMNS[metric]))
    summary = over_seeds(comparison.table, by=["dataset", "method"], metrics=[metric])
    table = pd.concat([comparison.table, found], axis=1)
    return table, summary, notes + significance.seed_notes(comparison.table, metric)
