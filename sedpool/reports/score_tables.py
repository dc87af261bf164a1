"""The scores of a study's methods as tables: as set beside tuned, and baselines under the methods in every one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from sedpool.comparison.labels import BASELINE_TITLES, number
from sedpool.comparison.study_runs import StudyRuns
from sedpool.comparison.tables import look_up
from sedpool.evaluation.averages import Totals
from sedpool.evaluation.counts_table import OWN_STRETCHED
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.run_folder import RunFolder

Path = tuple[str, ...]
"""Where something lies in ``metrics.json``."""

Place = tuple[Path, Path]
"""Where a number lies: its decoding, and what it is from there."""

_OWN, _ALWAYS = "clip_decisions_stretched", "every_class_always"
_SEGMENT_F1 = ("segment", "micro", "f1")
_MICRO = {"F1": ("micro", "f1"), "P": ("micro", "precision"), "R": ("micro", "recall")}
_MACRO = {"macro F1": ("macro", "f1")}
_LOCATED = _MICRO | {"ER": ("micro", "error_rate")} | _MACRO
_COLUMNS: Mapping[str, Mapping[str, Path]] = {"clip": _MACRO | _MICRO, "segment": _LOCATED, "event": _LOCATED}
_PSDS: Mapping[str, Place] = {f"scenario {index}": ((), ("psds", f"scenario{index}")) for index in (1, 2)}

WITH_INTERVALS = {"clip": ("macro", "f1"), "segment": ("micro", "f1")}
_ENDS = {"low": "low", "high": "high"}
_LAG = {"behind best": "behind", "from": "behind_low", "to": "behind_high"}


def level_table(study: StudyRuns, level: str, title: str) -> TableBlock:
    """F1, precision, recall and error rate at one level (clip, segment, event), and PSDS beside events.

    The best of each column and what cannot be told from it are marked, but for PSDS.
    """
    columns = _COLUMNS[level]
    places: list[Place] = [(part, (level, *one)) for part in study.decodings.values() for one in columns.values()]
    groups = [(decoding, len(columns)) for decoding in study.decodings]
    titles = [*columns] * len(groups)
    if level == "event":
        places += _PSDS.values()
        groups.append(("PSDS", len(_PSDS)))
        titles += _PSDS
    rows = _rows(study, places)
    marks = [_rivals(study, level, decoding, one) for decoding in study.decodings for one in columns.values()]
    rows = [_marked(row, marks) for row in rows] + _baselines(study, level, places)
    return TableBlock("", title, titles, rows, "method", groups, study.note)


def class_table(study: StudyRuns, decoding: str, title: str) -> TableBlock:
    """F1 of every class: of segments, or of clips where there are only weak labels."""
    level = "segment" if study.has_events else "clip"
    labels = list(study.runs[0].metrics["clip"]["class_wise"])
    places: list[Place] = [(study.decodings[decoding], (level, "class_wise", label, "f1")) for label in labels]
    rows = _rows(study, places)
    rows += _baselines(study, level, places)
    rows = [replace(row, cells=[replace(cell, text=number(cell.value)) for cell in row.cells]) for row in rows]
    return TableBlock("", title, labels, rows, "method")


def interval_table(study: StudyRuns, level: str, title: str) -> TableBlock:
    """The 95 % intervals of each method's mean and of its lag on the best: macro F1 of clips, micro F1 of segments."""
    column = WITH_INTERVALS[level]
    places: list[Place] = [(prefix, (level, *column)) for prefix in study.decodings.values()]
    rows = _rows(study, places) + _baselines(study, level, places)
    sources = {method: (level, method) for method in study.methods}
    sources |= {_own_title(method): (OWN_STRETCHED, method) for method in study.methods}
    rows = [_with_ends(row, study, column, sources.get(row.title)) for row in rows]
    columns = ["mean", *_ENDS, *_LAG]
    groups = [(decoding, len(columns)) for decoding in study.decodings]
    return TableBlock("", title, columns * len(groups), rows, "method", groups, study.not_compared)


def _with_ends(row: TableRow, study: StudyRuns, column: Path, source: tuple[str, str] | None) -> TableRow:
    """After each mean its interval, of which `source` is the level and method, and, but for baselines, its lag's."""
    cells = []
    for mean, decoding in zip(row.cells, study.decodings, strict=True):
        level, method = source or ("", "")
        table = _in_column(study.intervals[level, decoding], column) if source else pd.DataFrame()
        known = [*_ENDS.values(), *([] if row.is_baseline else _LAG.values())] if method in table.index else []
        cells.append(number_cell(mean.value))
        for name in (*_ENDS.values(), *_LAG.values()):
            cells.append(number_cell(float(table[name][method]) if name in known else None))
    return replace(row, cells=cells)


def localisation(study: StudyRuns) -> list[str]:
    """Sentences for each decoding: which methods' means are no better than those of clip decisions and true tags."""
    sentences = []
    for decoding, prefix in study.decodings.items():
        found = [_does_not_locate(method, runs, decoding, prefix) for method, runs in study.methods.items()]
        all_do = (
            f"{decoding.capitalize()}, the mean segment F1 of every method is above that of its own clip decisions "
            "stretched over the clip."
        )
        sentences += [sentence for sentence in found if sentence] or [all_do]
        sentences += _below_true_tags(study, decoding, prefix)
    return sentences


