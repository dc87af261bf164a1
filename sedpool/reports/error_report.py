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
from sedpool.datasets.base import Dataset
from sedpool.plot import errors as figures
from sedpool.plot.style import data_uri
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.reports.document_html import html_page
from sedpool.reports.page import mark_half_renewed
from sedpool.reports.run_sentences import coverage
from sedpool.run_folder import RunFolder
from sedpool.text_tables import without_formulas

POLYPHONY_EDGES = (0.0, 0.5, 1.5, 2.5, 4.0, 10.0)
_WORST = 10  # confusions listed on the page

Tables = dict[str, pd.DataFrame]


def error_tables(
    run: RunFolder,
    test: Dataset,
    durations: pd.DataFrame | None,
    mixing: pd.DataFrame | None,
    detected: pd.DataFrame,
) -> Tables:
    """Compute the tables of a run's errors, as far as the labels of its corpus allow.

    Parameters
    ----------
    run : RunFolder
        A finished run.
    test : Dataset
        Its corpus, with at least the clips that it was scored on. Clips with unknown times are left out.
    durations : DataFrame or None
        Result of `sedpool.datasets.statistics.duration_percentiles` for the training split, to compare α with.
    mixing : DataFrame or None
        Result of `sedpool.datasets.mixing.mixing_details` for `test`.
    detected : DataFrame
        The run's events on its test clips, as set or as tuned.

    Returns
    -------
    tables : dict of str to DataFrame
        `clip_calibration`; with strong labels also `confusion`, `false_alarms`, `detection_by_duration`,
        `detection_by_polyphony`, `detection_by_snr` (if `mixing` states it), `boundaries` and `frame_calibration`; with
        a learnt α and `durations` also `alpha`.
    """
    clips = run.clip_scores.loc[~run.clip_scores["filename"].isin(test.regions["filename"]), "filename"].tolist()
    test, scores = test.select(clips), run.scores.loc[run.scores["filename"].isin(clips)]
    detected = detected.loc[detected["filename"].isin(clips)]
    tables: Tables = {}
    if test.events is not None:
        line = timeline(test.events, detected, durations=test.durations, classes=test.classes)
        found = event_detections(line)
        tables["confusion"] = confusion(line)
        tables["false_alarms"] = false_alarms(line)
        tables["detection_by_duration"] = detection_rate(found, "duration", quantile_edges(found["duration"]))
        tables["detection_by_polyphony"] = detection_rate(found, "polyphony", POLYPHONY_EDGES)
        tables["boundaries"] = boundary_deviations(test.events, detected)
        if mixing is not None and mixing["snr"].notna().any():
            found = with_snr(found, mixing)
            tables["detection_by_snr"] = detection_rate(found, "snr", quantile_edges(found["snr"]))
        tables["frame_calibration"] = frame_calibration(scores, test.events)
    tables["clip_calibration"] = clip_calibration(
        run.clip_scores.loc[run.clip_scores["filename"].isin(clips)], test.tags
    )
    if run.kept_alpha is not None and durations is not None:
        tables["alpha"] = alpha_and_duration(run.kept_alpha, durations)
    return tables


def write_error_report(run: RunFolder, tables: Tables, decoded: str) -> Path:
    """Write ``errors.html`` and ``errors/<table>.csv`` into the run folder.

    Parameters
    ----------
    run : RunFolder
        The run.
    tables : dict of str to DataFrame
        Result of `error_tables`.
    decoded : str
        In words, how the run's events were decoded.

    Returns
    -------
    path : Path
        The page.
    """
    page = html_page(
        "error_report.html",
        config=run.config,
        decoded=decoded,
        n_clips=len(run.clip_scores),
        coverage=coverage(run.manifest),
        worst=worst_confusions(tables["confusion"]) if "confusion" in tables else None,
        figures={name: data_uri(draw(tables)) for name, draw in FIGURES.items() if name in tables},
        has_snr="detection_by_snr" in tables,
    )
    mark_half_renewed(run.file("errors.html"))
    for name, table in tables.items():
        storage.write_csv(run.subfolder("errors") / f"{name}.csv", without_formulas(table))
    storage.write_text(run.file("errors.html"), page)
    return run.file("errors.html")


FIGURES: dict[str, Callable[[Tables], Figure]] = {
    "confusion": lambda tables: figures.confusion_figure(tables["confusion"]),
    "false_alarms": lambda tables: figures.false_alarm_figure(tables["false_alarms"]),
    "detection_by_duration": lambda tables: figures.detection_rate_figure(tables["detection_by_duration"], "duration"),
    "detection_by_polyphony": lambda tables: figures.detection_rate_figure(
        tables["detection_by_polyphony"], "polyphony"
    ),
    "detection_by_snr": lambda tables: figures.detection_rate_figure(tables["detection_by_snr"], "snr"),
    "boundaries": lambda tables: figures.boundary_figure(tables["boundaries"]),
    "clip_calibration": lambda tables: figures.calibration_figure(
        tables["clip_calibration"], tables.get("frame_calibration")
    ),
    "alpha": lambda tables: figures.alpha_duration_figure(tables["alpha"]),
}
"""How each table is drawn; clip and frame calibration are in one figure."""


def worst_confusions(table: pd.DataFrame) -> TableBlock:
    """List the longest confusions: which class sounded, which was detected instead, and for how long.

    Parameters
    ----------
    table : DataFrame
        Result of `sedpool.analysis.confusion.confusion`.
    """
    totals = table.groupby("reference")["seconds"].sum()
    real = table[(table["reference"] != NOTHING) & (table["estimated"] != NOTHING)]
    wrong = real[(real["reference"] != real["estimated"]) & (real["seconds"] > 0)]
    longest = wrong.sort_values("seconds", ascending=False, kind="stable").head(_WORST)
    rows = []
    for sounded, detected, seconds in longest[["reference", "estimated", "seconds"]].itertuples(index=False, name=None):
        share = number_cell(100 * seconds / totals[sounded], digits=1)
        rows.append(TableRow(sounded, [Cell(detected), number_cell(seconds, digits=1), share]))
    return TableBlock("", "", ["detected", "seconds", "% of its time"], rows, "sounded")
