"""A corpus in one figure: durations (the paper's figures 3 to 5), balance, polyphony, co-occurrence."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, PercentFormatter

from sedpool.datasets.base import Dataset
from sedpool.datasets.statistics import class_statistics, co_occurrence, duration_percentiles, polyphony, tags_per_clip
from sedpool.evaluation.baselines import stretched_tags_score
from sedpool.plot.style import BLACK, BLUE, GREEN, GREY, ORANGE, SKY, new_figure, plain, styled

_WIDTH = 12.0  # inches
_CLASS_HEIGHT = 0.26
SUFFIXES = frozenset({".png", ".svg", ".pdf"})
_BOX = {"duration_5": "whislo", "duration_25": "q1", "duration_50": "med", "duration_75": "q3", "duration_95": "whishi"}
_MANY_CLASSES = 12  # more, and numbers in the matrix would not be legible


@styled
def duration_figure(percentiles: pd.DataFrame) -> Figure:
    """Plot event durations of each class, from short to long: the paper's figures 3 to 5.

    Parameters
    ----------
    percentiles : DataFrame
        Of `sedpool.datasets.statistics.duration_percentiles`.
    """
    table = percentiles.dropna().sort_values("duration_50", kind="stable")
    figure = new_figure(6.6, 0.9 + _CLASS_HEIGHT * len(table))
    _draw_durations(figure.subplots(), table)
    return figure


@styled
def corpus_figure(dataset: Dataset) -> Figure:
    """Plot what a corpus contains.

    Parameters
    ----------
    dataset : Dataset
        Panels about events are left out where it has only weak labels.
    """
    strong = dataset.events is not None and len(dataset.events) > 0
    order = _order(dataset)
    height = max(2.4, 0.8 + _CLASS_HEIGHT * len(order))
    figure = new_figure(_WIDTH, 2 * height + 1.5)
    figure.suptitle(_title(dataset), x=0.01, ha="left", weight="bold")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=[height, height + 1.2])[:, 0]
    per_class = upper.subplots(1, 4 if strong else 1, sharey=True, squeeze=False)[0]
    _draw_balance(per_class[0], dataset, order)
    if strong:
        _draw_durations(per_class[1], duration_percentiles(dataset).loc[order])
        _draw_active_share(per_class[2], dataset, order)
        _draw_stretched_score(per_class[3], dataset, order)
    matrix, *rest = lower.subplots(1, 3 if strong else 2, width_ratios=[1.5, 1, 1] if strong else [1.5, 1])
    _draw_co_occurrence(matrix, dataset, order)
    counts = tags_per_clip(dataset.tags)
    _draw_shares(rest[0], counts / max(1, counts.sum()), "Classes in a clip", "classes", "share of clips")
    if strong:
        _draw_shares(rest[1], polyphony(dataset), "Polyphony", "events at once", "share of time")
    return figure


def _title(dataset: Dataset) -> str:
    counts = [f"{len(dataset):,} clips", f"{len(dataset.classes)} classes"]
    if dataset.events is not None:
        counts.append(f"{len(dataset.events):,} events")
    splits = ", ".join(f"{name} {count:,}" for name, count in dataset.clips["split"].value_counts(sort=False).items())
    return f"{dataset.name}: {', '.join(counts)} ({splits})"


def _order(dataset: Dataset) -> list[str]:
    """Order classes from short to long events, or from frequent to rare where there are no events."""
    table = class_statistics(dataset)
    if "duration_50" in table.columns:
        return list(table.sort_values("duration_50", kind="stable").index)
    return list(table.sort_values("clips", ascending=False, kind="stable").index)


def _per_class(axes: Axes, order: list[str], title: str, label: str) -> None:
    axes.set(title=title, xlabel=label)
    axes.set_yticks(range(len(order)), order)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)


def _draw_balance(axes: Axes, dataset: Dataset, order: list[str]) -> None:
    left = np.zeros(len(order))
    splits = list(dict.fromkeys(dataset.clips["split"]))
    for split, color in zip(splits, (BLUE, SKY, ORANGE, GREEN, GREY), strict=False):
        count = dataset.tags.loc[(dataset.clips["split"] == split).to_numpy(), order].sum().to_numpy()
        axes.barh(range(len(order)), count, left=left, color=color, height=0.7, label=str(split))
        left += count
    _per_class(axes, order, "Balance", "clips with the class")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    if len(splits) > 1:
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1, ncols=2, columnspacing=1.0)


def _draw_durations(axes: Axes, percentiles: pd.DataFrame) -> None:
    """Draw one box per row of `duration_percentiles`; none for a class without events."""
    table = percentiles[list(_BOX)]
    axes.bxp(
        [dict(zip(_BOX.values(), row, strict=True)) for row in table.itertuples(index=False, name=None)],
        positions=range(len(table)),
        orientation="horizontal",
        widths=0.6,
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": SKY, "edgecolor": BLUE},
        medianprops={"color": BLACK},
        whiskerprops={"color": BLUE},
        capprops={"color": BLUE},
    )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    _per_class(axes, list(table.index), "Event durations", "seconds (5, 25, 50, 75, 95 %)")


def _draw_active_share(axes: Axes, dataset: Dataset, order: list[str]) -> None:
    shares = class_statistics(dataset).loc[order, "active_share"]
    axes.barh(range(len(order)), shares, color=BLUE, height=0.7)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    _per_class(axes, order, "Share of the clip", "filled on average where present")


def _draw_stretched_score(axes: Axes, dataset: Dataset, order: list[str]) -> None:
    score = stretched_tags_score(dataset)
    values = [score["class_wise"][label]["f1"] for label in order]
    axes.barh(range(len(order)), [np.nan if value is None else value for value in values], color=GREY, height=0.7)
    micro = score["micro"]["f1"]
    axes.axvline(np.nan if micro is None else micro, color=ORANGE, linestyle="--")
    axes.set_xlim(0, 1)
    all_classes = "undefined" if micro is None else f"{micro:.2f}"
    _per_class(axes, order, f"Without locating: F1 {all_classes}", "1 s segments, true tags stretched")


def _draw_co_occurrence(axes: Axes, dataset: Dataset, order: list[str]) -> None:
    shares = co_occurrence(dataset.tags).loc[order, order].to_numpy(copy=True)
    np.fill_diagonal(shares, np.nan)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    plain(axes)
    axes.set_xticks(range(len(order)), order, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(order)), order)
    axes.set(title="Co-occurrence", ylabel="of the clips with ...", xlabel="... the percentage that also has")
    if len(order) > _MANY_CLASSES:
        return
    for row, column in zip(*np.nonzero(np.isfinite(shares)), strict=True):
        value = shares[row, column]
        color = "white" if value > 0.6 else BLACK
        axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=7, color=color)


def _draw_shares(axes: Axes, shares: np.ndarray, title: str, label: str, of: str) -> None:
    axes.bar(range(len(shares)), shares, color=BLUE, width=0.8)
    axes.set(title=title, xlabel=label, ylabel=of, xticks=range(len(shares)))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.grid(axis="x", visible=False)
