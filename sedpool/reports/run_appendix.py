"""What runs were made with: training, data, settings, versions and machine, as tables for an appendix."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sedpool.comparison.labels import HASH_DIGITS, UNDEFINED, counted
from sedpool.comparison.run_names import flat_settings
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.run_folder import RunFolder, kept_epoch
from sedpool.settings.identity import without_places

_COMMIT_DIGITS = 10
_MOST_COLUMNS = 12  # of settings: more methods, corpora or runs are rows
_NAMES = ["corpus", "method", "seed"]


def run_label(run: RunFolder) -> str:
    """Name a run by its corpus, method and seed, as ``demo cap s0``."""
    return f"{run.dataset} {run.method} s{run.config['seed']}"


def training_table(runs: Sequence[RunFolder]) -> TableBlock:
    """Show how long each run trained, from which code, and how many of its test clips were scored."""
    rows = []
    for run in runs:
        history, coverage, n_kept = run.history, run.metrics["coverage"], kept_epoch(run.history)
        commit = run.environment.get("git_commit") or UNDEFINED
        cells = [
            Cell(f"{len(history)} of {run.config['training']['epochs']}", len(history)),
            Cell(str(n_kept), n_kept),
            number_cell(history["seconds"].sum() / 60, digits=1),
            number_cell(history["clips_per_second"].median(), digits=1),
            number_cell(_watt_hours(run), digits=1),
            _share(coverage["scored"], coverage["expected"]),
            Cell(commit[:_COMMIT_DIGITS] + ("+changes" if commit.endswith("+changes") else "")),
        ]
        rows.append(TableRow(run_label(run), cells))
    columns = ["epochs", "kept", "minutes", "clips a second", "Wh", "test clips", "commit"]
    note = "Minutes and watt-hours are of all epochs, validation included; clips a second are the median epoch's."
    return TableBlock("", "Training, run by run", columns, rows, "run", note=note)


def training_cost(runs: Sequence[RunFolder]) -> str:
    """Say how long training took and how much energy, over all runs."""
    hours = pd.Series([run.history["seconds"].sum() / 3600 for run in runs])
    time = (
        f"Training took {hours.sum():.1f} hours in all, {60 * hours.min():.0f} to {60 * hours.max():.0f} minutes a run."
    )
    known = [energy for run in runs if (energy := _watt_hours(run)) is not None]
    if not known:
        return f"{time} No run recorded its energy."
    return f"{time} The {len(known)} runs that recorded their energy took {sum(known):.1f} Wh."


def data_table(runs: Sequence[RunFolder]) -> TableBlock:
    """Show how much of each corpus was there, one row per manifest, with its hash."""
    manifests = {(run.dataset, run.manifest["hash"]): run.manifest for run in runs if run.manifest is not None}
    splits = list(dict.fromkeys(name for manifest in manifests.values() for name in manifest["splits"]))
    rows = []
    for (corpus, digest), manifest in sorted(manifests.items()):
        cells = []
        for name in splits:
            split = manifest["splits"].get(name)
            cells.append(_share(split["usable"], split["listed"]) if split else number_cell(None))
        n_classes = len(manifest["classes"])
        rows.append(TableRow(corpus, [*cells, Cell(str(n_classes), n_classes), Cell(digest[:HASH_DIGITS])]))
    columns = [*(f"{name} clips" for name in splits), "classes", "manifest"]
    return TableBlock("", "Clips that the runs were given", columns, rows, "corpus")


def environment_table(runs: Sequence[RunFolder]) -> TableBlock:
    """Show versions, machine, precision and threads: one value where all runs agree, else each with its runs."""
    environments = pd.DataFrame([_as_text(run.environment) for run in runs])
    rows = []
    for name, column in environments.drop(columns=["format", "seed"], errors="ignore").items():
        counts = column.fillna(UNDEFINED).value_counts()
        texts = [f"{value} ({counted(n_runs, 'run')})" for value, n_runs in counts.items()]
        text = "; ".join(texts) if len(counts) > 1 else str(counts.index[0])
        rows.append(TableRow(str(name).removeprefix("packages."), [Cell(text)]))
    return TableBlock("", "Environment of the runs", ["value"], rows, "what")


def settings_tables(runs: Sequence[RunFolder]) -> list[TableBlock]:
    """Show the settings by which methods, corpora and single runs differ, then those that all share."""
    settings = pd.DataFrame([_as_text(without_places(run.config)) for run in runs]).fillna(UNDEFINED)
    left = settings.drop(columns=_NAMES)
    is_shared = left.eq(left.iloc[0]).all()
    shared = left.iloc[:1].loc[:, is_shared].set_axis(["value"])
    left = left.loc[:, ~is_shared]
    groups: dict[str, Any] = {
        "method": pd.Series([run.method for run in runs]),
        "corpus": pd.Series([run.dataset for run in runs]),
        "run": pd.Series([run.name for run in runs]),
    }
    found = {}
    for by, names in groups.items():
        first = left.groupby(names, sort=False).first()
        is_explained = left.eq(first.loc[names].set_axis(left.index)).all()
        if is_explained.any():
            found[f"Settings that differ by {by}"] = first.loc[:, is_explained]
        left = left.loc[:, ~is_explained]
    tables = []
    for title, table in {**found, "Settings that all runs share": shared}.items():
        is_wide = len(table.index) > max(len(table.columns), _MOST_COLUMNS)
        of_rows = table.T if is_wide else table
        rows = [TableRow(str(name), [Cell(text) for text in column]) for name, column in of_rows.items()]
        row_title = title.rsplit(maxsplit=1)[-1] if is_wide else "setting"
        tables.append(TableBlock("", title, [str(name) for name in of_rows.index], rows, row_title))
    return tables


def _watt_hours(run: RunFolder) -> float | None:
    """Return the energy of the training; None if it was not recorded."""
    return float(run.history["energy_wh"].sum()) if "energy_wh" in run.history else None


def _share(part: int, whole: int) -> Cell:
    return Cell(f"{part:,}" if part == whole else f"{part:,} of {whole:,}", part)


def _as_text(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return nested settings by their dotted names, strings as they are and others as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in flat_settings(settings)
    }
