"""One clip: spectrogram over reference events over predictions, as the paper's figure 9.

Below them, the weights of the frames in the clip's prediction, as in the paper's figure 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from sedpool.errors import DataError
from sedpool.inference.decode import decode
from sedpool.plot.style import GREEN, ORANGE, method_styles, new_figure, plain, styled
from sedpool.scores import classes_of

_MANY_CLASSES = 15  # beyond, only classes that occur are drawn
_WIDTH, _METHODS_WIDTH = 6.0, 6.6  # inches
_MEL_INCHES, _CLASS_INCHES, _MARGIN_INCHES = 1.5, 0.19, 1.1


@dataclass(frozen=True)
class Example:
    """A test clip to draw.

    Attributes
    ----------
    filename : str
        The clip's id.
    mel : ndarray, shape (frames, n_mels)
        Spectrogram in frequency bands.
    frame_rate : float
        Frames of `mel` a second.
    unit : str
        What `mel` is in, such as ``"dB"``.
    reference_events : DataFrame or None
        The clip's annotated events; None where only weak labels exist.
    frequencies : ndarray, shape (n_mels,), or None
        Frequency of each band in Hz, ascending; None where it is not known.
    weights : ndarray, shape (output frames, classes), or None
        How much each frame counts in the clip's prediction; None where the pooling operator has no weights.
    """

    filename: str
    mel: np.ndarray
    frame_rate: float
    unit: str
    reference_events: pd.DataFrame | None = None
    weights: np.ndarray | None = None
    frequencies: np.ndarray | None = None


@styled
def example_figure(
    example: Example, scores: pd.DataFrame, clip_scores: pd.DataFrame, events: pd.DataFrame, decoded: str = ""
) -> Figure:
    """Plot mel spectrogram, reference events, frame probabilities and frame weights of one clip on one time axis.

    Parameters
    ----------
    example : Example
        The clip.
    scores, clip_scores : DataFrame
        Frame and clip scores of the run; the clip's rows are picked out.
    events : DataFrame
        Detected events of the run; drawn as frames around the probabilities.
    decoded : str
        How they were made from the scores, in words.

    Raises
    ------
    DataError
        If the clip has no scores.
    """
    frames = scores.loc[scores["filename"] == example.filename]
    if frames.empty:
        raise DataError(f"example {example.filename}: no scores for this clip; choose one that was scored")
    detected = events.loc[events["filename"] == example.filename]
    shown = _shown_classes(classes_of(scores), example.reference_events, detected)
    rows_inches = max(0.6, _CLASS_INCHES * len(shown))
    clip = clip_scores.loc[clip_scores["filename"] == example.filename]
    n_optional = (example.reference_events is not None) + (example.weights is not None)
    heights = [_MEL_INCHES] + [rows_inches] * (1 + n_optional)
    figure = new_figure(_WIDTH, sum(heights) + _MARGIN_INCHES)
    panels = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights))
    panels[-1].set(xlabel="time (s)", xlim=(0.0, len(example.mel) / example.frame_rate))
    _draw_mel(figure, panels.pop(0), example)
    if example.reference_events is not None:
        _draw_reference(panels.pop(0), example.reference_events, shown)
    image = _draw_probabilities(panels[0], frames, detected, shown)
    framed = f"detected events framed ({decoded})" if decoded else "detected events framed"
    panels[0].set_title(f"frame probabilities, {framed};\nat the right: clip probability")
    figure.colorbar(image, ax=panels[0], pad=0.055, fraction=0.03, label="probability")
    for row, label in enumerate(shown):
        for value in clip[label]:
            text = f"{value:.2f}"
            panels[0].annotate(text, (1.01, row), xycoords=("axes fraction", "data"), fontsize=7.5, va="center")
    if example.weights is not None:
        weights = pd.DataFrame(example.weights, columns=list(classes_of(scores)))[shown].to_numpy()
        image = _draw_rows(panels[1], frames, weights, cmap="Greens", vmax=float(weights.max()))
        _label_rows(panels[1], shown)
        panels[1].set_title("frame weights: how much each frame\ncounts in the clip probability")
        figure.colorbar(image, ax=panels[1], pad=0.055, fraction=0.03, label="weight")
    return figure


@styled
def method_example_figure(
    scores: Mapping[str, pd.DataFrame], reference: pd.DataFrame, order: Sequence[str] = ()
) -> Figure:
    """Plot frame probabilities of several methods on one clip under its reference events, as the paper's figure 9.

    Only classes that occur in the clip are drawn.

    Parameters
    ----------
    scores : mapping of str to DataFrame
        Frame scores of the clip by method.
    reference : DataFrame
        The clip's annotated events.
    order : sequence of str
        Classes from the top; others follow in the order of the scores.
    """
    styles = method_styles(scores)
    classes = dict.fromkeys((*order, *classes_of(next(iter(scores.values())))))
    shown = [label for label in classes if label in set(reference["event_label"])]
    rows_inches = 0.3 + _CLASS_INCHES * max(1, len(shown))
    figure = new_figure(_METHODS_WIDTH, rows_inches * (1 + len(styles)) + 0.7)
    first, *panels = figure.subplots(1 + len(styles), 1, sharex=True)
    _draw_reference(first, reference, shown)
    for axes, method in zip(panels, styles, strict=True):
        detected = decode(scores[method])
        image = _draw_probabilities(axes, scores[method], detected[detected["event_label"].isin(shown)], shown)
        axes.set_title(method)
    panels[-1].set(xlabel="time (s)", xlim=(0.0, float(scores[method]["offset"].max())))
    figure.colorbar(
        image,
        ax=[first, *panels],
        location="bottom",
        aspect=50,
        pad=0.01,
        label="frame probability; framed: 0.5 or more",
    )
    return figure


def _shown_classes(classes: Sequence[str], reference: pd.DataFrame | None, detected: pd.DataFrame) -> list[str]:
    if len(classes) <= _MANY_CLASSES:
        return list(classes)
    occurring = set(detected["event_label"])
    if reference is not None:
        occurring |= set(reference["event_label"])
    return [label for label in classes if label in occurring] or list(classes[:1])


def _draw_mel(figure: Figure, axes: Axes, example: Example) -> None:
    plain(axes)
    n_frames, n_mels = example.mel.shape
    image = axes.imshow(
        example.mel.T,
        origin="lower",
        aspect="auto",
        extent=(0.0, n_frames / example.frame_rate, 0, n_mels),
        cmap="magma",
        interpolation="none",  # the page gets the values as they are, and the browser enlarges them
    )
    axes.set(ylabel="frequency band", title=example.filename)
    if example.frequencies is not None:
        hertz = np.array([digit * 10.0**power for power in range(1, 6) for digit in (5, 2, 1)])
        positions = np.interp(hertz, example.frequencies, np.arange(n_mels) + 0.5, left=np.nan, right=np.nan)
        shown: list[int] = []  # as many as there is room for, from the top
        for index in np.argsort(-positions):
            if np.isfinite(positions[index]) and (not shown or positions[shown[-1]] - positions[index] > n_mels / 7):
                shown.append(int(index))
        axes.set_yticks(positions[shown], [f"{hertz[index] / 1000:g}" for index in shown])
        axes.set_ylabel("frequency (kHz)")
    figure.colorbar(image, ax=axes, pad=0.055, fraction=0.03, label=example.unit)


def _draw_reference(axes: Axes, reference: pd.DataFrame, shown: Sequence[str]) -> None:
    row_of = {label: row for row, label in enumerate(shown)}
    for onset, offset, label in reference[["onset", "offset", "event_label"]].itertuples(index=False, name=None):
        # Events of one class may overlap: with some transparency, both can be seen.
        axes.barh(row_of[label], offset - onset, left=onset, height=0.7, color=GREEN, alpha=0.75, edgecolor="white")
    _label_rows(axes, shown)
    axes.set_title("reference events")


def _draw_probabilities(axes: Axes, frames: pd.DataFrame, detected: pd.DataFrame, shown: Sequence[str]) -> QuadMesh:
    image = _draw_rows(axes, frames, frames.loc[:, list(shown)].to_numpy(), cmap="Blues", vmax=1.0)
    row_of = {label: row for row, label in enumerate(shown)}
    for onset, offset, label in detected[["onset", "offset", "event_label"]].itertuples(index=False, name=None):
        axes.barh(row_of[label], offset - onset, left=onset, height=0.84, fill=False, edgecolor=ORANGE, linewidth=1.4)
    _label_rows(axes, shown)
    return image


def _draw_rows(axes: Axes, frames: pd.DataFrame, values: np.ndarray, *, cmap: str, vmax: float) -> QuadMesh:
    """Draw values (frames, classes) as one coloured row per class."""
    edges = np.append(frames["onset"].to_numpy(), frames["offset"].to_numpy()[-1:])
    rows = np.arange(values.shape[1] + 1) - 0.5
    return axes.pcolormesh(edges, rows, values.T, cmap=cmap, vmin=0.0, vmax=vmax, rasterized=True)


def _label_rows(axes: Axes, shown: Sequence[str]) -> None:
    plain(axes)
    axes.set_yticks(range(len(shown)), list(shown))
    axes.set_ylim(len(shown) - 0.5, -0.5)
    for row in range(1, len(shown)):
        axes.axhline(row - 0.5, color="#e4e4e4", linewidth=0.6, zorder=0)
