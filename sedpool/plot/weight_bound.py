"""Bounds on the weight of one frame by the size of the bag: the paper's figure 2, independent of training."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from sedpool.plot.style import BLACK, GREY, method_styles, new_figure, styled
from sedpool.pooling.bounds import alpha_for_max_weight, weight_bounds

_FRAMES = 26  # of 10 s in the paper's network
_MAX_WEIGHT = 0.5  # φ₊ of the paper's CAP
EXAMPLES = {"softmax": 1.0, "cap": alpha_for_max_weight(_MAX_WEIGHT, _FRAMES), "auto": 6.0}
"""α of softmax pooling, at the bound of the paper's CAP, and without a bound."""


@styled
def weight_bound_figure(alphas: Mapping[str, float] = EXAMPLES, *, largest_bag: int = 1000) -> Figure:
    """Plot the range of weights that one frame can have against the size of the bag; α = 1 is the paper's figure 2.

    A cross marks the paper's CAP: no frame of a bag of 26 counts more than half.

    Parameters
    ----------
    alphas : mapping of str to float
        One band for each, by a method that may have that α.
    largest_bag : int
        Where the axis ends.
    """
    bag_sizes = np.geomspace(2, largest_bag, 200)
    figure = new_figure(6.4, 3.4)
    axes = figure.subplots()
    styles = method_styles(alphas)
    for method, alpha in alphas.items():
        color, line = styles[method].color, styles[method].line
        smallest, largest = weight_bounds(alpha, bag_sizes)
        axes.fill_between(bag_sizes, smallest, largest, color=color, alpha=0.15, linewidth=0)
        axes.plot(bag_sizes, largest, color=color, linestyle=line, label=f"{method}, α = {alpha:.3g}")
        axes.plot(bag_sizes, smallest, color=color, linestyle=line)
    axes.plot(bag_sizes, 1 / bag_sizes, color=BLACK, linestyle=":", label="mean, 1/m (α = 0)")
    axes.axvline(_FRAMES, color=GREY, linewidth=1, linestyle=":")
    mark = f"φ₊ = {_MAX_WEIGHT}, m = {_FRAMES}: CAP"
    axes.scatter(_FRAMES, _MAX_WEIGHT, 64, BLACK, marker="x", linewidths=2, zorder=3, label=mark)
    axes.set(xscale="log", yscale="log", xlim=(2, largest_bag), ylim=(1e-6, 1.2))
    axes.set(
        xlabel="frames in the bag, m", ylabel="weight of one frame", title="Between these bounds lies every weight"
    )
    figure.legend(loc="outside lower center", ncols=3)
    return figure
