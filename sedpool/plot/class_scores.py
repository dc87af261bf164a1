"""Dynamic F1 of each class and method with its interval: the paper's figures 7, 10 and 12."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sedpool.plot.style import BLACK, GREY, MethodStyle, method_styles, new_panels, styled

_WIDTH, _COLUMNS = 6.6, 3
_METHOD_INCHES, _TITLE_INCHES = 0.155, 0.42
_TITLE_CHARACTERS = 25  # in the width of a panel


@styled
def class_score_figure(table: pd.DataFrame) -> Figure:
    """Plot dynamic F1 with its interval and that of stretched clip decisions: a panel per class, a row per method.

    Parameters
    ----------
    table : DataFrame
        Of `sedpool.comparison.method_tables.class_scores`; classes are drawn in the order of their first rows, and
        undefined numbers are not drawn.
    """
    styles = method_styles(table["method"])
    labels = list(dict.fromkeys(table["event_label"]))
    row_height = _TITLE_INCHES + _METHOD_INCHES * len(styles)
    figure, panels = new_panels(len(labels), _COLUMNS, _WIDTH, row_height)
    for axes, label in zip(panels, labels, strict=True):
        _draw_class(axes, table[table["event_label"] == label].set_index("method"), styles)
        axes.set_title(textwrap.fill(str(label), _TITLE_CHARACTERS), fontsize=9)
    panels[0].set(xlim=(0, 1), xticks=[0, 0.5, 1], yticks=range(len(styles)), ylim=(len(styles) - 0.4, -0.6))
    panels[0].set_yticklabels(list(styles))
    figure.supxlabel("segment-based F1, 1 s", fontsize=9)
    marks = {
        "low": Line2D([], [], color=GREY, marker="o", markersize=4.5, label="F1 with its 95 % interval"),
        "own_stretched": Line2D(
            [], [], color=BLACK, marker="|", markersize=8, linestyle="", label="own clip decisions, stretched"
        ),
    }
    handles = [mark for column, mark in marks.items() if table[column].notna().any()]
    if handles:
        figure.legend(handles=handles, loc="outside upper left", ncols=2)
    return figure


def _draw_class(axes: Axes, scores: pd.DataFrame, styles: dict[str, MethodStyle]) -> None:
    for row, (method, style) in enumerate(styles.items()):
        if method in scores.index:
            score = scores.loc[method]
            axes.hlines(row, score["low"], score["high"], color=style.color, linewidth=2)
            axes.plot(score["estimate"], row, style.marker, color=style.color, markersize=4.5)
            axes.plot(score["own_stretched"], row, "|", color=BLACK, markersize=8)
    axes.grid(axis="y", visible=False)
