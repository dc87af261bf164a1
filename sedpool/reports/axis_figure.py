"""How does a method fare as one property of the data changes? Dynamic F1 and learnt α over its values."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sedpool.evaluation.statistics.bootstrap import clip_weights, interval_table
from sedpool.reports.method_tables import alpha_courses, by_method, kept_alphas
from sedpool.reports.run_means import run_mean
from sedpool.reports.style import CAP_BOUND, GREY, MethodStyle, method_styles, new_figure, styled
from sedpool.runs import RunFolder

_KEY = ("micro", "", "f1")
_STRETCHED: dict[str, Any] = {"marker": "_", "markersize": 8, "markeredgewidth": 1.5, "linestyle": ""}


def axis_table(conditions: Mapping[str, Sequence[RunFolder]]) -> pd.DataFrame:
    """What each method reached under each condition.

    Parameters
    ----------
    conditions : mapping of str to sequence of RunFolder
        Finished runs with strong labels, by what was different, in order.

    Returns
    -------
    table : DataFrame
        ``condition, method, f1, low, high, own_stretched, alpha, bound``: mean dynamic F1 with its 95 % interval (NaN
        for a run without counts), that of the runs' own clip decisions stretched, mean α over classes and runs, and
        CAP's bound (NaN where there are none).
    """
    rows = []
    for condition, runs in conditions.items():
        for method, own in by_method(runs).items():
            kept = kept_alphas(alpha_courses(own))
            stretched = [run.metrics["baselines"]["clip_decisions_stretched"] for run in own]
            rows.append(
                {
                    "condition": condition,
                    "method": method,
                    "f1": _mean_f1([run.metrics for run in own]),
                    **_interval(own),
                    "own_stretched": _mean_f1(stretched),
                    "alpha": float(kept["alpha"].mean()),
                    "bound": float(kept["bound"].max()),
                }
            )
    return pd.DataFrame(rows)


def _mean_f1(metrics: Sequence[Mapping[str, Mapping[str, Mapping[str, float]]]]) -> float:
    return float(pd.Series([one["segment"]["micro"]["f1"] for one in metrics], dtype=float).mean())


def _interval(runs: Sequence[RunFolder]) -> dict[str, float]:
    mean = run_mean(runs)
    if mean is None or len(mean.clips) < 2:
        return {"low": np.nan, "high": np.nan}
    row = interval_table(
        lambda weights: {_KEY: mean.statistic(weights)[_KEY]}, clip_weights(len(mean.clips)), sources=mean.sources
    ).iloc[0]
    return {"low": float(row["low"]), "high": float(row["high"])}


@styled
def axis_figure(table: pd.DataFrame, axis: str) -> Figure:
    """Dynamic F1 and, where any was learnt, α of each method over the conditions.

    Parameters
    ----------
    table : DataFrame
        Of `axis_table`.
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
        _draw_scores(scores, own, np.arange(len(conditions)) + shift, style, method)
        for axes in rest:
            axes.plot(own["alpha"].to_numpy(), style.marker, color=style.color, linestyle=style.line)
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


def _draw_scores(axes: Axes, own: pd.DataFrame, positions: np.ndarray, style: MethodStyle, method: str) -> None:
    axes.vlines(positions, own["low"], own["high"], color=style.color, linewidth=1.5)
    axes.plot(positions, own["f1"], style.marker, color=style.color, linestyle=style.line, linewidth=1, label=method)
    axes.plot(positions, own["own_stretched"], color=style.color, **_STRETCHED)
