"""The output of each pooling operator for a bag, and the gradient of each frame; no trained model is needed."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sedpool import pooling
from sedpool.plot.style import BLUE, GREEN, GREY, ORANGE, new_figure, plain, styled
from sedpool.pooling.bounds import alpha_for_max_weight, gap_to_max
from sedpool.runtime.arrays import Float64Array

_FRAMES = 26  # of 10 s in the paper's network
_MAX_WEIGHT = 0.5  # φ₊ of the paper's CAP
_STEP = 1e-3  # of finite differences; frames of the toy bag lie farther apart


@dataclass(frozen=True)
class Exhibit:
    """An operator to show in the gallery.

    Attributes
    ----------
    pool : Pooling
        The operator; its first class is shown.
    logits : ndarray, shape (frames,), optional
        For attention: the logits of its own head.
    """

    pool: pooling.Pooling
    logits: Float64Array | None = None


def toy_bag() -> Float64Array:
    """Make probabilities of 26 frames: noise, a long loud event and a short faint one.

    Returns
    -------
    ndarray, shape (26,)
    """
    frame = np.arange(_FRAMES)
    noise = 0.03 + 0.02 * np.sin(2.1 * frame) + 0.002 * frame
    loud, faint = np.exp(-(((frame - 8) / 3.2) ** 4)), np.exp(-(((frame - 19.2) / 1.4) ** 2))
    bag: Float64Array = noise + 0.85 * loud + 0.45 * faint
    return bag


def gallery_operators() -> dict[str, Exhibit]:
    """Return every operator of `sedpool.pooling`, adaptive ones with parameters as after training."""
    cap_bound = alpha_for_max_weight(_MAX_WEIGHT, _FRAMES)
    elsewhere = 4 * np.exp(-(((np.arange(_FRAMES) - 19.2) / 2.0) ** 2))
    return {
        "max": Exhibit(pooling.Max()),
        "mean": Exhibit(pooling.Mean()),
        "min": Exhibit(pooling.Min()),
        "softmax (AutoPool at α = 1)": Exhibit(pooling.Softmax()),
        f"AutoPool at CAP's bound, α = {cap_bound:.1f}": Exhibit(pooling.Softmax(cap_bound)),
        "AutoPool at α = 15": Exhibit(pooling.Softmax(15.0)),
        "linear softmax": Exhibit(pooling.LinearSoftmax()),
        "power, λ = 0.4": Exhibit(pooling.Power(0.4)),
        "attention, looking elsewhere": Exhibit(pooling.Attention(), elsewhere),
        "global weighted rank, decay 0.9": Exhibit(pooling.GlobalWeightedRank(0.9)),
        "top-k mean, k = 3": Exhibit(pooling.TopKMean(3)),
        "log-sum-exp, sharpness 5": Exhibit(pooling.LogSumExp(5.0)),
        "generalised mean, r = 3": Exhibit(pooling.GeneralizedMean(3.0)),
        "hierarchical linear softmax": Exhibit(pooling.Hierarchical(pooling.LinearSoftmax())),
        "noisy-or": Exhibit(pooling.NoisyOr()),
        "ISR": Exhibit(pooling.ISR()),
    }


@styled
def gallery_figure(exhibits: Mapping[str, Exhibit], bag: Float64Array, *, columns: int = 4) -> Figure:
    """Plot the same bag under each operator: its output, and the gradient that each frame gets.

    Parameters
    ----------
    exhibits : mapping of str to Exhibit
        A panel each, by title.
    bag : ndarray, shape (frames,)
        Frame probabilities of one class.
    columns : int
        Panels in a row.
    """
    rows = -(-len(exhibits) // columns)
    figure = new_figure(2.7 * columns, 0.6 + 1.75 * rows)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, (title, exhibit) in zip(panels.flat, exhibits.items(), strict=False):
        _draw_exhibit(axes, title, exhibit, bag)
    for axes in panels.flat[len(exhibits) :]:
        axes.set_visible(False)
    figure.supxlabel("frame", fontsize=9)
    figure.supylabel("probability; gradient as a share of the largest", fontsize=9)
    figure.legend(*panels.flat[0].get_legend_handles_labels(), loc="outside upper left", ncols=4, fontsize=9)
    return figure


@styled
def alpha_sweep_figure(bag: Float64Array, *, largest_alpha: float = 40.0) -> Figure:
    """Plot AutoPool on one bag as α runs from min pooling over mean and softmax to max pooling.

    Parameters
    ----------
    bag : ndarray, shape (frames,)
        Frame probabilities of one class.
    largest_alpha : float
        The axis runs from minus this to this.
    """
    alphas = np.linspace(-largest_alpha, largest_alpha, 401)
    figure = new_figure(8.6, 3.5)
    output, weights = figure.subplots(1, 2, width_ratios=[1.15, 1])
    _draw_output_over_alpha(output, bag, alphas)
    _draw_weights_over_alpha(weights, bag, alphas)
    return figure


def _draw_exhibit(axes: Axes, title: str, exhibit: Exhibit, bag: Float64Array) -> None:
    frames = np.arange(len(bag))
    output, gradient = _output_and_gradient(exhibit, bag)
    share = gradient / np.abs(gradient).max()
    axes.fill_between(frames, bag, step="mid", color="#e4e4e4", label="frame probability p")
    axes.bar(frames, np.maximum(share, 0), width=0.5, color=BLUE, label="gradient, raises p")
    axes.bar(frames, np.minimum(share, 0), width=0.5, color=ORANGE, label="gradient, lowers p")
    axes.axhline(output, color=GREEN, linewidth=1.5, label="clip probability P")
    axes.set_title(f"{title}\nP = {output:.2f}, largest gradient {np.abs(gradient).max():.2g}", fontsize=8)
    axes.set(ylim=(-1.05, 1.05), yticks=[-1, 0, 1])


def _draw_output_over_alpha(axes: Axes, bag: Float64Array, alphas: Float64Array) -> None:
    levels = {"max": bag.max(), "softmax": _autopool(1.0, bag), "mean": bag.mean(), "min": bag.min()}
    for name, level in levels.items():
        left = name in ("max", "softmax")  # there the curve is far below the line, elsewhere far above
        axes.axhline(level, color=GREY, linewidth=1, linestyle=":")
        axes.annotate(name, (alphas[0 if left else -1], level), va="bottom", ha="left" if left else "right")
    axes.plot(alphas, [_autopool(alpha, bag) for alpha in alphas], color=BLUE)
    axes.plot([0, 1], [levels["mean"], levels["softmax"]], "o", color=BLUE, markersize=4)
    positive = alphas[alphas > 0]
    floor = np.maximum(bag.max() - gap_to_max(positive, len(bag)), 0)
    axes.fill_between(positive, floor, bag.max(), color=BLUE, alpha=0.12, linewidth=0)
    note = "shaded: within\nW((m−1)/e)/α\nof the maximum"
    axes.annotate(note, (alphas[-1], 0.62), va="top", ha="right", color=BLUE)
    axes.set(xlabel="α", ylabel="clip probability P", title="AutoPool's output", ylim=(0, 1))


def _draw_weights_over_alpha(axes: Axes, bag: Float64Array, alphas: Float64Array) -> None:
    weights = np.array([_array(pooling.Softmax(alpha).frame_weights(_bags(bag[None])))[0, :, 0] for alpha in alphas])
    extent = (alphas[0], alphas[-1], -0.5, len(bag) - 0.5)
    image = axes.imshow(np.sqrt(weights.T), cmap="Blues", vmin=0, vmax=1, extent=extent, origin="lower", aspect="auto")
    image.set_interpolation("nearest")  # each frame is a row, nothing lies between
    plain(axes)
    bar = axes.figure.colorbar(image, ax=axes, ticks=np.sqrt([0, 0.05, 0.2, 0.5, 1.0]))
    bar.ax.set_yticklabels(["0", "0.05", "0.2", "0.5", "1"])
    axes.set(xlabel="α", ylabel="frame", title="How much each frame counts")


def _output_and_gradient(exhibit: Exhibit, bag: Float64Array) -> tuple[float, Float64Array]:
    """Compute P and dP/dp by central differences, which work on every backend."""
    steps = _STEP * np.eye(len(bag))
    bags = np.concatenate([bag[None], bag + steps, bag - steps])
    extra = {} if exhibit.logits is None else {"logits": _bags(np.tile(exhibit.logits, (len(bags), 1)))}
    outputs = _array(exhibit.pool(_bags(bags), **extra))[:, 0].astype(float)
    above, below = np.split(outputs[1:], 2)
    return float(outputs[0]), (above - below) / (2 * _STEP)


def _autopool(alpha: float, bag: Float64Array) -> float:
    return float(_array(pooling.Softmax(alpha)(_bags(bag[None])))[0, 0])


def _bags(bags: Float64Array) -> object:
    # Float64, where the backend has it: noisy-or's differences would drown in float32.
    return keras.ops.convert_to_tensor(bags[..., None], dtype="float64")


def _array(tensor: object) -> Float64Array:
    array: Float64Array = keras.ops.convert_to_numpy(tensor)
    return array
