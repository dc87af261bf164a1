"""The scores of a study's methods as tables: as set beside tuned, and baselines below the methods."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from sedpool.comparison.groups import RunGroup
from sedpool.comparison.labels import BASELINE_TITLES, number
from sedpool.comparison.tables import look_up
from sedpool.evaluation.averages import Totals
from sedpool.evaluation.counts_table import OWN_STRETCHED
from sedpool.reports.document import TableBlock, TableRow, number_cell
from sedpool.run_folder import RunFolder

Path = tuple[str, ...]
"""Keys of ``metrics.json``, from the outermost to that of a number."""

Place = tuple[Path, Path]
"""Where a number lies: the path of its decoding, and the rest."""

_OWN, _ALWAYS = "clip_decisions_stretched", "every_class_always"
_SEGMENT_F1 = ("segment", "micro", "f1")
_MICRO = {"F1": ("micro", "f1"), "P": ("micro", "precision"), "R": ("micro", "recall")}
_MACRO = {"macro F1": ("macro", "f1")}
_LOCATED = _MICRO | {"ER": ("micro", "error_rate")} | _MACRO
_COLUMNS: Mapping[str, Mapping[str, Path]] = {"clip": _MACRO | _MICRO, "segment": _LOCATED, "event": _LOCATED}
_PSDS: Mapping[str, Place] = {f"scenario {index}": ((), ("psds", f"scenario{index}")) for index in (1, 2)}

WITH_INTERVALS = {"clip": ("macro", "f1"), "segment": ("micro", "f1")}
"""Average and metric that intervals are shown of, by level."""
_ENDS = ("low", "high")
_GAP = {"behind best": "behind", "from": "behind_low", "to": "behind_high"}


def level_table(study: RunGroup, level: str, title: str) -> TableBlock:
    """Make the table of F1, precision, recall and error rate at one level, and of PSDS beside events.

    The best of each column is marked, and so are methods whose difference from it may be chance; PSDS is not marked.

    Parameters
    ----------
    study : RunGroup
        The runs.
    level : str
        Clip, segment or event.
    title : str
        The caption.
    """
    columns = _COLUMNS[level]
    places: list[Place] = [(part, (level, *path)) for part in study.decodings.values() for path in columns.values()]
    groups = [(decoding, len(columns)) for decoding in study.decodings]
    titles = [*columns] * len(groups)
    if level == "event":
        places += _PSDS.values()
        groups.append(("PSDS", len(_PSDS)))
        titles += _PSDS
    rows = _method_rows(study, places)
    cells = {row.title: list(row.cells) for row in rows}
    for index, (decoding, path) in enumerate(product(study.decodings, columns.values())):
        table = _in_column(study.intervals[level, decoding], path)
        table = table[table["estimate"].notna()].sort_values("behind", kind="stable")
        rivals = table.index[table["with_best"].astype(bool) & (len(table) > 1)]
        for rank, method in enumerate(rivals):
            cells[method][index] = replace(cells[method][index], best=rank == 0, with_best=rank > 0)
    rows = [replace(row, cells=cells[row.title]) for row in rows] + _baselines(study, level, places)
    return TableBlock("", title, titles, rows, "method", groups, study.note)


def class_table(study: RunGroup, decoding: str, title: str) -> TableBlock:
    """Make the table of F1 of every class: of segments, or of clips where there are only weak labels."""
    level = "segment" if study.has_events else "clip"
    labels = list(next(iter(study)).metrics["clip"]["class_wise"])
    places: list[Place] = [(study.decodings[decoding], (level, "class_wise", label, "f1")) for label in labels]
    rows = _method_rows(study, places) + _baselines(study, level, places)
    rows = [replace(row, cells=[replace(cell, text=number(cell.value)) for cell in row.cells]) for row in rows]
    return TableBlock("", title, labels, rows, "method")


def interval_table(study: RunGroup, level: str, title: str) -> TableBlock:
    """Make the table of each method's mean with its 95 % interval and the interval of its gap to the best.

    Baselines have no gap.

    Parameters
    ----------
    study : RunGroup
        The runs.
    level : str
        Clip (macro F1) or segment (micro F1).
    title : str
        The caption.
    """
    average_and_metric = WITH_INTERVALS[level]
    places: list[Place] = [(prefix, (level, *average_and_metric)) for prefix in study.decodings.values()]
    sources = {method: (level, method) for method in study.runs}
    sources |= {_own_title(method): (OWN_STRETCHED, method) for method in study.runs}
    rows = []
    for row in [*_method_rows(study, places), *_baselines(study, level, places)]:
        cells = []
        for mean, decoding in zip(row.cells, study.decodings, strict=True):
            known: dict[Hashable, float] = {}
            if row.title in sources:
                source, method = sources[row.title]
                table = _in_column(study.intervals[source, decoding], average_and_metric)
                known = table.loc[method].to_dict() if method in table.index else {}
            cells.append(number_cell(mean.value))
            cells += [number_cell(known.get(name)) for name in _ENDS]
            cells += [number_cell(None if row.is_baseline else known.get(name)) for name in _GAP.values()]
        rows.append(replace(row, cells=cells))
    columns = ["mean", *_ENDS, *_GAP]
    groups = [(decoding, len(columns)) for decoding in study.decodings]
    return TableBlock("", title, columns * len(groups), rows, "method", groups, study.not_compared)


def localisation(study: RunGroup) -> list[str]:
    """Say for each decoding which methods' means are no better than those of clip decisions and of true tags."""
    sentences = []
    for decoding, prefix in study.decodings.items():
        places: list[Place] = [(prefix, _SEGMENT_F1)]
        places += [(prefix, ("baselines", name, *_SEGMENT_F1)) for name in (_OWN, "oracle_tags_stretched")]
        nowhere, below = [], []
        for method, runs in study.runs.items():
            f1, own_tags, true_tags = _mean_row(method, runs, places).cells
            if f1.value is not None and own_tags.value is not None and f1.value <= own_tags.value:
                nowhere.append(
                    f"{decoding.capitalize()}, {method} does not beat its own clip decisions stretched over the clip "
                    f"(segment F1 {f1.text} against {own_tags.text}): it has located nothing."
                )
            if f1.value is not None and true_tags.value is not None and f1.value <= true_tags.value:
                below.append(f"{method} {number(f1.value)} against {number(true_tags.value)}")
        sentences += nowhere or [
            f"{decoding.capitalize()}, the mean segment F1 of every method is above that of its own clip decisions "
            "stretched over the clip."
        ]
        if below:
            sentences.append(
                f"{decoding.capitalize()}, no better than the true tags stretched over the clip, which know what "
                f"sounds but not when (segment F1): {', '.join(below)}."
            )
    return sentences


