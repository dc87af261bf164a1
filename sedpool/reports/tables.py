"""``metrics.json`` as rows of text: what the page and the comparison print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

METRIC_NAMES = ("f1", "precision", "recall", "error_rate")
BASELINE_TITLES = {
    "clip_decisions_stretched": "own clip decisions, stretched over the clip",
    "oracle_tags_stretched": "true tags, stretched over the clip",
    "every_class_always": "every class, always",
}
UNDEFINED = "–"


@dataclass(frozen=True)
class Row:
    """One line of a table: a title, the cells after it, and whether it is a baseline."""

    title: str
    cells: Sequence[str]
    is_baseline: bool = False


def number(value: float | None, digits: int = 3) -> str:
    """A number as text, a dash where it is undefined.

    Examples
    --------
    >>> number(0.51234), number(None)
    ('0.512', '–')
    """
    return UNDEFINED if value is None else f"{value:.{digits}f}"


def clip_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """Clip-level scores: micro and macro F1, precision and recall."""
    return [
        Row(f"{average} average", [number(metrics["clip"][average][name]) for name in METRIC_NAMES[:3]])
        for average in ("macro", "micro")
    ]


def level_rows(metrics: Mapping[str, Any], level: str) -> list[Row]:
    """Scores at one level (``"segment"`` or ``"event"``), the run's over those of the baselines.

    Each row has micro F1, precision, recall and error rate, then macro F1.
    """
    rows = [Row("this run", _level_cells(metrics[level]))]
    for name, title in BASELINE_TITLES.items():
        rows.append(Row(title, _level_cells(metrics["baselines"][name][level]), is_baseline=True))
    return rows


def _level_cells(averages: Mapping[str, Any]) -> list[str]:
    return [number(averages["micro"][name]) for name in METRIC_NAMES] + [number(averages["macro"]["f1"])]


def class_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """Class-wise scores.

    Each row has clip F1, precision, recall; where there are strong labels also segment F1, precision, recall, error
    rate, the segment F1 of the run's own clip decisions stretched, and event F1.
    """
    return [Row(label, _class_cells(metrics, label)) for label in metrics["clip"]["class_wise"]]


def _class_cells(metrics: Mapping[str, Any], label: str) -> list[str]:
    cells = [number(metrics["clip"]["class_wise"][label][name]) for name in METRIC_NAMES[:3]]
    if metrics["segment"] is not None:
        stretched = metrics["baselines"]["clip_decisions_stretched"]["segment"]["class_wise"][label]
        cells += [number(metrics["segment"]["class_wise"][label][name]) for name in METRIC_NAMES]
        cells += [number(stretched["f1"]), number(metrics["event"]["class_wise"][label]["f1"])]
    return cells
