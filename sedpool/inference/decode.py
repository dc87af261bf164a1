"""How do probabilities become events and tags? A threshold, and then runs of active frames."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sedpool.errors import ConfigError, DataError
from sedpool.events import EVENT_COLUMNS, validate_events
from sedpool.scores import classes_of, validate_scores

_GAP = 1e-6  # seconds; frame edges are computed in floating point


def decode(scores: pd.DataFrame, threshold: float | Mapping[str, float] = 0.5) -> pd.DataFrame:
    """Detect events in frame scores: neighbouring active frames of a class make one event.

    Parameters
    ----------
    scores : DataFrame
        Frame scores (see `sedpool.scores`).
    threshold : float or mapping of str to float
        A frame is active from this probability on; one value for all classes, or one for each.

    Returns
    -------
    events : DataFrame
        Event table, by file in the order of `scores`, then by onset, then by class column.

    Raises
    ------
    DataError
        If a score is not a probability (NaN included), or a file's rows are scattered or leave gaps.
    ConfigError
        If a threshold is outside [0, 1], or the mapping's classes are not those of `scores`.

    Examples
    --------
    >>> from sedpool.scores import frame_scores
    >>> scores = frame_scores("a.wav", [[0.9], [0.5], [0.1], [0.7]], [0.0, 0.5, 1.0, 1.5, 2.0], ["siren"])
    >>> decode(scores)
      filename  onset  offset event_label
    0    a.wav    0.0     1.0       siren
    1    a.wav    1.5     2.0       siren
    """
    active = _active(scores, threshold)
    first = first_rows(scores)
    last = np.append(first[1:], True)[: len(first)]
    before = np.vstack([np.zeros_like(active[:1]), active[:-1]]) & ~first[:, None]
    after = np.vstack([active[1:], np.zeros_like(active[:1])]) & ~last[:, None]
    # Transposed, both lists run through one class after another, so the n-th start belongs to the n-th end.
    columns, starts = np.nonzero((active & ~before).T)
    _, ends = np.nonzero((active & ~after).T)
    order = np.lexsort((columns, starts))
    labels = np.asarray(classes_of(scores), dtype=object)
    events = pd.DataFrame(
        {
            "filename": scores["filename"].to_numpy()[starts[order]],
            "onset": scores["onset"].to_numpy()[starts[order]],
            "offset": scores["offset"].to_numpy()[ends[order]],
            "event_label": labels[columns[order]],
        },
        columns=list(EVENT_COLUMNS),
    )
    return validate_events(events, source="decoded events")


def decode_tags(clip_scores: pd.DataFrame, threshold: float | Mapping[str, float] = 0.5) -> pd.DataFrame:
    """Decide which classes a clip has.

    Parameters
    ----------
    clip_scores : DataFrame
        Clip scores (see `sedpool.scores`).
    threshold : float or mapping of str to float
        A clip has a class from this probability on; one value for all classes, or one for each.

    Returns
    -------
    tags : DataFrame of bool
        One row a clip (index `filename`), one column a class.

    Raises
    ------
    DataError
        If a score is not a probability (NaN included), or a clip occurs twice.
    ConfigError
        If a threshold is outside [0, 1], or the mapping's classes are not those of `clip_scores`.
    """
    active = _active(clip_scores, threshold)
    filenames = pd.Index(clip_scores["filename"], name="filename")
    if not filenames.is_unique:
        raise DataError(f"clip scores: {filenames[filenames.duplicated()][0]} occurs twice; expected one row a clip")
    return pd.DataFrame(active, index=filenames, columns=list(classes_of(clip_scores)))


def _active(scores: pd.DataFrame, threshold: float | Mapping[str, float]) -> np.ndarray:
    """Which scores reach their threshold, shape (rows, classes)."""
    classes = classes_of(validate_scores(scores))
    per_class = threshold if isinstance(threshold, Mapping) else dict.fromkeys(classes, threshold)
    if set(per_class) != set(classes):
        different = ", ".join(sorted(set(per_class) ^ set(classes)))
        raise ConfigError(f"threshold: thresholds and scores differ in the classes {different}; give one to each class")
    for label, value in per_class.items():
        if not 0 <= value <= 1:
            raise ConfigError(f"threshold: {value} for {label}; expected a probability between 0 and 1")
    limits = np.array([per_class[label] for label in classes], dtype=np.float64)
    return np.asarray(scores.loc[:, list(classes)].to_numpy() >= limits)


def first_rows(scores: pd.DataFrame) -> np.ndarray:
    """Which rows begin a file, after a check that each file is one stretch of time."""
    codes, filenames = pd.factorize(scores["filename"])
    first = np.diff(codes, prepend=-1) != 0
    if first.sum() != len(filenames):
        raise DataError("scores: the rows of a file do not follow each other; sort them by filename and onset")
    onset, offset = scores["onset"].to_numpy(dtype=np.float64), scores["offset"].to_numpy(dtype=np.float64)
    gap = np.abs(onset[1:] - offset[:-1]) > _GAP
    if (gap & ~first[1:]).any():
        row = int(np.flatnonzero(gap & ~first[1:])[0])
        raise DataError(
            f"scores: {filenames[codes[row]]} jumps from {offset[row]} s to {onset[row + 1]} s; expected frames "
            "without gaps, in the order of time"
        )
    return np.asarray(first)