def _below_true_tags(study: StudyRuns, decoding: str, prefix: Path) -> Iterator[str]:
    """Which methods would do better by knowing what sounds in each clip, and not when."""
    own, oracle = (prefix, _SEGMENT_F1), (prefix, ("baselines", "oracle_tags_stretched", *_SEGMENT_F1))
    cells = {method: _row(method, runs, [own, oracle]).cells for method, runs in study.methods.items()}
    below = [
        f"{method} {number(f1.value)} against {number(true_tags.value)}"
        for method, (f1, true_tags) in cells.items()
        if f1.value is not None and true_tags.value is not None and f1.value <= true_tags.value
    ]
    if below:
        yield (
            f"{decoding.capitalize()}, no better than the true tags stretched over the clip, which know what sounds "
            f"but not when (segment F1): {', '.join(below)}."
        )


def _does_not_locate(method: str, runs: Sequence[RunFolder], decoding: str, prefix: Path) -> str:
    own, stretched = _row(method, runs, [(prefix, _SEGMENT_F1), (prefix, ("baselines", _OWN, *_SEGMENT_F1))]).cells
    if own.value is None or stretched.value is None or own.value > stretched.value:
        return ""
    return (
        f"{decoding.capitalize()}, {method} does not beat its own clip decisions stretched over the clip "
        f"(segment F1 {own.text} against {stretched.text}): it has located nothing."
    )


def _rows(study: StudyRuns, places: Sequence[Place]) -> list[TableRow]:
    """A row a method."""
    rows = [_row(method, runs, places) for method, runs in study.methods.items()]
    return [replace(row, is_flagged=row.title in study.flagged_methods) for row in rows]


def _row(title: str, runs: Sequence[RunFolder], places: Sequence[Place], branch: Path = ()) -> TableRow:
    """Means over runs; those of a baseline lie in a branch of each decoding."""
    cells = [_mean_cell([run.metrics for run in runs], (*prefix, *branch, *place)) for prefix, place in places]
    return TableRow(title, cells, is_baseline=bool(branch))


def _mean_cell(metrics: Sequence[Mapping[str, Any]], path: Path) -> Cell:
    values = pd.Series([look_up(one, path) for one in metrics])
    return number_cell(values.mean(), values.std(ddof=1))


def _baselines(study: StudyRuns, level: str, places: Sequence[Place]) -> list[TableRow]:
    """A row a method of its own clip decisions, stretched, and what depends on the corpus alone."""
    if level == "clip":
        return corpus_baselines(study.one_a_corpus, level, places)
    own = [_row(_own_title(method), runs, places, ("baselines", _OWN)) for method, runs in study.methods.items()]
    return own + corpus_baselines(study.one_a_corpus, level, places)


def _own_title(method: str) -> str:
    return f"{method}: {BASELINE_TITLES[_OWN]}"


def corpus_baselines(runs: Sequence[RunFolder], level: str, places: Sequence[Place]) -> list[TableRow]:
    """True tags, stretched, and every class, always; of clip decisions only the second is not trivial.

    Parameters
    ----------
    runs : sequence of RunFolder
        One a corpus, for these rows depend on nothing else.
    level : str
        Clip or another.
    places : sequence of Place
        Where the metrics of the columns lie.
    """
    if level == "clip":
        metrics = [{"clip": _every_class_always(run)} for run in runs]
        return [TableRow(BASELINE_TITLES[_ALWAYS], [_mean_cell(metrics, place) for _, place in places], True)]
    titles = {name: title for name, title in BASELINE_TITLES.items() if name != _OWN}
    return [_row(title, runs, places, ("baselines", name)) for name, title in titles.items()]


def _every_class_always(run: RunFolder) -> Mapping[str, Any]:
    """Clip scores of the answer that every class is in every clip."""
    classes = run.metrics["clip"]["class_wise"]
    n_ref = np.array([values["n_ref"] for values in classes.values()], dtype=np.int64)
    n_clips = np.full_like(n_ref, run.metrics["coverage"]["scored"])
    return Totals(tuple(classes), true_positives=n_ref, n_ref=n_ref, n_sys=n_clips).metrics()


def _in_column(intervals: pd.DataFrame, column: Path) -> pd.DataFrame:
    """The rows of an average and metric, by method."""
    average, metric = column
    return intervals[(intervals["average"] == average) & (intervals["metric"] == metric)].set_index("method")


def _rivals(study: StudyRuns, level: str, decoding: str, column: Path) -> tuple[str, ...]:
    """The best method, then those that cannot be told from it; nobody where there is nothing to compare."""
    table = _in_column(study.intervals[level, decoding], column)
    table = table[table["estimate"].notna()].sort_values("behind", kind="stable")
    return tuple(table.index[table["with_best"].astype(bool)]) if len(table) > 1 else ()


def _marked(row: TableRow, marks: Sequence[tuple[str, ...]]) -> TableRow:
    """The row with its marks in the first columns."""
    cells = list(row.cells)
    for index, rivals in enumerate(marks):
        if row.title in rivals:
            is_best = row.title == rivals[0]
            cells[index] = replace(cells[index], best=is_best, with_best=not is_best)
    return replace(row, cells=cells)
