"""The α that adaptive pooling learnt, by class and method: at the end, over training, against event duration.

The first is the paper's figures 8 and 11; the others show what its section V says about them.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sedpool.analysis.alpha import alpha_and_duration, rank_correlation
from sedpool.comparison.labels import DOUBLE_DAGGER
from sedpool.plot.style import (
    BLACK,
    CAP_BOUND,
    GREY,
    MethodStyle,
    draw_bounds,
    draw_runs,
    method_styles,
    new_figure,
    new_panels,
    styled,
)

_WIDTH = 6.6
_METHOD_INCHES, _CLASS_GAP_INCHES = 0.11, 0.12
_RING: dict[str, Any] = {"marker": "o", "markersize": 7, "markerfacecolor": "none", "markeredgecolor": BLACK}
_RING |= {"markeredgewidth": 0.8, "linestyle": ""}
_NUMBER_OFFSETS = (8, -8, 17, -17)  # points


@styled
def learned_alpha_figure(kept: pd.DataFrame, flagged: Collection[str] = ()) -> Figure:
    """Plot the kept α: a row per class with a line per method, small marks for runs, a large one for their mean.

    Parameters
    ----------
    kept : DataFrame
        Of `sedpool.comparison.method_tables.kept_alphas`; classes are drawn in the order of their first rows.
    flagged : collection of str
        Names of runs that are not valid: ringed, and their methods flagged.
    """
    styles = method_styles(kept["method"])
    labels = list(dict.fromkeys(kept["event_label"]))
    row_inches = _CLASS_GAP_INCHES + _METHOD_INCHES * len(styles)
    figure = new_figure(_WIDTH, 1.1 + row_inches * len(labels))
    axes = figure.subplots()
    draw_bounds(axes.axvline, kept)
    for index, (method, style) in enumerate(styles.items()):
        own = kept[kept["method"] == method]
        rows = own["event_label"].map(labels.index) + (index - (len(styles) - 1) / 2) * _METHOD_INCHES / row_inches
        axes.plot(own["alpha"], rows, style.marker, color=style.color, markersize=3)
        mean = own["alpha"].groupby(rows).mean()
        axes.plot(
            mean, mean.index, style.marker, color=style.color, markersize=7, markeredgecolor=BLACK, markeredgewidth=0.5
        )
        is_flagged = own["run"].isin(flagged)
        if is_flagged.any():
            axes.plot(own.loc[is_flagged, "alpha"], rows[is_flagged], **_RING)
    for boundary in range(1, len(labels)):
        axes.axhline(boundary - 0.5, color="#e4e4e4", linewidth=0.8)
    axes.set_yticks(range(len(labels)), labels)
    axes.set(ylim=(len(labels) - 0.5, -0.5), xlabel="α (0: mean, 1: softmax, larger: towards max)")
    axes.grid(axis="y", visible=False)
    figure.legend(handles=_legend(styles, kept, flagged), loc="outside upper left", ncols=3)
    return figure


@styled
def alpha_trajectories_figure(trajectories: pd.DataFrame, flagged: Collection[str] = ()) -> Figure:
    """Plot α over the epochs: a panel per class, a thin line per run, a mark where its weights were kept; CAP's bound.

    Parameters
    ----------
    trajectories : DataFrame
        Of `sedpool.comparison.method_tables.alpha_trajectories`.
    flagged : collection of str
        Names of runs that are not valid: ringed, and their methods flagged.
    """
    styles = method_styles(trajectories["method"])
    labels = list(dict.fromkeys(trajectories["event_label"]))
    figure, panels = new_panels(len(labels), 3, _WIDTH, 1.7)
    for axes, label in zip(panels, labels, strict=True):
        own = trajectories[trajectories["event_label"] == label]
        draw_bounds(axes.axhline, trajectories)
        for method, style in styles.items():
            of_method = own[own["method"] == method]
            draw_runs(axes, of_method, "epoch", "alpha", color=style.color, linestyle=style.line, linewidth=1)
            kept = of_method[of_method["is_kept"].astype(bool)]
            axes.plot(kept["epoch"], kept["alpha"], style.marker, color=style.color, markersize=4)
        rings = own[own["is_kept"].astype(bool) & own["run"].isin(flagged)]
        if len(rings):
            axes.plot(rings["epoch"], rings["alpha"], **_RING)
        axes.set_title(str(label), fontsize=9)
    figure.supxlabel("epoch", fontsize=9)
    figure.supylabel("α", fontsize=9)
    figure.legend(handles=_legend(styles, trajectories, flagged, has_lines=True), loc="outside upper left", ncols=3)
    return figure


@styled
def alpha_durations_figure(kept: pd.DataFrame, durations: pd.DataFrame, flagged: Collection[str] = ()) -> Figure:
    """Plot mean α against median event duration, with their rank correlation: a panel per method, a mark per class.

    Classes are numbered from short to long events; the numbers are explained below.

    Parameters
    ----------
    kept : DataFrame
        Of `sedpool.comparison.method_tables.kept_alphas`.
    durations : DataFrame
        Of `sedpool.comparison.method_tables.event_durations`.
    flagged : collection of str
        Names of runs that are not valid: their methods are flagged.
    """
    styles = method_styles(kept["method"])
    median = durations["duration_50"].dropna().sort_values(kind="stable")
    figure, panels = new_panels(len(styles), 2, _WIDTH, 2.5)
    for axes, (method, style) in zip(panels, styles.items(), strict=True):
        own = kept[kept["method"] == method]
        alpha = own.groupby("event_label")["alpha"].mean()
        draw_bounds(axes.axhline, own)
        _draw_numbered(axes, median, alpha, style)
        rho, p_value = rank_correlation(alpha_and_duration(own, durations))
        said = "the same for all classes" if np.isnan(rho) else f"ρ = {rho:.2f}, p = {p_value:.2g}"
        axes.set_title(f"{_flagged_label(method, own, flagged)}: {said}", fontsize=9)
    panels[0].margins(x=0.1, y=0.3)
    figure.supxlabel("median event duration (s)", fontsize=9)
    figure.supylabel("α", fontsize=9)
    key = [
        Line2D(
            [],
            [],
            color=GREY,
            linestyle="",
            marker=f"${number}$",
            markersize=5 + 2 * (number > 9),
            label=f"{label}, {seconds:.2g} s",
        )
        for number, (label, seconds) in enumerate(median.items(), start=1)
    ]
    figure.legend(handles=key, loc="outside upper left", ncols=3)
    return figure


def _draw_numbered(axes: Axes, median: pd.Series, alpha: pd.Series, style: MethodStyle) -> None:
    """Mark each class at its median duration and α and write its number near it, neighbours' at other distances."""
    for number, (label, seconds) in enumerate(median.items(), start=1):
        if label in alpha.index:
            height = alpha.loc[str(label)]
            axes.plot(seconds, height, style.marker, color=style.color, markersize=5)
            away = _NUMBER_OFFSETS[number % len(_NUMBER_OFFSETS)]
            axes.annotate(
                str(number),
                (seconds, height),
                xytext=(0, away),
                textcoords="offset points",
                fontsize=7.5,
                ha="center",
                va="center",
            )


