"""Methods compared: average ranks with a critical difference, and scores with intervals."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sedpool.plot.style import BLUE, GREY, method_styles, new_figure, plain, styled
from sedpool.stats.ranks import indistinguishable

_ROW_INCHES = 0.26
_NAME, _SHORT_NAME = 36, 24  # characters in a line of a name; longer ones would leave no room for what is drawn


@styled
def critical_difference_figure(ranks: pd.Series, distance: float) -> Figure:
    """Plot average ranks on a line and join methods closer than the critical difference by bars, as Demšar (2006).

    Parameters
    ----------
    ranks : Series
        Average rank by method, 1 the best; of `sedpool.stats.ranks.average_ranks`.
    distance : float
        The critical difference.
    """
    ordered = ranks.sort_values()
    groups = indistinguishable(ordered, distance)
    n_rows = (len(ordered) + 1) // 2
    first_row = 1.3 + 0.45 * len(groups)
    depth = first_row + n_rows
    figure = new_figure(7.0, 0.5 + _ROW_INCHES * (depth + 2))
    axes = figure.subplots()
    plain(axes)
    lowest, highest = 1.0, float(max(len(ordered), ordered.max()))
    axes.set(xlim=(lowest - 0.35 * (highest - lowest), highest + 0.35 * (highest - lowest)), ylim=(depth, -2.4))
    axes.set_xticks([])
    axes.set_yticks([])
    _draw_scale(axes, lowest, highest, distance)
    for row, group in enumerate(groups):
        ends = ordered[list(group)]
        axes.plot([ends.min() - 0.03, ends.max() + 0.03], [0.7 + 0.45 * row] * 2, color=GREY, linewidth=3.5)
    styles = method_styles(map(str, ordered.index))
    for index, (method, rank) in enumerate(zip(map(str, ordered.index), ordered.tolist(), strict=True)):
        _draw_method(axes, method, rank, index, (lowest, highest), n_rows, first_row, styles[method].color)
    axes.set_title("Average ranks; bars join what does not differ significantly")
    return figure


def _draw_scale(axes: Axes, lowest: float, highest: float, distance: float) -> None:
    axes.plot([lowest, highest], [0, 0], color="k", linewidth=1)
    for rank in range(int(lowest), int(highest) + 1):
        axes.plot([rank, rank], [0, -0.25], color="k", linewidth=1)
        axes.text(rank, -0.4, str(rank), ha="center", va="bottom", fontsize=8)
    axes.plot([lowest, lowest + distance], [-1.6, -1.6], color=GREY, linewidth=2)
    axes.text(lowest + distance, -1.6, f"  critical difference {distance:.2f}", va="center", fontsize=8, color=GREY)


def _draw_method(
    axes: Axes,
    method: str,
    rank: float,
    index: int,
    scale: tuple[float, float],
    n_rows: int,
    first_row: float,
    color: str,
) -> None:
    """Name a method of the better half at the left, the best on top; others at the right, the worst on top."""
    left = index < n_rows
    lowest, highest = scale
    margin = 0.05 * (highest - lowest)
    row = first_row + (index if left else 2 * n_rows - 1 - index)
    end = lowest - margin if left else highest + margin
    axes.plot([rank, rank, end], [0, row, row], color=color, linewidth=1.4)
    name = textwrap.fill(method, _SHORT_NAME, max_lines=2, placeholder=" …")
    text = f"{name}  {rank:.2f}" if left else f"{rank:.2f}  {name}"
    axes.text(end - margin / 4 if left else end + margin / 4, row, text, ha="right" if left else "left", va="center")


@styled
def interval_figure(table: pd.DataFrame, title: str) -> Figure:
    """Plot scores with their intervals, the best on top; those whose gap to it may be chance are in colour.

    Parameters
    ----------
    table : DataFrame
        ``name, estimate, low, high, with_best``, one row per run.
    title : str
        Name of the metric.
    """
    ordered = table.sort_values("estimate", ignore_index=True)
    names = [textwrap.fill(name, _NAME) for name in ordered["name"].astype(str)]
    n_lines = max(name.count("\n") + 1 for name in names)
    figure = new_figure(6.4, 0.9 + _ROW_INCHES * (n_lines + 1) / 2 * len(ordered))
    axes = figure.subplots()
    columns = (ordered[name].tolist() for name in ("estimate", "low", "high", "with_best"))
    for row, (estimate, low, high, with_best) in enumerate(zip(*columns, strict=True)):
        color = BLUE if with_best else GREY
        axes.plot([low, high], [row, row], color=color, linewidth=2)
        axes.plot(estimate, row, "o", color=color, markersize=5)
    axes.set_yticks(range(len(ordered)), names)
    axes.set_ylim(-0.7, len(ordered) - 0.3)
    axes.set_title(f"{title}\nblue: not significantly worse than the best")
    return figure
