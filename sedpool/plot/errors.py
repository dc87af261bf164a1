"""Figures of the tables of `sedpool.analysis`: confusions, false alarms, detection rates, timing, calibration, α."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sedpool.analysis.alpha import rank_correlation
from sedpool.analysis.calibration import calibration_error
from sedpool.analysis.confusion import NOTHING
from sedpool.plot.style import BLUE, GREEN, GREY, ORANGE, draw_bounds, new_figure, plain, styled

_PANEL = (4.4, 2.9)  # inches, as the figures of training
_LEAST_ALPHA_SPAN = 0.5
_CELL_INCHES, _MARGIN_INCHES = 0.42, 1.7
_NAMES = {"duration": "event duration (s)", "snr": "signal-to-noise ratio (dB)", "polyphony": "other events at once"}


@styled
def confusion_figure(table: pd.DataFrame) -> Figure:
    """Plot each reference class's time by what was detected, as shares of its row.

    Parameters
    ----------
    table : DataFrame
        Of `sedpool.analysis.confusion.confusion`. The last row, where nothing sounded, has shares of all
        falsely detected time.
    """
    return _matrix_figure(
        table.pivot_table(index="reference", columns="estimated", values="seconds", sort=False),
        rows="sounded",
        columns="detected",
        title="Share of the time of what sounded",
    )


@styled
def false_alarm_figure(table: pd.DataFrame) -> Figure:
    """Plot each class's false detections by what sounded, as shares of its row.

    Parameters
    ----------
    table : DataFrame
        Of `sedpool.analysis.false_alarms.false_alarms`.
    """
    return _matrix_figure(
        table.pivot_table(index="event_label", columns="sounded", values="seconds", sort=False),
        rows="falsely detected",
        columns="sounded instead",
        title="Share of the false time of what was detected",
    )


def _matrix_figure(seconds: pd.DataFrame, *, rows: str, columns: str, title: str) -> Figure:
    """Plot rows normalised to one, written in the cells in per cent; the time of each row stands at its right."""
    totals = seconds.sum(axis=1)
    shares = seconds.div(totals.replace(0.0, np.nan), axis=0).to_numpy()
    height, width = (_MARGIN_INCHES + _CELL_INCHES * n for n in shares.shape)
    figure = new_figure(width + 1.2, height)
    axes = figure.subplots()
    plain(axes)
    axes.imshow(np.nan_to_num(shares), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.argwhere(shares >= 0.005):
        share = shares[row, column]
        axes.text(
            column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=7.5, color="w" if share > 0.5 else "k"
        )
    for row, total in enumerate(totals):
        axes.annotate(f"{total:.0f} s", (1.01, row), xycoords=("axes fraction", "data"), fontsize=7.5, va="center")
    axes.set_xticks(range(shares.shape[1]), _named(seconds.columns), rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(shares.shape[0]), _named(seconds.index))
    axes.set(xlabel=columns, ylabel=rows, title=f"{title} (%)")
    return figure


def _named(labels: pd.Index) -> list[str]:
    return ["nothing" if label == NOTHING else str(label) for label in labels]


@styled
def detection_rate_figure(table: pd.DataFrame, by: str) -> Figure:
    """Plot the share of all events found, with its 95 % interval, over bins of a property.

    Parameters
    ----------
    table : DataFrame
        Of `sedpool.analysis.detection_rate.detection_rate`.
    by : str
        The property: `duration`, `snr` or `polyphony`.
    """
    together = table[table["event_label"] == ""]
    figure = new_figure(*_PANEL)
    axes = figure.subplots()
    middle = (together["low"] + together["high"]) / 2
    reach = np.stack([together["rate"] - together["rate_low"], together["rate_high"] - together["rate"]])
    axes.hlines(together["rate"], together["low"], together["high"], color=BLUE, linewidth=2)
    axes.errorbar(middle, together["rate"], yerr=reach.clip(min=0), fmt="o", color=BLUE, markersize=4, elinewidth=1)
    for position, n_events in zip(middle, together["n_events"], strict=True):
        axes.annotate(str(n_events), (position, 0.02), ha="center", fontsize=7, color=GREY)
    axes.set(xlabel=_NAMES.get(by, by), ylabel="share found", ylim=(0, 1.03), title="Events found (below: how many)")
    return figure


@styled
def boundary_figure(deviations: pd.DataFrame, *, span: float = 2.0, bin_width: float = 0.1) -> Figure:
    """Plot histograms of onset and offset deviations.

    Parameters
    ----------
    deviations : DataFrame
        Of `sedpool.analysis.boundaries.boundary_deviations`.
    span : float
        Seconds shown on either side; what lies beyond is counted in the last bars.
    bin_width : float
        Seconds.
    """
    figure = new_figure(2 * _PANEL[0], _PANEL[1])
    edges = np.linspace(-span, span, 2 * round(span / bin_width) + 1)
    for axes, name, color in zip(figure.subplots(1, 2, sharey=True), ("onset", "offset"), (BLUE, ORANGE), strict=True):
        values = deviations[f"{name}_deviation"]
        axes.hist(values.clip(-span, span), bins=edges, color=color)
        axes.axvline(0, color=GREY, linewidth=1)
        axes.set(
            xlabel=f"{name} detected later by (s); outermost bars: beyond", ylabel="events" if name == "onset" else ""
        )
        if len(values):
            low, median, high = values.quantile([0.25, 0.5, 0.75])
            axes.axvline(median, color="k", linestyle="--", linewidth=1)
            axes.set_title(f"{name.capitalize()}: median {median:+.2f} s, half within {low:+.2f} to {high:+.2f} s")
    return figure


@styled
def calibration_figure(clip: pd.DataFrame, frame: pd.DataFrame | None) -> Figure:
    """Plot observed against predicted frequency of clip and frame probabilities.

    Parameters
    ----------
    clip, frame : DataFrame
        Of `sedpool.analysis.calibration.reliability`; no frames where only weak labels exist.
    """
    figure = new_figure(_PANEL[0], 3.6)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
    for name, table, color in (("clips", clip, BLUE), ("frames", frame, ORANGE)):
        if table is not None:
            filled = table[table["n_cases"] > 0]
            label = f"{name}, expected error {calibration_error(table):.3f}"
            axes.plot(filled["predicted"], filled["observed"], "o-", color=color, markersize=4, label=label)
    axes.set(xlabel="predicted probability", ylabel="share that came true", title="Calibration", xlim=(0, 1))
    axes.set_ylim(0, 1.02)
    axes.legend(loc="upper left")
    return figure


@styled
def alpha_duration_figure(table: pd.DataFrame) -> Figure:
    """Plot α of each class against its median event duration; bars span the middle half of durations.

    Parameters
    ----------
    table : DataFrame
        Of `sedpool.analysis.alpha.alpha_and_duration`.
    """
    figure = new_figure(6.2, 3.8)
    axes = figure.subplots()
    reach = np.stack([table["median"] - table["q25"], table["q75"] - table["median"]])
    axes.errorbar(table["median"], table["alpha"], xerr=reach, fmt="o", color=GREEN, elinewidth=0.8, markersize=5)
    by_alpha = table.sort_values("alpha")[["event_label", "median", "alpha"]]
    for index, (label, median, alpha) in enumerate(by_alpha.itertuples(index=False, name=None)):
        height = -10 if index % 2 == 0 else 4  # in turn below and above, so that neighbours do not meet
        axes.annotate(str(label), (median, alpha), xytext=(4, height), textcoords="offset points", fontsize=7.5)
    draw_bounds(axes.axhline, table)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="lower left")
    rho, p_value = rank_correlation(table)
    said = "the same for all classes" if np.isnan(rho) else f"rank correlation {rho:.2f}, p = {p_value:.2g}"
    axes.set(xlabel="event duration (s): median, middle half", ylabel="α", title=f"α and event duration: {said}")
    axes.margins(x=0.12, y=0.12)
    low, high = axes.get_ylim()
    if high - low < _LEAST_ALPHA_SPAN:  # all at CAP's bound: do not magnify their rounding
        axes.set_ylim((low + high - _LEAST_ALPHA_SPAN) / 2, (low + high + _LEAST_ALPHA_SPAN) / 2)
    return figure
