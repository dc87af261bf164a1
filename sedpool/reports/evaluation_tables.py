"""An evaluation as sentences and tables, for a terminal and for a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich.console import Console

from sedpool.comparison.labels import BASELINE_TITLES, number
from sedpool.evaluation.averages import Metrics
from sedpool.reports.evaluation_report import Evaluation
from sedpool.reports.tables import Row
from sedpool.reports.terminal import plain_table
from sedpool.stats.replicates import MetricKey

_SCENARIOS = {"scenario1": "scenario 1", "scenario2": "scenario 2"}
_RANKINGS = {"AP": "average_precision", "AUC": "roc_auc", "lwlrap": "lwlrap"}
_OVERALL: dict[str, MetricKey] = {
    "F1": ("micro", "", "f1"),
    "P": ("micro", "", "precision"),
    "R": ("micro", "", "recall"),
    "ER": ("micro", "", "error_rate"),
    "macro F1": ("macro", "", "f1"),
}
_ENDS = ("from", "to")


@dataclass(frozen=True)
class ResultTable:
    """Rows of text under a title and the columns that follow the rows' own titles."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]


def print_evaluation(evaluation: Evaluation) -> None:
    """Show everything on the terminal."""
    console = Console()
    for sentence in sentences(evaluation):
        console.print(sentence, highlight=False, soft_wrap=True)
    by_class = class_tables(evaluation) if evaluation.intervals else f1_by_class(evaluation)
    for table in [*overall_tables(evaluation), *by_class]:
        console.print(plain_table(table.title, table.columns, table.rows))
    for name, value in evaluation.areas.items():
        sure = f", 95 % interval {' to '.join(_ends(evaluation, 'psds', (name, '', 'psds')))}"
        text = f"PSDS, {_SCENARIOS[name]}: {number(value, 6)}{sure if evaluation.intervals else ''}"
        console.print(text, highlight=False, soft_wrap=True)


