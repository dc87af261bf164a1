"""Does each clip get the right classes? Clip-level metrics (audio tagging; the paper's "static" evaluation)."""

from gettext import ngettext

import numpy as np
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.validation import listed, refuse_unknown_files


def clip_metrics(true_tags: pd.DataFrame, predicted_tags: pd.DataFrame) -> Metrics:
    """F1, precision and recall of clip decisions.

    Parameters
    ----------
    true_tags, predicted_tags : DataFrame of bool
        One row a clip (index `filename`), one column a class; the order may differ.

    Returns
    -------
    metrics : dict
        ``{"micro": M, "macro": M, "class_wise": {label: M}}`` with `f1`, `precision` and `recall` in each ``M``, None
        where undefined, and the counts `n_ref` and `n_sys`, in clips.

    Raises
    ------
    EvaluationError
        If the two differ in their classes or clips.

    Examples
    --------
    >>> true_tags = pd.DataFrame({"siren": [True, True, False]}, index=["a.wav", "b.wav", "c.wav"])
    >>> predicted_tags = pd.DataFrame({"siren": [True, False, True]}, index=["a.wav", "b.wav", "c.wav"])
    >>> clip_metrics(true_tags, predicted_tags)["micro"]["f1"]
    0.5
    """
    return clip_counts(true_tags, predicted_tags).metrics()


def clip_counts(true_tags: pd.DataFrame, predicted_tags: pd.DataFrame) -> ClipCounts:
    """Counts of every clip, 0 or 1 a class; parameters and errors as of `clip_metrics`."""
    predicted = aligned(true_tags, predicted_tags).to_numpy(dtype=bool)
    true = true_tags.to_numpy(dtype=bool)
    return ClipCounts(
        tuple(true_tags.index),
        tuple(true_tags.columns),
        true_positives=(true & predicted).astype(np.int64),
        n_ref=true.astype(np.int64),
        n_sys=predicted.astype(np.int64),
    )


def aligned(true_tags: pd.DataFrame, predicted_tags: pd.DataFrame, *, source: str = "clip predictions") -> pd.DataFrame:
    """`predicted_tags` in the order of `true_tags`; `source` names them in errors."""
    different = sorted(set(true_tags.columns) ^ set(predicted_tags.columns))
    if different:
        raise EvaluationError(f"{source} and reference differ in the classes {listed(different)}")
    refuse_unknown_files(predicted_tags.index, true_tags.index, source=source)
    missing = sorted(set(true_tags.index) - set(predicted_tags.index))
    if missing:
        clips = ngettext("clip of the reference is", "clips of the reference are", len(missing))
        raise EvaluationError(f"{source}: {len(missing)} {clips} missing ({listed(missing)})")
    return predicted_tags.loc[true_tags.index, true_tags.columns]
