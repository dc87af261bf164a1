"""Every run of a study with its interval over test clips, and what so many test clips can show."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from sedpool.comparison.significance import intervals, metric_at
from sedpool.comparison.study_runs import StudyRuns
from sedpool.comparison.tables import look_up
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.reports.run_appendix import run_label
from sedpool.reports.score_tables import Path, Place, corpus_baselines
from sedpool.run_folder import RunFolder

_CLIP, _SEGMENT, _EVENT = ("clip", "macro", "f1"), ("segment", "micro", "f1"), ("event", "micro", "f1")
_OWN = ("baselines", "clip_decisions_stretched", *_SEGMENT)
_ENDS: dict[str, Path] = {"low": ("low",), "high": ("high",)}
_WITH_EVENTS: Mapping[str, Path] = {
    "segment F1": _SEGMENT,
    **_ENDS,
    "own tags": _OWN,
    "event F1": _EVENT,
    "clip F1": _CLIP,
}
_TAGS_ALONE: Mapping[str, Path] = {"clip F1": _CLIP, **_ENDS}
_NOTE = "Segment and event F1 are micro averages, clip F1 is the macro average; marks compare the runs on one corpus."
_OWN_NOTE = "Own tags: segment F1 of the run's own clip decisions, stretched over the clip. "


def run_table(study: StudyRuns, title: str) -> tuple[TableBlock, list[str]]:
    """Main scores of every run, with the 95 % interval of the first over test clips.

    Parameters
    ----------
    study : StudyRuns
        The runs.
    title : str
        The caption.

    Returns
    -------
    table : TableBlock
        The best run on each corpus, and those that cannot be told from it, are marked.
    notes : list of str
        What the test clips can show, as decoded first.
    """
    columns = _WITH_EVENTS if study.has_events else _TAGS_ALONE
    cells: list[list[Cell]] = [[] for _ in study.runs]
    notes: list[str] = []
    for prefix in study.decodings.values():
        found, said = _intervals(study.runs, (*prefix, *next(iter(columns.values()))))
        for own, run, interval in zip(cells, study.runs, found, strict=True):
            own += _cells(run, columns, prefix, interval)
        notes = notes or said
    rows = [
        TableRow(run_label(run), own, is_flagged=run in study.flagged)
        for run, own in zip(study.runs, cells, strict=True)
    ]
    groups = [(decoding, len(columns)) for decoding in study.decodings]
    note = _OWN_NOTE * study.has_events + _NOTE
    rows += _baselines(study, columns)
    return TableBlock("", title, [*columns] * len(groups), rows, "run", groups, note), notes


def _intervals(runs: Sequence[RunFolder], path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """A row of `sedpool.comparison.significance.intervals` for each run, and its notes."""
    places = {"dataset": [run.dataset for run in runs], "run": [str(run.path) for run in runs]}
    found, notes = intervals(pd.DataFrame(places), metric_at(path))
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")], notes


def _cells(run: RunFolder, columns: Mapping[str, Path], prefix: Path, interval: Mapping[str, Any]) -> list[Cell]:
    """The run's scores; its first is marked."""
    first, *others = (
        number_cell(interval[title] if title in _ENDS else look_up(run.metrics, (*prefix, *path)))
        for title, path in columns.items()
    )
    is_best = interval["behind"] == 0
    return [replace(first, best=is_best, with_best=interval["with_best"] and not is_best), *others]


def _baselines(study: StudyRuns, columns: Mapping[str, Path]) -> list[TableRow]:
    places: list[Place] = [(prefix, path) for prefix in study.decodings.values() for path in columns.values()]
    level = "segment" if study.has_events else "clip"
    return [
        replace(row, title=f"{run.dataset}: {row.title}")
        for run in study.one_a_corpus
        for row in corpus_baselines([run], level, places)
    ]