def _flagged_label(method: str, alphas: pd.DataFrame, flagged: Collection[str]) -> str:
    """Return the method's name, flagged if one of its runs is not valid."""
    is_flagged = alphas.loc[alphas["method"] == method, "run"].isin(flagged).any()
    return f"{method} {DOUBLE_DAGGER}" if is_flagged else method


def _legend(
    styles: Mapping[str, MethodStyle], alphas: pd.DataFrame, flagged: Collection[str], *, has_lines: bool = False
) -> list[Line2D]:
    """Make the handles of a legend: one per method and, if there are any, flagged runs and CAP's bound."""
    marks = [
        Line2D(
            [], [], color=style.color, marker=style.marker, markersize=5, label=_flagged_label(method, alphas, flagged)
        )
        for method, style in styles.items()
    ]
    for mark, style in zip(marks, styles.values(), strict=True):
        mark.set_linestyle(style.line if has_lines else "")
    if alphas["run"].isin(flagged).any():
        marks.append(Line2D([], [], **_RING, label=f"{DOUBLE_DAGGER} a run that is not valid"))
    bounds = alphas["bound"].dropna()
    if len(bounds):
        marks.append(Line2D([], [], **CAP_BOUND, label=f"CAP's bound, {bounds.max():.2f}"))
    return marks
