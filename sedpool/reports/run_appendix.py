"""What runs were made with: training, data, settings, versions and machine, as tables for an appendix."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from sedpool.comparison.labels import HASH_DIGITS, UNDEFINED
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.run_folder import RunFolder, kept_epoch, without_places

_COMMIT_DIGITS = 10
_NAMES = ["corpus", "method", "seed"]


def run_label(run: RunFolder) -> str:
    """A run's corpus, method and seed, as ``demo cap s0``."""
    return f"{run.dataset} {run.method} s{run.config['seed']}"


def training_table(runs: Sequence[RunFolder]) -> TableBlock:
    """How long each run trained, from which code, and how many of its test clips were scored."""
    columns = ["epochs", "kept", "minutes", "clips a second", "Wh", "test clips", "commit"]
    rows = [TableRow(run_label(run), _training_cells(run)) for run in runs]
    note = "Minutes and watt-hours are of all epochs, validation included; clips a second are the median epoch's."
    return TableBlock("", "Training, run by run", columns, rows, "run", note=note)


def _training_cells(run: RunFolder) -> list[Cell]:
    history, coverage = run.history, run.metrics["coverage"]
    budget = run.config["training"]["epochs"]
    commit = run.environment.get("git_commit") or UNDEFINED
    return [
        Cell(f"{len(history)} of {budget}", len(history)),
        _count(kept_epoch(history)),
        number_cell(history["seconds"].sum() / 60, digits=1),
        number_cell(history["clips_per_second"].median(), digits=1),
        number_cell(_watt_hours(run), digits=1),
        _share(coverage["scored"], coverage["expected"]),
        Cell(commit[:_COMMIT_DIGITS] + ("+changes" if commit.endswith("+changes") else "")),
    ]


def _watt_hours(run: RunFolder) -> float | None:
    """Energy of the training; None if it was not recorded."""
    return float(run.history["energy_wh"].sum()) if "energy_wh" in run.history else None


def training_cost(runs: Sequence[RunFolder]) -> str:
    """How long training took and how much energy, all in all."""
    hours = pd.Series([run.history["seconds"].sum() / 3600 for run in runs])
    time = (
        f"Training took {hours.sum():.1f} hours in all, {60 * hours.min():.0f} to {60 * hours.max():.0f} minutes a run."
    )
    known = [energy for run in runs if (energy := _watt_hours(run)) is not None]
    if not known:
        return f"{time} No run recorded its energy."
    return f"{time} The {len(known)} runs that recorded their energy took {sum(known):.1f} Wh."


def data_table(runs: Sequence[RunFolder]) -> TableBlock:
    """What of each corpus was there, and the hash of that; a row a manifest."""
    manifests = {(run.dataset, run.manifest["hash"]): run.manifest for run in runs if run.manifest is not None}
    splits = list(dict.fromkeys(name for manifest in manifests.values() for name in manifest["splits"]))
    rows = [
        TableRow(
            corpus,
            [
                *(_of_split(manifest, name) for name in splits),
                _count(len(manifest["classes"])),
                Cell(digest[:HASH_DIGITS]),
            ],
        )
        for (corpus, digest), manifest in sorted(manifests.items())
    ]
    columns = [*(f"{name} clips" for name in splits), "classes", "manifest"]
    return TableBlock("", "Clips that the runs were given", columns, rows, "corpus")


def _of_split(manifest: Mapping[str, Any], name: str) -> Cell:
    split = manifest["splits"].get(name)
    return _share(split["usable"], split["listed"]) if split else number_cell(None)


def _share(part: int, whole: int) -> Cell:
    return Cell(f"{part:,}" if part == whole else f"{part:,} of {whole:,}", part)


def _count(number: int) -> Cell:
    return Cell(str(number), number)


def environment_table(runs: Sequence[RunFolder]) -> TableBlock:
    """Versions, machine, precision and threads: one value where all runs agree."""
    environments = pd.DataFrame([dict(_flat(run.environment)) for run in runs])
    environments = environments.drop(columns=["format", "seed"], errors="ignore")
    rows = [TableRow(str(name).removeprefix("packages."), [_values(column)]) for name, column in environments.items()]
    return TableBlock("", "Environment of the runs", ["value"], rows, "what")


def _values(column: "pd.Series[str]") -> Cell:
    """The value, or each with the number of runs that have it."""
    counts = column.fillna(UNDEFINED).value_counts()
    if len(counts) == 1:
        return Cell(str(counts.index[0]))
    return Cell("; ".join(f"{value} ({n_runs} {'run' if n_runs == 1 else 'runs'})" for value, n_runs in counts.items()))


def settings_tables(runs: Sequence[RunFolder]) -> list[TableBlock]:
    """The settings by which methods, corpora and single runs differ, and those that all share."""
    settings = pd.DataFrame([dict(_flat(without_places(run.config))) for run in runs]).fillna(UNDEFINED)
    groups: dict[str, Any] = {
        "method": pd.Series([run.method for run in runs]),
        "corpus": pd.Series([run.dataset for run in runs]),
        "run": pd.Series([run.path.name for run in runs]),
    }
    left = settings.drop(columns=_NAMES)
    is_shared = left.eq(left.iloc[0]).all()
    shared, left = left.iloc[:1].loc[:, is_shared], left.loc[:, ~is_shared]
    tables = []
    for by, names in groups.items():
        first = left.groupby(names, sort=False).first()
        is_explained = left.eq(first.loc[names].set_axis(left.index)).all()
        if is_explained.any():
            tables.append(_settings_table(f"Settings that differ by {by}", first.loc[:, is_explained]))
        left = left.loc[:, ~is_explained]
    return [*tables, _settings_table("Settings that all runs share", shared.set_axis(["value"]))]


def _settings_table(title: str, settings: pd.DataFrame) -> TableBlock:
    """A row a setting, a column each of the rows of `settings`."""
    rows = [TableRow(str(name), [Cell(text) for text in column]) for name, column in settings.items()]
    return TableBlock("", title, [str(name) for name in settings.index], rows, "setting")


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings by their dotted names, as text."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key))
    else:
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