def corpus_baselines(runs: Sequence[RunFolder], level: str, places: Sequence[Place]) -> list[TableRow]:
    """Make the rows of the baselines that depend on the corpus alone: true tags stretched, and every class always.

    At clip level true tags are perfect, so that only the second is left.

    Parameters
    ----------
    runs : sequence of RunFolder
        One for each corpus or fold.
    level : str
        Clip or another.
    places : sequence of Place
        Where the metrics of the columns lie.
    """
    if level != "clip":
        titles = {name: title for name, title in BASELINE_TITLES.items() if name != _OWN}
        return [_mean_row(title, runs, places, ("baselines", name)) for name, title in titles.items()]
    metrics = []
    for run in runs:
        classes = run.metrics["clip"]["class_wise"]
        n_ref = np.array([values["n_ref"] for values in classes.values()], dtype=np.int64)
        n_clips = np.full_like(n_ref, run.metrics["coverage"]["scored"])
        metrics.append({"clip": Totals(tuple(classes), true_positives=n_ref, n_ref=n_ref, n_sys=n_clips).metrics()})
    means = [number_cell(*_mean_and_spread([look_up(one, path) for one in metrics])) for _, path in places]
    return [TableRow(BASELINE_TITLES[_ALWAYS], means, is_baseline=True)]


def _method_rows(study: RunGroup, places: Sequence[Place]) -> list[TableRow]:
    """Make one row per method."""
    rows = [_mean_row(method, runs, places) for method, runs in study.runs.items()]
    return [replace(row, is_flagged=row.title in study.flagged_methods) for row in rows]


def _baselines(study: RunGroup, level: str, places: Sequence[Place]) -> list[TableRow]:
    """Make one row per method of its own clip decisions, stretched, and the rows of `corpus_baselines`."""
    own = [] if level == "clip" else study.runs.items()
    rows = [_mean_row(_own_title(method), runs, places, ("baselines", _OWN)) for method, runs in own]
    return rows + corpus_baselines(study.one_per_fold, level, places)


def _own_title(method: str) -> str:
    return f"{method}: {BASELINE_TITLES[_OWN]}"


def _mean_row(title: str, runs: Sequence[RunFolder], places: Sequence[Place], branch: Path = ()) -> TableRow:
    """Make a row of means over runs; those of a baseline lie in a branch of each decoding."""
    cells = []
    for prefix, path in places:
        values = [look_up(run.metrics, (*prefix, *branch, *path)) for run in runs]
        cells.append(number_cell(*_mean_and_spread(values)))
    return TableRow(title, cells, is_baseline=bool(branch))


def _mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation of the values that are defined."""
    defined = pd.Series(values, dtype=float)
    return float(defined.mean()), float(defined.std(ddof=1))


def _in_column(intervals: pd.DataFrame, average_and_metric: Path) -> pd.DataFrame:
    """Select the rows of an average and metric, by method."""
    average, metric = average_and_metric
    return intervals[(intervals["average"] == average) & (intervals["metric"] == metric)].set_index("method")