def evaluation_page(evaluation: Evaluation, title: str) -> str:
    """An HTML page that needs no other file."""
    environment = Environment(
        loader=PackageLoader("sedpool.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("evaluation.html").render(
        title=title,
        sentences=sentences(evaluation),
        areas={
            _SCENARIOS[name]: (number(value), _ends(evaluation, "psds", (name, "", "psds")))
            for name, value in evaluation.areas.items()
        },
        overall=overall_tables(evaluation),
        by_class=class_tables(evaluation),
        has_intervals=evaluation.intervals is not None,
    )


def sentences(evaluation: Evaluation) -> list[str]:
    """What was compared, by what clips were ranked, and where intervals come from."""
    found, settings = evaluation.intervals, evaluation.settings
    said = [_clips_and_labels(evaluation)]
    if "ranked_by" in settings:
        said.append(f"Clips are ranked by their {settings['ranked_by']}.")
    if found is not None:
        shared = f", widened for the {found.n_sources} recordings that clips were made from" if found.n_sources else ""
        said.append(
            f"Intervals: 95 %, BCa, from {found.n_resamples} resamples of the clips (seed {found.seed}){shared}."
        )
    return said


def _clips_and_labels(evaluation: Evaluation) -> str:
    scored, coverage = evaluation.input, evaluation.input.coverage
    classes = f"{coverage['without_detections']} without any detection. Classes: {len(scored.classes)}."
    if evaluation.is_tagging:
        n_true, n_detected = (
            len(set(zip(events.clip.tolist(), events.label.tolist(), strict=True)))
            for events in (scored.reference, scored.estimated)
        )
        return f"Clips: {coverage['scored']}, {classes} Tags: {n_true} true, {n_detected} detected."
    lengths = "lengths as stated" if scored.lengths_known else "each as long as its last event says"
    events = f"Events: {len(scored.reference)} true"
    events += f", {len(scored.estimated)} detected." if evaluation.levels else "."  # PSDS has no single threshold
    return f"Clips: {coverage['scored']} ({lengths}), {classes} {events}"


def overall_tables(evaluation: Evaluation) -> list[ResultTable]:
    """Averages of decisions, each over those of the baselines, and averages of rankings."""
    rows: list[Row] = []
    for level, counts in evaluation.counts.items():
        rows += _with_ends(evaluation, level, level_title(evaluation, level), counts.metrics(), _OVERALL.values())
        for name, title in BASELINE_TITLES.items():
            if level in evaluation.baselines[name]:
                metrics = evaluation.baselines[name][level].metrics()
                rows.append(Row(title, [number(_value(metrics, key)) for key in _OVERALL.values()], is_baseline=True))
    tables = [ResultTable("", list(_OVERALL), rows)] if rows else []
    if evaluation.clip_scores is not None:
        rows = [
            row
            for average in ("macro", "micro")
            for row in _with_ends(
                evaluation,
                "clip",
                f"{average} average",
                evaluation.levels["clip"],
                [(average, "", name) for name in _RANKINGS.values()],
            )
        ]
        tables.append(ResultTable("clips ranked", list(_RANKINGS), rows))
    return tables


def f1_by_class(evaluation: Evaluation) -> list[ResultTable]:
    """F1 of each class, the levels side by side."""
    if not evaluation.counts:
        return class_tables(evaluation)
    rows = [
        Row(label, [number(evaluation.levels[level]["class_wise"][label]["f1"]) for level in evaluation.counts])
        for label in evaluation.input.classes
    ]
    return [ResultTable("F1 by class", list(evaluation.counts), rows)]


def class_tables(evaluation: Evaluation) -> list[ResultTable]:
    """The numbers of each class, a table a level: with its intervals, few columns fit side by side."""
    tables = [
        _class_table(
            evaluation, level, level_title(evaluation, level), {"F1": "f1"}, {"true": "n_ref", "detected": "n_sys"}
        )
        for level in evaluation.counts
    ]
    if evaluation.clip_scores is not None:
        tables.append(_class_table(evaluation, "clip", "clips ranked", _RANKINGS, {}))
    return tables


def _class_table(
    evaluation: Evaluation, level: str, title: str, names: Mapping[str, str], counts: Mapping[str, str]
) -> ResultTable:
    has_ends = evaluation.intervals is not None
    rows = []
    for label in evaluation.input.classes:
        values = evaluation.levels[level]["class_wise"][label]
        cells = []
        for name in names.values():
            cells += [
                number(values[name]),
                *(_ends(evaluation, level, ("class_wise", label, name)) if has_ends else ()),
            ]
        rows.append(Row(label, [*cells, *(str(values[name]) for name in counts.values())]))
    columns = [column for name in names for column in (name, *(_ENDS if has_ends else ()))]
    return ResultTable(title, [*columns, *counts], rows)


def level_title(evaluation: Evaluation, level: str) -> str:
    """What is counted at a level."""
    settings = evaluation.settings
    collar = f"{settings['collar']:g} s"
    return {
        "clip": "clips",
        "segment": f"segments of {settings['resolution']:g} s",
        "event": f"events, {collar} and {settings['offset_share']:.0%}",
        "onset": f"onsets, {collar}",
        "intersection": "intersections, half and half",
    }[level]


def _with_ends(
    evaluation: Evaluation, level: str, title: str, metrics: Metrics, keys: Iterable[MetricKey]
) -> list[Row]:
    """A row of metrics and, where there are intervals, one for either end."""
    keys = list(keys)
    rows = [Row(title, [number(_value(metrics, key)) for key in keys])]
    if evaluation.intervals is not None:
        ends = zip(*(_ends(evaluation, level, key) for key in keys), strict=True)
        rows += [
            Row(name, cells, is_interval=True)
            for name, cells in zip(("95 % interval from", "95 % interval to"), ends, strict=True)
        ]
    return rows


def _value(metrics: Metrics, key: MetricKey) -> Any:
    """The number at a key; None where a level has no such metric."""
    part: Any = metrics
    for name in filter(None, key):
        part = (part or {}).get(name)
    return part


def _ends(evaluation: Evaluation, level: str, key: MetricKey) -> list[str]:
    """Both ends of an interval as text; none where there are no intervals."""
    if evaluation.intervals is None:
        return []
    return [number(end) for end in evaluation.intervals.ends(level, key)]
