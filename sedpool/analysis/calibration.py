"""Does a probability of 0.7 come true seven times in ten? Reliability of clip and frame scores [1]_.

References
----------
.. [1] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.evaluation.averages import ratio
from sedpool.regions import tag_arrays
from sedpool.runtime.arrays import Float64Array
from sedpool.scores import classes_of

N_BINS = 10


def clip_calibration(clip_scores: pd.DataFrame, tags: pd.DataFrame, *, n_bins: int = N_BINS) -> pd.DataFrame:
    """Compare clip probabilities with what came true; every class of every clip is one case.

    Parameters
    ----------
    clip_scores : DataFrame
        See `sedpool.scores`.
    tags : DataFrame of bool
        True classes; one row per clip (index `filename`), one column per class. Unknown tags are no cases.
    n_bins : int
        Number of bins of equal width.

    Returns
    -------
    table : DataFrame
        See `reliability`.
    """
    classes = list(classes_of(clip_scores))
    outcomes, known = tag_arrays(tags.loc[clip_scores["filename"], classes])
    return reliability(clip_scores[classes].to_numpy(dtype=np.float64)[known], outcomes[known], n_bins=n_bins)


def frame_calibration(scores: pd.DataFrame, reference: pd.DataFrame, *, n_bins: int = N_BINS) -> pd.DataFrame:
    """Compare frame probabilities with what came true; a class sounds in a frame if an event covers its middle.

    Parameters
    ----------
    scores : DataFrame
        Frame scores (see `sedpool.scores`).
    reference : DataFrame
        Event table. Events of other files are ignored.
    n_bins : int
        Number of bins of equal width.

    Returns
    -------
    table : DataFrame
        See `reliability`.
    """
    classes = list(classes_of(scores))
    outcomes = sounding_frames(scores, reference)
    return reliability(scores[classes].to_numpy(dtype=np.float64).ravel(), outcomes.ravel(), n_bins=n_bins)


def sounding_frames(scores: pd.DataFrame, reference: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which classes sound in the middle of each frame, shape (frames, classes)."""
    middles = ((scores["onset"] + scores["offset"]) / 2).to_numpy()
    rows_of = scores.groupby("filename", sort=False).indices
    column_of = {label: column for column, label in enumerate(classes_of(scores))}
    sounding = np.zeros((len(scores), len(column_of)), dtype=bool)
    rows = reference[["filename", "onset", "offset", "event_label"]].itertuples(index=False, name=None)
    for filename, onset, offset, label in rows:
        if filename in rows_of:
            frames = rows_of[filename]
            first, last = np.searchsorted(middles[frames], [onset, offset])
            sounding[frames[first:last], column_of[label]] = True
    return sounding


def reliability(probabilities: Float64Array, outcomes: npt.NDArray[np.bool_], *, n_bins: int = N_BINS) -> pd.DataFrame:
    """Compare predicted and observed frequency by bin of probability.

    Parameters
    ----------
    probabilities : ndarray, shape (cases,)
        Values in [0, 1].
    outcomes : ndarray of bool, shape (cases,)
        Whether it came true.
    n_bins : int
        Number of bins of equal width.

    Returns
    -------
    table : DataFrame
        ``low, high`` (of the bin), ``n_cases, predicted`` (mean probability), ``observed`` (share that came true);
        the latter two NaN in empty bins.

    Examples
    --------
    >>> reliability(np.array([0.1, 0.3, 0.9]), np.array([False, True, True]), n_bins=2)
       low  high  n_cases  predicted  observed
    0  0.0   0.5        2        0.2       0.5
    1  0.5   1.0        1        0.9       1.0
    """
    edges = np.linspace(0, 1, n_bins + 1)
    bins = np.minimum((probabilities * n_bins).astype(np.int64), n_bins - 1)
    n_cases = np.bincount(bins, minlength=n_bins)
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "n_cases": n_cases,
            "predicted": ratio(np.bincount(bins, weights=probabilities, minlength=n_bins), n_cases),
            "observed": ratio(np.bincount(bins, weights=outcomes, minlength=n_bins), n_cases),
        }
    )


def calibration_error(table: pd.DataFrame) -> float:
    """Compute the expected calibration error: mean distance of predicted and observed frequency, by cases."""
    filled = table[table["n_cases"] > 0]
    distance = (filled["predicted"] - filled["observed"]).abs()
    return float((distance * filled["n_cases"]).sum() / filled["n_cases"].sum())
