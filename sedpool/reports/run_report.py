"""The page of one run: ``report.html``, which needs no other file and no network."""

import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

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
from sedpool.reports import metrics_tables, run_sentences
from sedpool.reports.document_html import html_page
from sedpool.reports.glossary import TERMS
from sedpool.reports.run_numbers import events_table, key_numbers
from sedpool.run_folder import RunFolder, kept_epoch

_EXAMPLE = re.compile(
    r'<figure class="example"><img src="(data:[^"]*)" alt="Spectrogram, reference and predictions of ([^"]*)">'
)


LISTENING = ("report/listening.html", "report/listening/index.html")
"""Where `sedpool report --audio` writes the page on which a run's test clips are played, from the run's folder."""


def write_run_report(run: RunFolder, examples: Sequence[Example] = (), events: pd.DataFrame | None = None) -> Path:
    """Write ``report.html`` into a run folder.

    Parameters
    ----------
    run : RunFolder
        A run with its metrics, history and scores.
    examples : sequence of Example
        Test clips to draw.
    events : DataFrame, optional
        What was detected in them, by the better decoding (`sedpool.run_folder.shown`); by default the run's
        own events, which are decoded as it was set.

    Returns
    -------
    path : Path
        The page.

    Raises
    ------
    StorageError
        If a file of the run is missing or damaged.
    """
    events, decoded = (
        (run.events, threshold_title(run.metrics["decoding"]))
        if events is None
        else (events, run_sentences.shown_decoding(run.metrics))
    )
    figures = [example_figure(example, run.scores, run.clip_scores, events, decoded) for example in examples]
    addresses = [data_uri(figure) for figure in figures]
    return _write(run, list(zip((example.filename for example in examples), addresses, strict=True)))


def renew_run_report(run: RunFolder) -> Path:
    """Write ``report.html`` again for new metrics, without the audio.

    The figures of test clips are taken from the page that is there: their events are decoded as they say.

    Raises
    ------
    StorageError
        If a file of the run is missing or damaged.
    """
    page = run.file("report.html")
    before = page.read_text(encoding="utf-8") if page.is_file() else ""
    return _write(run, [(unescape(name), address) for address, name in _EXAMPLE.findall(before)])


def _write(run: RunFolder, example_figures: Sequence[tuple[str, str]]) -> Path:
    """Write the page with figures of test clips: each clip's name and its figure as a ``data:`` address."""
    metrics, history, shares = run.metrics, run.history, run.gradient_share
    kept = kept_epoch(history)
    training = [
        curve_figure(history, "loss", kept_epoch=kept),
        curve_figure(history, "accuracy", kept_epoch=kept),
        learning_rate_figure(history),
        speed_figure(history),
    ]
    alpha: dict[str, Any] | None = None
    if run.alpha is not None:
        figures = [alpha_bar_figure(run.alpha, kept_epoch=kept), alpha_trajectory_figure(run.alpha, kept_epoch=kept)]
        sentence = run_sentences.alpha_at_bound(run.alpha, kept_epoch=kept)
        alpha = {
            "sentence": sentence,
            "is_bounded": run.alpha["bound"].notna().any(),
            "figures": [data_uri(figure) for figure in figures],
        }
    gradient: dict[str, Any] | None = None
    # The kept epoch is missing if no validation clip has any class, or an older version began the run.
    if shares is not None and (shares["epoch"] == kept).any():
        figures = [largest_share_figure(shares, kept_epoch=kept), effective_frames_figure(shares, kept_epoch=kept)]
        sentence = run_sentences.gradient_share(shares, kept_epoch=kept)
        gradient = {"sentence": sentence, "figures": [data_uri(figure) for figure in figures]}
    page = html_page(
        "run_report.html",
        config=run.config,
        metrics=metrics,
        number=number,
        threshold_title=threshold_title(metrics["decoding"]),
        coverage=run_sentences.coverage(run.manifest),
        front_end=run_sentences.front_end(run.front_end),
        learned=run_sentences.learned(metrics),
        decoding=run_sentences.decoding(metrics),
        shown_decoding=run_sentences.shown_decoding(metrics),
        warnings=[*run_sentences.warnings(run), *filter(None, [run_sentences.filled_test_clips(run)])],
        listening=next((name for name in LISTENING if run.file(name).is_file()), None),
        folder_name=run.path.name,
        key_numbers=key_numbers(metrics),
        events_table=events_table(metrics),
        terms=TERMS,
        localisation=run_sentences.localisation(metrics),
        ceiling=run_sentences.resolution_ceiling(metrics),
        score_tables=metrics_tables.score_tables(metrics),
        paper_table=metrics_tables.paper_table(metrics) if "paper_compat" in metrics else None,
        class_tables=metrics_tables.class_tables(metrics),
        n_epochs=len(history),
        kept_epoch=kept,
        minutes=history["seconds"].sum() / 60,
        clips_per_second=history["clips_per_second"].median(),
        energy_wh=history["energy_wh"].sum() if "energy_wh" in history else None,
        training_figures=[data_uri(figure) for figure in training],
        alpha=alpha,
        gradient=gradient,
        example_figures=example_figures,
        config_text=yaml.safe_dump(dict(run.config), sort_keys=False, allow_unicode=True),
        environment_text=yaml.safe_dump(dict(run.environment), sort_keys=False, allow_unicode=True),
    )
    storage.write_text(run.file("report.html"), page)
    return run.file("report.html")
