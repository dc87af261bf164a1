"""An evaluation as sentences and tables, for a terminal and for a page."""

from collections.abc import Sequence

from rich.console import Console

from sedpool.comparison.labels import BASELINE_TITLES, number
from sedpool.comparison.tables import look_up
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.levels import LEVELS
from sedpool.evaluation.validation import listed
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.reports.document_html import html_page
from sedpool.reports.evaluation_report import Evaluation
from sedpool.reports.run_sentences import resolution_ceiling
from sedpool.reports.terminal import print_table
from sedpool.stats.replicates import MetricKey

_SCENARIOS = {"scenario1": "scenario 1", "scenario2": "scenario 2"}
_RANKINGS = {"AP": "average_precision", "AUC": "roc_auc", "lwlrap": "lwlrap"}
_EVENT_RANKINGS = {"AP": "average_precision", "best F1": "best_f1"} | {
    f"R at {rate}/h": f"recall_at_{rate}_per_hour" for rate in (1, 10, 100)
}
_OVERALL: dict[str, MetricKey] = {
    "F1": ("micro", "", "f1"),
    "P": ("micro", "", "precision"),
    "R": ("micro", "", "recall"),
    "ER": ("micro", "", "error_rate"),
    "macro F1": ("macro", "", "f1"),
}
_ENDS = ("from", "to")


def print_evaluation(evaluation: Evaluation) -> None:
    """Print everything on the terminal; without intervals, F1 of each class alone, the levels side by side."""
    console = Console()
    for sentence in sentences(evaluation):
        console.print(sentence, highlight=False, soft_wrap=True)
    by_class = class_tables(evaluation)
    if evaluation.counts and evaluation.intervals is None:
        levels = [evaluation.levels[level]["class_wise"] for level in evaluation.counts]
        rows = [
            TableRow(label, [number_cell(rates[label]["f1"]) for rates in levels]) for label in evaluation.input.classes
        ]
        by_class = [TableBlock("", "F1 by class", list(evaluation.counts), rows)]
    for table in [*overall_tables(evaluation), *by_class]:
        print_table(table)
    for name, value in evaluation.areas.items():
        ends = [cell.text for cell in _ends(evaluation, "psds", (name, "", "psds"))]
        sure = f", 95 % interval {' to '.join(ends)}" if ends else ""
        console.print(f"PSDS, {_SCENARIOS.get(name, name)}: {number(value, 6)}{sure}", highlight=False, soft_wrap=True)
        without = evaluation.over_thresholds["psds_by_class"][name]["mean"]
        more = f"mean of classes (alpha_st=0) {number(without, 6)}"
        if name in evaluation.over_thresholds["pi_psds"]:
            more += f", best median filter (piPSDS) {number(evaluation.over_thresholds['pi_psds'][name], 6)}"
        if name in evaluation.over_thresholds["box_psds"]:
            more += f", boxes {number(evaluation.over_thresholds['box_psds'][name], 6)}"
        console.print(f"  {more}", highlight=False, soft_wrap=True)


def evaluation_page(evaluation: Evaluation, title: str) -> str:
    """Write an HTML page that needs no other file."""
    areas = {
        _SCENARIOS.get(name, name): (
            number(value),
            [cell.text for cell in _ends(evaluation, "psds", (name, "", "psds"))],
        )
        for name, value in evaluation.areas.items()
    }
    return html_page(
        "evaluation.html",
        title=title,
        sentences=sentences(evaluation),
        areas=areas,
        overall=overall_tables(evaluation),
        by_class=class_tables(evaluation),
    )


def sentences(evaluation: Evaluation) -> list[str]:
    """Say what was compared, how clips were ranked, what the frames allow, and where intervals come from."""
    scored, coverage = evaluation.input, evaluation.input.coverage
    classes = f"{coverage['without_detections']} without any detection. Classes: {len(scored.classes)}."
    if evaluation.is_tagging:
        n_true, n_detected = (
            len(set(zip(events.clip.tolist(), events.label.tolist(), strict=True)))
            for events in (scored.reference, scored.estimated)
        )
        found = [f"Clips: {coverage['scored']}, {classes} Tags: {n_true} true, {n_detected} detected."]
    else:
        lengths = "lengths as stated" if scored.lengths_known else "each as long as its last event says"
        events = f"Events: {len(scored.reference)} true"
        events += f", {len(scored.estimated)} detected." if evaluation.levels else "."  # PSDS has no single threshold
        found = [f"Clips: {coverage['scored']} ({lengths}), {classes} {events}"]
    for side in ("true", "detected"):
        counts = {label: one[side] for label, one in evaluation.settings.get("left_out", {}).items() if one[side]}
        if counts:
            named = listed([f"{label}: {count}" for label, count in counts.items()], "; ")
            found.append(f"Left out, of other classes: {sum(counts.values())} {side} ({named}).")
    if (share := evaluation.settings.get("scores_cover", 1.0)) < 0.9995:
        found.append(f"Scores cover {share:.1%} of the clips' time; nothing is detected in the rest.")
    if "ranked_by" in evaluation.settings:
        found.append(f"Clips are ranked by their {evaluation.settings['ranked_by']}.")
    if ceiling := resolution_ceiling({"ceiling": evaluation.ceiling}):
        found.append(ceiling)
    if official := evaluation.settings.get("official"):
        numbers = [
            f"{level} F1 {number(official[level]['f1'], 6)}, ER {number(official[level]['error_rate'], 6)}"
            for level in LEVELS
            if level in official
        ]
        found.append(f"sed_eval {official['version']} counts the same: {'; '.join(numbers)}.")
    if evaluation.intervals is not None:
        n_sources = evaluation.intervals.n_sources
        shared = f", widened for the {n_sources} recordings that clips were made from" if n_sources else ""
        how = f"{evaluation.intervals.n_resamples} resamples of the clips (seed {evaluation.intervals.seed})"
        found.append(f"Intervals: 95 %, BCa, from {how}{shared}.")
    return found


