"""The page of one run: ``report.html``, which needs no other file and no network."""

import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from matplotlib.figure import Figure

from sedpool import storage
from sedpool.comparison.labels import number, threshold_title
from sedpool.plot.example import Example, example_figure
from sedpool.plot.style import data_uri
from sedpool.plot.training import (
    alpha_bar_figure,
    alpha_trajectory_figure,
    curve_figure,
    effective_frames_figure,
    largest_share_figure,
    learning_rate_figure,
    speed_figure,
)
from sedpool.reports import findings, tables
from sedpool.reports.page import render
from sedpool.run_folder import RunFolder, kept_epoch

_README_PICTURE_DPI = 130
_EXAMPLE = re.compile(
    r'<figure class="example"><img src="([^"]*)" alt="Spectrogram, reference and predictions of ([^"]*)">'
)

ExampleFigures = Sequence[tuple[str, str]]
"""Name of a test clip and its figure as a ``data:`` address."""


def write_run_report(run: RunFolder, examples: Sequence[Example] = ()) -> Path:
    """Write ``report.html`` into a run folder.

    Parameters
    ----------
    run : RunFolder
        A run with its metrics, history and scores.
    examples : sequence of Example
        Test clips to draw.

    Returns
    -------
    path : Path
        The page.

    Raises
    ------
    StorageError
        If a file of the run is missing or damaged.
    """
    figures = [(example.filename, data_uri(_figure(run, example))) for example in examples]
    return _write(run, figures)


def renew_run_report(run: RunFolder) -> Path:
    """Write ``report.html`` again for new metrics, without the audio.

    The figures of test clips are those of the page before: they show scores and events as set, not as tuned.

    Raises
    ------
    StorageError
        As of `write_run_report`.
    """
    page = run.file("report.html")
    before = page.read_text(encoding="utf-8") if page.is_file() else ""
    return _write(run, [(unescape(name), address) for address, name in _EXAMPLE.findall(before)])


def _write(run: RunFolder, example_figures: ExampleFigures) -> Path:
    storage.write_text(run.file("report.html"), render("run_report.html", **_content(run, example_figures)))
    return run.file("report.html")


def _figure(run: RunFolder, example: Example) -> Figure:
    return example_figure(example, run.scores, run.clip_scores, run.events)


def write_example_picture(run: RunFolder, example: Example, path: Path) -> None:
    """Write one wide figure of a test clip as PNG: the picture that a README shows.

    Parameters
    ----------
    run : RunFolder
        A run with scores and events.
    example : Example
        The clip.
    path : Path
        The picture; its name ends in ``.png``.
    """
    figure = example_figure(example, run.scores, run.clip_scores, run.events, width=11.0)
    with storage.atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=_README_PICTURE_DPI)


def _content(run: RunFolder, example_figures: ExampleFigures) -> dict[str, Any]:
    """Everything that the template shows."""
    metrics, history = run.metrics, run.history
    kept = kept_epoch(history)
    has_events = metrics["segment"] is not None
    return {
        "config": run.config,
        "metrics": metrics,
        "number": number,
        "threshold_title": threshold_title(metrics["decoding"]),
        "coverage": findings.coverage(run.manifest),
        "localisation": findings.localisation(metrics),
        "clip_rows": tables.clip_rows(metrics),
        "segment_rows": tables.level_rows(metrics, "segment") if has_events else [],
        "event_rows": tables.level_rows(metrics, "event") if has_events else [],
        "paper_rows": tables.paper_rows(metrics) if "paper_compat" in metrics else [],
        "class_table": tables.class_table(metrics),
        "n_epochs": len(history),
        "kept_epoch": kept,
        "minutes": history["seconds"].sum() / 60,
        "clips_per_second": history["clips_per_second"].median(),
        "energy_wh": history["energy_wh"].sum() if "energy_wh" in history else None,
        "training_figures": [data_uri(figure) for figure in _training_figures(history, kept)],
        "alpha": None if run.alpha is None else _alpha_content(run.alpha, kept),
        "gradient": None if run.gradient_share is None else _gradient_content(run.gradient_share, kept),
        "example_figures": example_figures,
        "config_text": yaml.safe_dump(dict(run.config), sort_keys=False, allow_unicode=True),
        "environment_text": yaml.safe_dump(dict(run.environment), sort_keys=False, allow_unicode=True),
    }


def _training_figures(history: pd.DataFrame, kept_epoch: int) -> list[Figure]:
    return [
        curve_figure(history, "loss", kept_epoch=kept_epoch),
        curve_figure(history, "accuracy", kept_epoch=kept_epoch),
        learning_rate_figure(history),
        speed_figure(history),
    ]


def _alpha_content(alpha: pd.DataFrame, kept_epoch: int) -> dict[str, Any]:
    return _told_and_drawn(
        findings.alpha_at_bound(alpha, kept_epoch=kept_epoch),
        alpha_bar_figure(alpha, kept_epoch=kept_epoch),
        alpha_trajectory_figure(alpha, kept_epoch=kept_epoch),
    )


def _gradient_content(share: pd.DataFrame, kept_epoch: int) -> dict[str, Any] | None:
    if not (share["epoch"] == kept_epoch).any():  # no validation clip has any class, or an older version began the run
        return None
    return _told_and_drawn(
        findings.gradient_share(share, kept_epoch=kept_epoch),
        largest_share_figure(share, kept_epoch=kept_epoch),
        effective_frames_figure(share, kept_epoch=kept_epoch),
    )


def _told_and_drawn(sentence: str, *figures: Figure) -> dict[str, Any]:
    return {"sentence": sentence, "figures": [data_uri(figure) for figure in figures]}
