"""The page of one run's errors: ``errors.html``, and its tables as CSV in the folder ``errors``."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sedpool import storage
from sedpool.analysis.alpha import alpha_and_duration
from sedpool.analysis.boundaries import boundary_deviations
from sedpool.analysis.calibration import clip_calibration, frame_calibration
from sedpool.analysis.confusion import NOTHING, confusion
from sedpool.analysis.detection_rate import detection_rate, event_detections, quantile_edges, with_snr
from sedpool.analysis.false_alarms import false_alarms
from sedpool.analysis.timeline import timeline
from sedpool.comparison.labels import threshold_title
from sedpool.datasets.base import Dataset
from sedpool.plot import errors as figures
from sedpool.plot.style import data_uri
from sedpool.reports.findings import coverage
from sedpool.reports.page import render
from sedpool.run_folder import RunFolder, kept_epoch

POLYPHONY_EDGES = (0.0, 0.5, 1.5, 2.5, 4.0, 10.0)
_WORST = 10  # confusions listed on the page

Tables = dict[str, pd.DataFrame]


def error_tables(
    run: RunFolder, test: Dataset, train_events: pd.DataFrame | None, mixing: pd.DataFrame | None
) -> Tables:
    """Every table that can be made of the run and its corpus.

    Parameters
    ----------
    run : RunFolder
        A finished run.
    test : Dataset
        The clips that it was scored on.
    train_events : DataFrame or None
        Events of the training split, for the durations that α is compared with.
    mixing : DataFrame or None
        Of `sedpool.datasets.mixing.mixing_details` for `test`.

    Returns
    -------
    tables : dict of str to DataFrame
        `clip_calibration`; with strong labels also `confusion`, `false_alarms`, `detection_by_duration`,
        `detection_by_polyphony`, `detection_by_snr` (if `mixing` tells), `boundaries` and `frame_calibration`; with a
        learnt α also `alpha`.
    """
    test = test.select(run.clip_scores["filename"].tolist())
    tables: Tables = {}
    if test.events is not None:
        tables |= _event_tables(run, test, test.events, mixing)
        tables["frame_calibration"] = frame_calibration(run.scores, test.events)
    tables["clip_calibration"] = clip_calibration(run.clip_scores, test.tags)
    if run.alpha is not None and train_events is not None:
        tables["alpha"] = alpha_and_duration(run.alpha, train_events, epoch=kept_epoch(run.history))
    return tables


def _event_tables(run: RunFolder, test: Dataset, reference: pd.DataFrame, mixing: pd.DataFrame | None) -> Tables:
    line = timeline(reference, run.events, durations=test.durations, classes=test.classes)
    detections = event_detections(line)
    tables = {
        "confusion": confusion(line),
        "false_alarms": false_alarms(line),
        "detection_by_duration": detection_rate(detections, "duration", quantile_edges(detections["duration"])),
        "detection_by_polyphony": detection_rate(detections, "polyphony", POLYPHONY_EDGES),
        "boundaries": boundary_deviations(reference, run.events),
    }
    if mixing is not None and mixing["snr"].notna().any():
        detections = with_snr(detections, mixing)
        tables["detection_by_snr"] = detection_rate(detections, "snr", quantile_edges(detections["snr"]))
    return tables


def write_error_report(run: RunFolder, tables: Tables) -> Path:
    """Write ``errors.html`` and ``errors/<table>.csv`` into the run folder.

    Parameters
    ----------
    run : RunFolder
        The run.
    tables : dict of str to DataFrame
        Of `error_tables`.

    Returns
    -------
    path : Path
        The page.
    """
    content = {
        "config": run.config,
        "threshold_title": threshold_title(run.metrics["decoding"]),
        "n_clips": len(run.clip_scores),
        "coverage": coverage(run.manifest),
        "worst": _worst_confusions(tables["confusion"]) if "confusion" in tables else [],
        "figures": {name: data_uri(figure) for name, figure in error_report_figures(tables).items()},
        "has_snr": "detection_by_snr" in tables,
    }
    for name, table in tables.items():
        storage.write_text(run.subfolder("errors") / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
    storage.write_text(run.file("errors.html"), render("error_report.html", **content))
    return run.file("errors.html")


def error_report_figures(tables: Tables) -> dict[str, Figure]:
    """One figure a table, clip and frame calibration in one."""
    draw: dict[str, Callable[[pd.DataFrame], Figure]] = {
        "confusion": figures.confusion_figure,
        "false_alarms": figures.false_alarm_figure,
        "detection_by_duration": lambda table: figures.detection_rate_figure(table, "duration"),
        "detection_by_polyphony": lambda table: figures.detection_rate_figure(table, "polyphony"),
        "detection_by_snr": lambda table: figures.detection_rate_figure(table, "snr"),
        "boundaries": figures.boundary_figure,
        "clip_calibration": lambda table: figures.calibration_figure(table, tables.get("frame_calibration")),
        "alpha": figures.alpha_duration_figure,
    }
    return {name: function(tables[name]) for name, function in draw.items() if name in tables}


def _worst_confusions(table: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """What was taken for what, for how long, and for which share of the time it sounded; the longest first."""
    totals = table.groupby("reference")["seconds"].sum()
    real = table[(table["reference"] != NOTHING) & (table["estimated"] != NOTHING)]
    wrong = real[(real["reference"] != real["estimated"]) & (real["seconds"] > 0)]
    longest = wrong.sort_values("seconds", ascending=False, kind="stable").head(_WORST)
    rows = longest[["reference", "estimated", "seconds"]].itertuples(index=False, name=None)
    return [(sounded, taken, f"{time:.1f}", f"{100 * time / totals[sounded]:.1f}") for sounded, taken, time in rows]
