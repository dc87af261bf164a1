"""``metrics.json`` of a run as tables, for its page and for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from sedpool.comparison.labels import BASELINE_TITLES, METRIC_NAMES, threshold_title
from sedpool.comparison.tables import look_up
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.run_folder import shown

_SCENARIOS = {"scenario1": "scenario 1", "scenario2": "scenario 2"}
_LEVEL_COLUMNS = ("micro F1", "precision", "recall", "error rate", "macro F1")


def score_tables(metrics: Mapping[str, Any]) -> list[TableBlock]:
    """Make the tables of clip scores and, where there are strong labels, of segment and event scores and of PSDS.

    Results as set and as tuned stand below each other, then those of the baselines.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``.
    """
    decodings = _decodings(metrics)
    rows = [
        TableRow(f"{average} average, {title}", [number_cell(part["clip"][average][name]) for name in METRIC_NAMES[:3]])
        for average in ("macro", "micro")
        for title, part in decodings.items()
    ]
    tables = [TableBlock("", "Clip level (static)", ["F1", "precision", "recall"], rows)]
    titles = {
        "segment": f"Segments of {metrics['resolution']:g} s (dynamic)",
        "event": f"Events, collar {metrics['collar']:g} s, offset {100 * metrics['offset_share']:g} %",
    }
    for level, table_title in titles.items():
        if metrics[level] is None:
            continue
        rows = [TableRow(f"this run, {title}", _level_cells(part[level])) for title, part in decodings.items()]
        for name, baseline in BASELINE_TITLES.items():
            if name == "clip_decisions_stretched":  # the only baseline that depends on the decoding
                parts = {f"{baseline}, {title}": part for title, part in decodings.items()}
            else:
                parts = {baseline: metrics}
            for title, part in parts.items():
                rows.append(TableRow(title, _level_cells(part["baselines"][name][level]), is_baseline=True))
        tables.append(TableBlock("", table_title, _LEVEL_COLUMNS, rows))
    if metrics.get("psds"):
        by_kind: dict[str, dict[str, Mapping[str, Any]]] = {"frame scores": {}, "mean of the classes": {}, "boxes": {}}
        for title, part in decodings.items():
            by_class = part.get("psds_by_class", {})
            by_kind["frame scores"][title] = part["psds"]
            by_kind["mean of the classes"][title] = {name: found["mean"] for name, found in by_class.items()}
            by_kind["boxes"][title] = part.get("box_psds", {})
        areas: dict[str, Mapping[str, Any]] = {}
        for kind, found in by_kind.items():
            first, *others = found.values()
            is_one = others == [first]  # thresholds make no difference, filters do
            areas |= {kind: first} if is_one else {f"{kind}, {title}": one for title, one in found.items()}
        areas["best median filter for each rate (piPSDS)"] = metrics.get("pi_psds", {})
        rows = [
            TableRow(title, [number_cell(found.get(name)) for name in _SCENARIOS])
            for title, found in areas.items()
            if found
        ]
        tables.append(TableBlock("", "PSDS, over all thresholds", [*_SCENARIOS.values()], rows))
    return tables


def tuned_table(runs: Mapping[str, Mapping[str, Any]]) -> TableBlock:
    """Make one table of the F1 of many runs, as set beside as tuned.

    Parameters
    ----------
    runs : mapping of str to mapping
        The content of ``metrics.json`` by the run's name; each as tuned too.
    """
    scores = {"clip": ("macro", "f1"), "segment": ("micro", "f1"), "event": ("micro", "f1")}
    rows = [
        TableRow(
            name,
            [
                number_cell(None if part[level] is None else look_up(part, (level, *path)))
                for level, path in scores.items()
                for part in (metrics, metrics["tuned"])
            ],
        )
        for name, metrics in runs.items()
    ]
    columns = [f"{level} F1 {decoding}" for level in scores for decoding in ("as set", "tuned")]
    return TableBlock("", "", columns, rows, "run").without_blank_columns()


def paper_table(metrics: Mapping[str, Any]) -> TableBlock:
    """Make the table of the published evaluation's numbers; static ones have no error rate."""
    paper = metrics["paper_compat"]
    parts = {
        "static, pooled output": paper["static"]["pooled"],
        "static, highest frame": paper["static"]["highest_frame"],
    }
    if paper["dynamic"] is not None:
        parts["dynamic"] = paper["dynamic"]["micro"]
    rows = [
        TableRow(title, [number_cell(values.get(name)) for name in METRIC_NAMES]) for title, values in parts.items()
    ]
    columns = ["F1", "precision", "recall", "error rate"]
    return TableBlock("", "For comparison with the paper's tables alone", columns, rows)


def class_tables(metrics: Mapping[str, Any]) -> list[TableBlock]:
    """Make the tables of class-wise scores of clips and, where there are strong labels, of segments, events and PSDS.

    F1 is given as set and as tuned, the others by the better decoding. The segment F1 of the run's own clip decisions,
    stretched over the clip, has a table beside that of segments. Each table is narrow enough for a telephone.

    Parameters
    ----------
    metrics : mapping
        The content of ``metrics.json``.
    """
    decodings = _decodings(metrics)
    rates = {"P": "precision", "R": "recall"}
    # Below each heading: where its scores by class are, and which columns follow those of F1.
    headings: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {"Clips": (["clip"], rates)}
    if metrics["segment"] is not None:
        headings["Segments"] = ["segment"], rates | {"ER": "error_rate"}
        headings["Own tags stretched"] = ["baselines", "clip_decisions_stretched", "segment"], {}
        headings["Events"] = ["event"], {}
    labels = list(metrics["clip"]["class_wise"])
    tables = []
    for heading, (path, others) in headings.items():
        columns = [(f"F1 {decoding}", part, "f1") for decoding, part in decodings.items()]
        columns += [(title, shown(metrics), name) for title, name in others.items()]
        rows = [
            TableRow(
                label, [number_cell(look_up(part, (*path, "class_wise", label, name))) for _, part, name in columns]
            )
            for label in labels
        ]
        tables.append(TableBlock("", heading, [title for title, *_ in columns], rows, "class"))
    if curves := metrics.get("psds_by_class"):
        rows = [
            TableRow(label, [number_cell(look_up(found, ("class_wise", label))) for found in curves.values()])
            for label in labels
        ]
        tables.append(TableBlock("", "PSDS", [_SCENARIOS.get(name, name) for name in curves], rows, "class"))
    return tables


def _decodings(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the run's results by title: decoded as set and, if it was tuned, as tuned on validation."""
    tuned = {"tuned": metrics["tuned"]} if metrics["tuned"] else {}
    return {threshold_title(metrics["decoding"]): metrics, **tuned}


def _level_cells(averages: Mapping[str, Any]) -> list[Cell]:
    """Return micro F1, precision, recall and error rate, then macro F1."""
    return [number_cell(averages["micro"][name]) for name in METRIC_NAMES] + [number_cell(averages["macro"]["f1"])]
