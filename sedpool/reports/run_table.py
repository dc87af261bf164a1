"""Every run of a study with its interval over test clips, and what that many test clips can show."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from sedpool.comparison.groups import RunGroup
from sedpool.comparison.significance import intervals, metric_at
from sedpool.comparison.tables import look_up
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.reports.run_appendix import run_label
from sedpool.reports.score_tables import Path, Place, corpus_baselines

_CLIP, _SEGMENT, _EVENT = ("clip", "macro", "f1"), ("segment", "micro", "f1"), ("event", "micro", "f1")
_OWN = ("baselines", "clip_decisions_stretched", *_SEGMENT)
_ENDS: tuple[Path, Path] = (("low",), ("high",))
"""Ends of the interval, which come from the counts and not from ``metrics.json``."""
_WITH_EVENTS: Mapping[str, Path] = {
    "segment F1": _SEGMENT,
    "low": _ENDS[0],
    "high": _ENDS[1],
    "own tags": _OWN,
    "event F1": _EVENT,
    "clip F1": _CLIP,
}
_TAGS_ALONE: Mapping[str, Path] = {"clip F1": _CLIP, "low": _ENDS[0], "high": _ENDS[1]}
_NOTE = "Segment and event F1 are micro averages, clip F1 is the macro average; marks compare the runs on one corpus."
_OWN_NOTE = "Own tags: segment F1 of the run's own clip decisions, stretched over the clip. "


def run_table(study: RunGroup, title: str) -> tuple[TableBlock, list[str]]:
    """Make the table of every run's main scores, the first with its 95 % interval over test clips.

    Parameters
    ----------
    study : RunGroup
        The runs.
    title : str
        The caption.

    Returns
    -------
    table : TableBlock
        The best run on each corpus is marked, and so are those whose difference from it may be chance.
    notes : list of str
        What the test clips can show under the first decoding.
    """
    columns = _WITH_EVENTS if study.has_events else _TAGS_ALONE
    main, *others = columns.values()
    runs = list(study)
    cells: list[list[Cell]] = [[] for _ in runs]
    notes: list[str] = []
    where = pd.DataFrame({"dataset": [run.dataset for run in runs], "run": [str(run.path) for run in runs]})
    for prefix in study.decodings.values():
        found, remarks = intervals(where, metric_at((*prefix, *main)))
        for own, run, interval in zip(cells, runs, found.to_dict("records"), strict=True):
            is_best = interval["behind"] == 0
            score = number_cell(look_up(run.metrics, (*prefix, *main)))
            own.append(replace(score, best=is_best, with_best=interval["with_best"] and not is_best))
            for path in others:
                value = interval[path[0]] if path in _ENDS else look_up(run.metrics, (*prefix, *path))
                own.append(number_cell(value))
        notes = notes or remarks
    rows = [
        TableRow(run_label(run), own, is_flagged=run in study.flagged) for run, own in zip(runs, cells, strict=True)
    ]
    places: list[Place] = [(prefix, path) for prefix in study.decodings.values() for path in columns.values()]
    level = "segment" if study.has_events else "clip"
    for run in study.one_per_fold:
        rows += [replace(row, title=f"{run.dataset}: {row.title}") for row in corpus_baselines([run], level, places)]
    groups = [(decoding, len(columns)) for decoding in study.decodings]
    note = _OWN_NOTE * study.has_events + _NOTE
    return TableBlock("", title, [*columns] * len(groups), rows, "run", groups, note), notes
