"""Figures of a run over its epochs: loss, accuracy, speed, α and the gradient."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sedpool.plot.style import BLUE, CYCLE, GREY, ORANGE, draw_bounds, new_figure, styled

_PANEL = (4.4, 2.9)  # inches; small enough to be read on a telephone
_LINE_STYLES = ("-", "--", ":")  # with seven colours, these tell 21 classes apart


@styled
def curve_figure(history: pd.DataFrame, name: str, *, kept_epoch: int) -> Figure:
    """Plot ``"loss"`` or ``"accuracy"`` in training and validation over the epochs.

    Parameters
    ----------
    history : DataFrame
        Columns `epoch`, `name`, ``val_<name>``.
    name : str
        The column.
    kept_epoch : int
        The epoch whose weights were kept; marked.
    """
    figure = new_figure(*_PANEL)
    axes = figure.subplots()
    marker = "o" if len(history) == 1 else None
    axes.plot(history["epoch"], history[name], color=BLUE, marker=marker, label="training")
    axes.plot(history["epoch"], history[f"val_{name}"], color=ORANGE, marker=marker, label="validation")
    _mark_epoch(axes, kept_epoch)
    axes.set(xlabel="epoch", title=name.capitalize())
    axes.legend()
    return figure


@styled
def learning_rate_figure(history: pd.DataFrame) -> Figure:
    """Plot the learning rate over epochs, on a logarithmic axis."""
    figure = new_figure(*_PANEL)
    axes = figure.subplots()
    axes.step(history["epoch"], history["learning_rate"], where="mid", color=BLUE)
    axes.set(xlabel="epoch", yscale="log", title="Learning rate")
    return figure


@styled
def speed_figure(history: pd.DataFrame) -> Figure:
    """Plot training throughput over epochs."""
    figure = new_figure(*_PANEL)
    axes = figure.subplots()
    axes.plot(history["epoch"], history["clips_per_second"], color=BLUE, marker="o", markersize=3)
    axes.set(xlabel="epoch", ylabel="clips per second", title="Training speed")
    axes.set_ylim(bottom=0)
    return figure


@styled
def alpha_bar_figure(alpha: pd.DataFrame, *, kept_epoch: int) -> Figure:
    """Plot α of each class in the kept epoch, sorted, with CAP's bound.

    Parameters
    ----------
    alpha : DataFrame
        Columns `epoch`, `event_label`, `alpha`, `bound` (empty where α is not constrained).
    kept_epoch : int
        The epoch whose weights were kept.
    """
    kept = alpha.loc[alpha["epoch"] == kept_epoch].sort_values("alpha")
    figure = new_figure(_PANEL[0], max(_PANEL[1], 0.8 + 0.22 * len(kept)))
    axes = figure.subplots()
    axes.barh(kept["event_label"].astype(str), kept["alpha"], color=BLUE, height=0.7)
    axes.grid(axis="y", visible=False)
    axes.set(xlabel="α (0: mean, 1: softmax, larger: towards max)", title=f"Epoch {kept_epoch}")
    draw_bounds(axes.axvline, kept)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
    return figure


@styled
def alpha_trajectory_figure(alpha: pd.DataFrame, *, kept_epoch: int) -> Figure:
    """Plot the α of each class over the epochs, epoch 0 being its start, with CAP's bound.

    Parameters
    ----------
    alpha : DataFrame
        Columns `epoch`, `event_label`, `alpha`, `bound` (empty where α is not constrained).
    kept_epoch : int
        The epoch whose weights were kept; marked.
    """
    axes = _trajectory_axes(alpha, "alpha", kept_epoch)
    draw_bounds(axes.axhline, alpha)
    axes.set(ylabel="α", title="Trajectory of α")
    return _with_legend_below(axes)


@styled
def largest_share_figure(share: pd.DataFrame, *, kept_epoch: int) -> Figure:
    """Plot the largest share of one frame in the gradient of a clip's prediction, by class over the epochs.

    Parameters
    ----------
    share : DataFrame
        Columns `epoch`, `event_label`, `largest_share`.
    kept_epoch : int
        The epoch whose weights were kept; marked.
    """
    axes = _trajectory_axes(share, "largest_share", kept_epoch)
    axes.set(ylabel="share of the gradient", ylim=(0, 1.02), title="Frame with the largest gradient")
    return _with_legend_below(axes)


@styled
def effective_frames_figure(share: pd.DataFrame, *, kept_epoch: int) -> Figure:
    """Plot the effective number of frames that share the gradient of a clip's prediction, by class over the epochs.

    Parameters
    ----------
    share : DataFrame
        Columns `epoch`, `event_label`, `frames`, `effective_frames`.
    kept_epoch : int
        The epoch whose weights were kept; marked.
    """
    axes = _trajectory_axes(share, "effective_frames", kept_epoch)
    axes.set(ylabel=f"effective frames, of {share['frames'].max()}", title="Frames that share the gradient")
    axes.set_ylim(bottom=0)
    return _with_legend_below(axes)


def _trajectory_axes(table: pd.DataFrame, column: str, kept_epoch: int) -> Axes:
    """Draw one line per class over the epochs on the axes of a new figure."""
    trajectory = table.pivot_table(index="epoch", columns="event_label", values=column)
    axes = new_figure(_PANEL[0], max(_PANEL[1], 0.8 + 0.22 * trajectory.shape[1])).subplots()
    for index, label in enumerate(trajectory.columns):
        color = CYCLE[index % len(CYCLE)]
        style = _LINE_STYLES[index // len(CYCLE) % len(_LINE_STYLES)]
        axes.plot(trajectory.index, trajectory[label], color=color, linestyle=style, linewidth=1.3, label=str(label))
    _mark_epoch(axes, kept_epoch)
    axes.set_xlabel("epoch")
    return axes


def _with_legend_below(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _mark_epoch(axes: Axes, epoch: int) -> None:
    axes.axvline(epoch, color=GREY, linestyle=":", label="kept")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
