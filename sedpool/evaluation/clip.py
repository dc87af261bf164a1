"""Does each clip get the right classes? Clip-level metrics (audio tagging; the paper's "static" evaluation)."""

import numpy as np
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.evaluation_input import EvaluationInput
from sedpool.evaluation.event_arrays import counted
from sedpool.evaluation.validation import listed, require_same_clips
from sedpool.regions import tag_arrays
from sedpool.runtime.arrays import BoolArray


def clip_metrics(true_tags: pd.DataFrame, predicted_tags: pd.DataFrame) -> Metrics:
    """Compute F1, precision and recall of clip decisions.

    Parameters
    ----------
    true_tags, predicted_tags : DataFrame of bool
        One row per clip (index `filename`), one column per class; the order may differ. True tags that are unknown
        (``pd.NA``) count neither way.

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
    """Count the decisions on every clip, 0 or 1 per class; parameters and errors as in `clip_metrics`."""
    predicted = aligned(true_tags, predicted_tags).to_numpy(dtype=bool)
    return _counts(tuple(true_tags.index), tuple(true_tags.columns), *tag_arrays(true_tags), predicted)


def count_clips(evaluation_input: EvaluationInput) -> ClipCounts:
    """Count the decisions on every clip, which has a class if it has an event of it."""
    estimated = evaluation_input.estimated
    predicted = counted(estimated.clip, estimated.label, evaluation_input.shape) > 0
    return _counts(evaluation_input.filenames, evaluation_input.classes, *evaluation_input.tag_arrays, predicted)


def _counts(
    filenames: tuple[str, ...], classes: tuple[str, ...], true: BoolArray, known: BoolArray, predicted: BoolArray
) -> ClipCounts:
    predicted = predicted & known
    return ClipCounts(
        filenames,
        classes,
        true_positives=(true & predicted).view(np.int8),
        n_ref=true.view(np.int8),
        n_sys=predicted.view(np.int8),
    )


def aligned(true_tags: pd.DataFrame, predicted_tags: pd.DataFrame, *, source: str = "clip predictions") -> pd.DataFrame:
    """Bring `predicted_tags` into the order of `true_tags`; `source` names them in errors."""
    different = sorted(set(true_tags.columns) ^ set(predicted_tags.columns))
    if different:
        raise EvaluationError(f"{source} and reference differ in the classes {listed(different)}")
    require_same_clips(predicted_tags.index, true_tags.index, source=source)
    return predicted_tags.loc[true_tags.index, true_tags.columns]