def overall_tables(evaluation: Evaluation) -> list[TableBlock]:
    """Make a table of averages of decisions, with the baselines below each level, and one of rankings."""
    rows: list[TableRow] = []
    for level, counts in evaluation.counts.items():
        rows += _with_ends(evaluation, level, level_title(evaluation, level), counts.metrics(), list(_OVERALL.values()))
        for name, title in BASELINE_TITLES.items():
            if level in evaluation.baselines[name]:
                metrics = evaluation.baselines[name][level].metrics()
                rows.append(TableRow(title, [_cell(metrics, key) for key in _OVERALL.values()], is_baseline=True))
    tables = [TableBlock("", "", list(_OVERALL), rows)] if rows else []
    if evaluation.clip_scores is not None:
        rows = []
        for average in ("macro", "micro"):
            keys = [(average, "", name) for name in _RANKINGS.values()]
            rows += _with_ends(evaluation, "clip", f"{average} average", evaluation.levels["clip"], keys)
        tables.append(TableBlock("", "clips ranked", list(_RANKINGS), rows))
    if ranked := evaluation.over_thresholds["event_ranking"]:
        title = f"{level_title(evaluation, 'event')}, at every threshold"
        rows = [
            TableRow(label, [number_cell(values.get(name)) for name in _EVENT_RANKINGS.values()])
            for label, values in [("macro average", ranked["macro"]), *ranked["class_wise"].items()]
        ]
        tables.append(TableBlock("", title, list(_EVENT_RANKINGS), rows))
    return tables


def class_tables(evaluation: Evaluation) -> list[TableBlock]:
    """Make a table of the numbers of each class for each level: with intervals, few columns fit side by side."""
    kinds = [(level, level_title(evaluation, level), {"F1": "f1"}) for level in evaluation.counts]
    if evaluation.clip_scores is not None:
        kinds.append(("clip", "clips ranked", _RANKINGS))
    ends = _ENDS if evaluation.intervals is not None else ()
    tables = []
    for level, title, names in kinds:
        counts = {} if names is _RANKINGS else {"true": "n_ref", "detected": "n_sys"}
        rows = []
        for label in evaluation.input.classes:
            values = evaluation.levels[level]["class_wise"][label]
            cells = []
            for name in names.values():
                cells += [number_cell(values[name]), *_ends(evaluation, level, ("class_wise", label, name))]
            cells += [Cell(str(values[name]), values[name]) for name in counts.values()]
            rows.append(TableRow(label, cells))
        columns = [column for name in names for column in (name, *ends)]
        tables.append(TableBlock("", title, [*columns, *counts], rows))
    return tables


def level_title(evaluation: Evaluation, level: str) -> str:
    """Name what is counted at a level, with its settings."""
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
    evaluation: Evaluation, level: str, title: str, metrics: Metrics, keys: Sequence[MetricKey]
) -> list[TableRow]:
    """Make a row of metrics and, where there are intervals, one for either end."""
    rows = [TableRow(title, [_cell(metrics, key) for key in keys])]
    ends = zip(*(_ends(evaluation, level, key) for key in keys), strict=True)
    rows += [
        TableRow(f"95 % interval {name}", cells, is_interval=True) for name, cells in zip(_ENDS, ends, strict=False)
    ]
    return rows


def _cell(metrics: Metrics, key: MetricKey) -> Cell:
    """Look up the number at a key; it is undefined where a level has no such metric."""
    return number_cell(look_up(metrics, [name for name in key if name]))


def _ends(evaluation: Evaluation, level: str, key: MetricKey) -> list[Cell]:
    """Return both ends of an interval; none where there are no intervals."""
    return [] if evaluation.intervals is None else [number_cell(end) for end in evaluation.intervals.ends(level, key)]
