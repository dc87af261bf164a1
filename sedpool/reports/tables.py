"""``metrics.json`` as rows of text: what the page and the comparison print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sedpool.comparison.labels import BASELINE_TITLES, METRIC_NAMES, number, threshold_title


@dataclass(frozen=True)
class Row:
    """One line of a table: a title, the cells after it, and whether it is a baseline or the end of an interval."""

    title: str
    cells: Sequence[str]
    is_baseline: bool = False
    is_interval: bool = False


def _decodings(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The run's results by title: decoded as set, and as tuned on validation where it was."""
    tuned = {"tuned": metrics["tuned"]} if metrics["tuned"] else {}
    return {threshold_title(metrics["decoding"]): metrics, **tuned}


def clip_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """Clip-level scores: micro and macro F1, precision and recall, as set and tuned."""
    return [
        Row(f"{average} average, {title}", [number(part["clip"][average][name]) for name in METRIC_NAMES[:3]])
        for average in ("macro", "micro")
        for title, part in _decodings(metrics).items()
    ]


def level_rows(metrics: Mapping[str, Any], level: str) -> list[Row]:
    """Scores at one level (``"segment"`` or ``"event"``), as set and tuned, the run's over those of the baselines.

    Each row has micro F1, precision, recall and error rate, then macro F1.
    """
    parts = _decodings(metrics)
    rows = [Row(f"this run, {title}", _level_cells(part[level])) for title, part in parts.items()]
    for name, baseline in BASELINE_TITLES.items():
        own = {f"{baseline}, {title}": part for title, part in parts.items()}
        for title, part in (own if name == "clip_decisions_stretched" else {baseline: metrics}).items():
            rows.append(Row(title, _level_cells(part["baselines"][name][level]), is_baseline=True))
    return rows


def _level_cells(averages: Mapping[str, Any]) -> list[str]:
    return [number(averages["micro"][name]) for name in METRIC_NAMES] + [number(averages["macro"]["f1"])]


def paper_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """The published evaluation's numbers: F1, precision, recall and error rate (none where static)."""
    paper = metrics["paper_compat"]
    names = {"pooled": "static, pooled output", "highest_frame": "static, highest frame"}
    rows = {title: paper["static"][name] for name, title in names.items()}
    if paper["dynamic"] is not None:
        rows["dynamic"] = paper["dynamic"]["micro"]
    return [Row(title, [number(values.get(name)) for name in METRIC_NAMES]) for title, values in rows.items()]


@dataclass(frozen=True)
class ClassTable:
    """Class-wise scores: groups of columns, the columns' titles by group, and a row a class."""

    groups: Mapping[str, Sequence[str]]
    rows: Sequence[Row]


def class_table(metrics: Mapping[str, Any]) -> ClassTable:
    """Class-wise scores as set, with tuned F1 beside: clips and, where there are strong labels, segments and events.

    The segment F1 of the run's own clip decisions, stretched over the clip, stands beside its segment scores.
    """
    titles = list(_decodings(metrics))
    f1 = [f"F1 {title}" for title in titles]
    groups = {"clip": [*f1, "P", "R"]}
    if metrics["segment"] is not None:
        groups |= {"segment": [*f1, "P", "R", "ER"], "own tags stretched": f1, "event": f1}
    return ClassTable(groups, [Row(label, _class_cells(metrics, label)) for label in metrics["clip"]["class_wise"]])


def _class_cells(metrics: Mapping[str, Any], label: str) -> list[str]:
    parts = list(_decodings(metrics).values())

    def f1(*keys: str) -> list[Any]:
        path = [*keys, "class_wise", label, "f1"]
        return [reduce(lambda value, key: value[key], path, part) for part in parts]

    clip = metrics["clip"]["class_wise"][label]
    cells = [*f1("clip"), clip["precision"], clip["recall"]]
    if metrics["segment"] is not None:
        segment = metrics["segment"]["class_wise"][label]
        cells += [*f1("segment"), segment["precision"], segment["recall"], segment["error_rate"]]
        cells += [*f1("baselines", "clip_decisions_stretched", "segment"), *f1("event")]
    return [number(cell) for cell in cells]
