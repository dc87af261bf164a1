"""Dynamic F1 and learnt α of each method as one property of the data changes."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sedpool.plot.style import CAP_BOUND, GREY, method_styles, new_figure, styled

_STRETCHED: dict[str, Any] = {"marker": "_", "markersize": 8, "markeredgewidth": 1.5, "linestyle": ""}


@styled
def axis_figure(table: pd.DataFrame, axis: str) -> Figure:
    """Plot dynamic F1 and, where any was learnt, α of each method over the conditions.

    Parameters
    ----------
    table : DataFrame
        Of `sedpool.comparison.axis.axis_table`.
    axis : str
        What changes from condition to condition, with its unit.
    """
    styles = method_styles(table["method"])
    conditions = list(dict.fromkeys(table["condition"]))
    has_alpha = bool(table["alpha"].notna().any())
    figure = new_figure(6.6, 3.4)
    scores, *rest = np.atleast_1d(figure.subplots(1, 1 + has_alpha)).flat
    for index, (method, style) in enumerate(styles.items()):
        own = table[table["method"] == method].set_index("condition").reindex(conditions)
        shift = 0.06 * (index - (len(styles) - 1) / 2)  # so that intervals do not cover each other
        positions, color = np.arange(len(conditions)) + shift, style.color
        scores.vlines(positions, own["low"], own["high"], color=color, linewidth=1.5)
        scores.plot(positions, own["f1"], style.marker, color=color, linestyle=style.line, linewidth=1, label=method)
        scores.plot(positions, own["own_stretched"], color=color, **_STRETCHED)
        for axes in rest:
            axes.plot(own["alpha"].to_numpy(), style.marker, color=color, linestyle=style.line)
            axes.plot(own["bound"].to_numpy(), **CAP_BOUND)
    scores.set(title="Dynamic F1", ylim=(0, None))
    for axes in rest:
        axes.set_title("α, mean over the classes")
    for axes in (scores, *rest):
        axes.set_xticks(range(len(conditions)), conditions)
        axes.set(xlim=(-0.5, len(conditions) - 0.5), xlabel=axis)
    handles, _ = scores.get_legend_handles_labels()
    handles.append(Line2D([], [], **_STRETCHED, color=GREY, label="own clip decisions, stretched"))
    if table["bound"].notna().any():
        handles.append(Line2D([], [], **CAP_BOUND, label="CAP's bound"))
    figure.legend(handles=handles, loc="outside upper left", ncols=4)
    return figure
