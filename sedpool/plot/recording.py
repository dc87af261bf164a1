"""Plots of one recording for a notebook: axes in, axes out, as `librosa.display` has them.

Keywords that are not a plot's own go to the function of matplotlib that draws. Plots with one row per class can be
drawn over each other: a class keeps its row in the axes that have one for it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import librosa
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cbook import normalize_kwargs
from matplotlib.patches import Rectangle

from sedpool import audio
from sedpool.audio.stream import Resampler
from sedpool.errors import ConfigError, DataError
from sedpool.evaluation.evaluation_input import comparable_input
from sedpool.evaluation.levels import Criteria
from sedpool.evaluation.matching import fitting_pairs, maximum_matching
from sedpool.events import validate_events
from sedpool.features.bands import band_edges
from sedpool.features.logmel import LogMel
from sedpool.features.pcen import PCEN
from sedpool.plot.style import BLUE, GREEN, ORANGE, PINK
from sedpool.scores import classes_of, validate_scores

_ROWS: WeakKeyDictionary[Axes, dict[str, int]] = WeakKeyDictionary()
_WINDOW_SECONDS = 0.046
_MEL_TICKS = [0.5, 1, 2, 4, 8, 16, 32, 64, 128]  # kHz


def spectrogram(
    recording: str | os.PathLike[str] | npt.NDArray[np.floating],
    sr: int | None = None,
    *,
    features: LogMel | PCEN | None = None,
    onset: float = 0.0,
    duration: float | None = None,
    ax: Axes | None = None,
    **keywords: Any,
) -> Axes:
    """Plot the spectrogram of a recording, or of a part of it, over frequencies in kHz.

    Parameters
    ----------
    recording : path or ndarray, shape (n,) or (channels, n)
        A file, or samples.
    sr : int, optional
        Sampling rate of samples in Hz; files state their own.
    features : LogMel or PCEN, optional
        What is plotted; by default a mel spectrogram in dB of all frequencies that the recording has.
    onset : float
        Start in seconds.
    duration : float, optional
        Seconds; by default the rest of the recording.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in the current axes of ``matplotlib.pyplot``.
    **keywords
        Passed on to `matplotlib.axes.Axes.pcolormesh`.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    AudioError
        If the file cannot be read.
    DataError
        If `sr` is missing, or given for a file.
    ConfigError
        If a keyword is unknown.
    """
    ax = _axes("spectrogram", ax)
    if isinstance(recording, np.ndarray) != (sr is not None):
        raise DataError(f"sp.plot.spectrogram: sr={sr}; give the rate of samples in Hz, and none for a file")
    native = sr or audio.info(str(recording)).samplerate
    if features is None:
        n_fft = max(64, 2 ** round(np.log2(native * _WINDOW_SECONDS)))
        features = LogMel(sr=native, n_fft=n_fft, hop_length=n_fft // 4, n_mels=min(128, n_fft // 8))
    if isinstance(recording, np.ndarray):
        first, last = (None if end is None else round(end * native) for end in (onset, duration and onset + duration))
        resampler = Resampler(native, features.sr)
        part = np.asarray(recording[..., first:last].T, dtype=np.float32)
        samples = np.concatenate([resampler.push(part), resampler.finish()])
    else:
        samples = audio.read(recording, features.sr, onset=onset, duration=duration)
    values = features(samples)
    times = onset + np.arange(len(values) + 1) / features.frame_rate
    edges = band_edges(features.n_mels, features.fmin, features.highest, features.scale) / 1000
    drawn: dict[str, Any] = {"cmap": "magma", "rasterized": True} | keywords
    with _one_line("spectrogram", "pcolormesh"):
        ax.pcolormesh(times, (edges[:-1] + edges[1:]) / 2, values.T, **drawn)
    if features.scale == "mel":
        scale = (lambda khz: librosa.hz_to_mel(1000 * khz), lambda mel: librosa.mel_to_hz(mel) / 1000)
        ax.set_yscale("function", functions=scale)
        ax.set_yticks([tick for tick in _MEL_TICKS if tick < features.highest / 1000])
    elif features.scale == "log":
        ax.set_yscale("log", base=2)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set(xlabel="time (s)", ylabel="frequency (kHz)", xlim=(times[0], times[-1]))
    return ax


def scores(
    scores: pd.DataFrame,
    filename: str | None = None,
    *,
    classes: Sequence[str] | None = None,
    ax: Axes | None = None,
    **keywords: Any,
) -> Axes:
    """Plot the frame probabilities of a recording, one row per class.

    Parameters
    ----------
    scores : DataFrame
        Frame scores (see `sedpool.scores`).
    filename : str, optional
        The recording, if there are several in the table.
    classes : sequence of str, optional
        Classes to draw, from the top; by default all.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in the current axes of ``matplotlib.pyplot``.
    **keywords
        Passed on to `matplotlib.axes.Axes.pcolormesh`.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    DataError
        If there are no frame scores of one recording.
    ConfigError
        If a keyword or a class is unknown.
    """
    ax = _axes("scores", ax)
    known = classes_of(validate_scores(scores, source="sp.plot.scores"))
    if "onset" not in scores:
        raise DataError("sp.plot.scores: probabilities of whole clips; expected frame scores, with onset and offset")
    if unknown := sorted(set(classes or ()) - set(known)):
        raise ConfigError(f"sp.plot.scores: no class {unknown[0]} in the scores; expected some of {', '.join(known)}")
    frames = _of_one("scores", scores, filename)
    edges = np.append(frames["onset"].to_numpy(), frames["offset"].to_numpy()[-1:])
    drawn: dict[str, Any] = {"cmap": "Blues", "vmin": 0.0, "vmax": 1.0, "rasterized": True} | keywords
    rows = _rows(ax, classes or known)
    with _one_line("scores", "pcolormesh"):
        for label in classes or known:
            values = frames[[label]].to_numpy().T
            ax.pcolormesh(edges, [rows[label] - 0.5, rows[label] + 0.5], values, **drawn)
    ax.set(xlim=(edges[0], edges[-1]))
    return ax


def events(
    events: pd.DataFrame,
    filename: str | None = None,
    *,
    classes: Sequence[str] | None = None,
    ax: Axes | None = None,
    **keywords: Any,
) -> Axes:
    """Plot the events of a recording as bars, one row per class.

    Parameters
    ----------
    events : DataFrame
        Event table (see `sedpool.events`).
    filename : str, optional
        The recording, if there are several in the table.
    classes : sequence of str, optional
        Classes to draw, from the top; by default those of the events.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in the current axes of ``matplotlib.pyplot``.
    **keywords
        Passed on to `matplotlib.axes.Axes.barh`.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    DataError
        If the table is no event table of one recording.
    ConfigError
        If a keyword is unknown.
    """
    ax = _axes("events", ax)
    shown = _of_one("events", validate_events(events, source="sp.plot.events"), filename)
    _bars("events", ax, _rows(ax, classes or shown["event_label"]), shown, {"color": BLUE, "alpha": 0.75}, keywords)
    return ax


def comparison(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    filename: str | None = None,
    *,
    classes: Sequence[str] | None = None,
    ax: Axes | None = None,
    **keywords: Any,
) -> Axes:
    """Plot what is there above what was detected, one row per class, with misses and false alarms in another colour.

    An event counts as found as in `sedpool.evaluate`: a detection of its class begins within 0.2 s of it, and ends
    within 0.2 s or a fifth of its length.

    Parameters
    ----------
    reference, estimated : DataFrame
        Event tables (see `sedpool.events`).
    filename : str, optional
        The recording, if there are several in the tables.
    classes : sequence of str, optional
        Classes to draw, from the top; by default those of the events.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in the current axes of ``matplotlib.pyplot``.
    **keywords
        Passed on to `matplotlib.axes.Axes.barh`.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    DataError
        If a table is no event table, or they are of several recordings.
    ConfigError
        If a keyword is unknown.
    """
    ax = _axes("comparison", ax)
    tables = [validate_events(one, source="sp.plot.comparison") for one in (reference, estimated)]
    both = pd.concat([one.assign(is_reference=one is tables[0]) for one in tables], ignore_index=True)
    both = _of_one("comparison", both, filename)
    labels = list(dict.fromkeys(classes or both["event_label"]))
    both = both[both["event_label"].isin(labels)]
    if both.empty:
        _rows(ax, labels)
        return ax
    compared = comparable_input(
        both[both["is_reference"]],
        both[~both["is_reference"]],
        durations={both["filename"].iloc[0]: both["offset"].max()},
        classes=labels,
    )
    ours, theirs, criteria = compared.reference, compared.estimated, Criteria()
    pairs = fitting_pairs(ours, theirs, collar=criteria.collar, offset_tolerance_ratio=criteria.offset_tolerance_ratio)
    ref, est = maximum_matching(pairs[:, ours.label[pairs[0]] == theirs.label[pairs[1]]])
    is_found, is_right = np.isin(np.arange(len(ours)), ref), np.isin(np.arange(len(theirs)), est)
    for name, chosen, shift, color in (
        ("reference, found", ours.select(is_found), -0.2, GREEN),
        ("reference, missed", ours.select(~is_found), -0.2, ORANGE),
        ("detected, right", theirs.select(is_right), 0.2, BLUE),
        ("detected, false alarm", theirs.select(~is_right), 0.2, PINK),
    ):
        style = {"color": color, "height": 0.36, "label": name}
        rows = {label: row + shift for label, row in _rows(ax, labels).items()}
        _bars("comparison", ax, rows, chosen.table(compared.filenames, labels), style, keywords)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    return ax


def _axes(plot: str, ax: Axes | None) -> Axes:
    if ax is not None and not isinstance(ax, Axes):
        raise ConfigError(f"sp.plot.{plot}: ax={ax!r}; expected axes of matplotlib, such as those of plt.subplots()")
    return ax or plt.gca()


def _of_one(plot: str, table: pd.DataFrame, filename: str | None) -> pd.DataFrame:
    """Return the rows of one recording: that of the name, or the only one."""
    names = list(dict.fromkeys(table["filename"]))
    if filename is None and len(names) > 1:
        raise DataError(f"sp.plot.{plot}: {len(names)} recordings; choose one by filename, such as {names[0]!r}")
    if plot == "scores" and filename not in (None, *names):
        raise DataError(f"sp.plot.scores: no scores of {filename!r}; they are of {', '.join(names[:3]) or 'nothing'}")
    return table if filename is None else table[table["filename"] == filename]


def _rows(ax: Axes, labels: Iterable[str]) -> dict[str, int]:
    """Give each class a row from the top; one that an earlier plot drew in the same axes keeps its own."""
    if not ax.has_data():
        _ROWS.pop(ax, None)
    rows = _ROWS.setdefault(ax, {})
    for label in labels:
        rows.setdefault(label, len(rows))
    ax.set_yticks(range(len(rows)), list(rows), parse_math=False)  # a dollar sign in a name is one
    ax.set(xlabel="time (s)", ylim=(max(1, len(rows)) - 0.5, -0.5))
    return rows


def _bars(
    plot: str,
    ax: Axes,
    rows: Mapping[str, float],
    events: pd.DataFrame,
    style: Mapping[str, Any],
    keywords: Mapping[str, Any],
) -> None:
    """Draw events as bars in the rows of their classes; those of other classes are left out."""
    shown = events[events["event_label"].isin(list(rows))]
    with _one_line(plot, "barh"):
        own = normalize_kwargs(dict(keywords), Rectangle)
        defaults = {"height": 0.7, **style}
        if own.keys() & {"color", "facecolor"}:
            del defaults["color"]
        positions = [rows[label] for label in shown["event_label"]]
        ax.barh(positions, shown["offset"] - shown["onset"], left=shown["onset"], **defaults | own)


@contextmanager
def _one_line(plot: str, function: str) -> Iterator[None]:
    """Say in one line what matplotlib does not take of the keywords that are passed on to it."""
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        expected = f"expected those of sp.plot.{plot} or of matplotlib.axes.Axes.{function}"
        raise ConfigError(f"sp.plot.{plot}: keywords: {error}; {expected}") from None
