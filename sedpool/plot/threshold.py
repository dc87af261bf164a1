"""Precision against recall at every threshold: better ranking of frames, or another point on the same curve."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sedpool.plot.style import BLACK, GREY, draw_runs, method_styles, new_panels, styled

_WIDTH, _COLUMNS, _ROW_INCHES = 6.6, 3, 2.1
_PALE = "#d4d4d4"


@styled
def threshold_figure(curves: pd.DataFrame, *, threshold: float = 0.5) -> Figure:
    """Plot a panel per method: curves of runs thin, their mean at equal thresholds thick, other methods' means grey.

    Parameters
    ----------
    curves : DataFrame
        Of `sedpool.comparison.method_tables.threshold_curves`.
    threshold : float
        Marked on the curve; must be a threshold of the curves.
    """
    styles = method_styles(curves["method"])
    means = {
        str(method): own.groupby("threshold")[["precision", "recall"]].mean()
        for method, own in curves.groupby("method", sort=False)
    }
    figure, panels = new_panels(len(styles), min(_COLUMNS, len(styles)), _WIDTH, _ROW_INCHES)
    for axes, (method, style) in zip(panels, styles.items(), strict=True):
        for other in means.values():
            axes.plot(other["recall"], other["precision"], color=_PALE, linewidth=1)
        own_runs = curves[curves["method"] == method]
        draw_runs(axes, own_runs, "recall", "precision", color=style.color, linewidth=0.7, alpha=0.6)
        own = means[method]
        axes.plot(own["recall"], own["precision"], color=style.color, linewidth=2)
        point = own.loc[threshold]
        axes.plot(
            point["recall"], point["precision"], style.marker, color=style.color, markersize=8, markeredgecolor=BLACK
        )
        axes.set_title(method, fontsize=9)
    panels[0].set(xlim=(0, 1), ylim=(0, 1.02), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    figure.supxlabel("recall, 1 s segments", fontsize=9)
    figure.supylabel("precision", fontsize=9)
    marks = [
        Line2D([], [], color=GREY, marker="o", markeredgecolor=BLACK, linewidth=2, label=f"mean, and at {threshold:g}"),
        Line2D([], [], color=GREY, linewidth=0.7, label="each run"),
        Line2D([], [], color=_PALE, linewidth=1, label="the other methods"),
    ]
    figure.legend(handles=marks, loc="outside upper left", ncols=3)
    return figure
