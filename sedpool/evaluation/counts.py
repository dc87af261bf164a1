"""What was right, annotated and estimated in each clip: the counts from which every average and interval follows.

Counts of clips add up, so the totals of any subset or resample are sums, and a bootstrap is a matrix product.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import OF_CLASS, OF_CLIP, Metrics, Totals
from sedpool.evaluation.validation import listed, refuse_unknown_files
from sedpool.runtime.arrays import IntArray

_BLOCK = 1 << 14
"""Clips whose counts are summed at once: as floats, they take eight times their room and more."""


@dataclass(frozen=True)
class ClipCounts:
    """Counts of every clip, in clips (0 or 1), segments or events.

    Attributes
    ----------
    filenames, classes : tuple of str
        Names of the rows and columns.
    true_positives, n_ref, n_sys : ndarray of int, shape (clips, classes)
        How many units were right, annotated and estimated.
    substitutions, deletions, insertions : ndarray of int, shape (clips,), or None
        Errors across classes, at segment and event level; clip decisions have none.

    Examples
    --------
    >>> ones = np.ones((2, 1), dtype=np.int64)
    >>> counts = ClipCounts(("a.wav", "b.wav"), ("siren",), true_positives=[[1], [0]] * ones, n_ref=ones, n_sys=ones)
    >>> counts.metrics()["micro"]["f1"]
    0.5
    >>> counts.total([[2, 0], [0, 2]]).micro()["f1"]
    array([1., 0.])
    """

    filenames: tuple[str, ...]
    classes: tuple[str, ...]
    true_positives: IntArray
    n_ref: IntArray
    n_sys: IntArray
    substitutions: IntArray | None = None
    deletions: IntArray | None = None
    insertions: IntArray | None = None

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.filenames)

    def total(self, weights: npt.ArrayLike | None = None) -> Totals:
        """Sum the counts over clips.

        Parameters
        ----------
        weights : array_like of int, shape (clips,) or (resamples, clips), optional
            How often each clip counts; once by default.

        Returns
        -------
        totals : Totals
            Its arrays have shape (classes,) or (resamples, classes).

        Raises
        ------
        EvaluationError
            If there is not one weight per clip.
        """
        # Matrix products of integers are slow; those of floats are exact up to 2^53.
        rows = np.ones(len(self)) if weights is None else np.asarray(weights, dtype=np.float64)
        if rows.shape[-1] != len(self):
            raise EvaluationError(f"weights of {rows.shape[-1]} clips for counts of {len(self)}; expected one per clip")
        blocks = [slice(first, first + _BLOCK) for first in range(0, max(1, len(self)), _BLOCK)]
        sums = {
            name: sum(rows[..., block] @ counts[block].astype(np.float64) for block in blocks)
            for name, counts in count_arrays(self).items()
        }
        return Totals(self.classes, **{name: np.rint(total).astype(np.int64) for name, total in sums.items()})

    def metrics(self) -> Metrics:
        """Derive micro, macro and class-wise metrics of all clips; see `Totals.metrics`."""
        return self.total().metrics()

    def select(self, filenames: Sequence[str]) -> "ClipCounts":
        """Select the counts of some clips, in the order given.

        Raises
        ------
        EvaluationError
            If there are no counts of a clip.
        """
        refuse_unknown_files(filenames, self.filenames, source="selection")
        position = {name: row for row, name in enumerate(self.filenames)}
        rows = np.array([position[name] for name in filenames], dtype=np.int64)
        chosen = {name: counts[rows] for name, counts in count_arrays(self).items()}
        return ClipCounts(tuple(filenames), self.classes, **chosen)


def count_arrays(counts: ClipCounts | Totals) -> dict[str, IntArray]:
    """Return the arrays of counts that there are, by name."""
    return {name: getattr(counts, name) for name in (*OF_CLASS, *OF_CLIP) if getattr(counts, name) is not None}


def paired(first: ClipCounts, second: ClipCounts) -> ClipCounts:
    """Bring `second` into the clip order of `first`, so that the two can be compared clip by clip.

    Raises
    ------
    EvaluationError
        If the two differ in their clips or classes.
    """
    _refuse_other_classes(first, second)
    one_sided = sorted(set(first.filenames) ^ set(second.filenames))
    if one_sided:
        raise EvaluationError(
            f"pair of {len(first)} and {len(second)} clips: {len(one_sided)} in one only ({listed(one_sided)}); "
            "compare systems on the same clips"
        )
    return second.select(first.filenames)


def concatenate(parts: Sequence[ClipCounts]) -> ClipCounts:
    """Join the counts of several sets of clips.

    Raises
    ------
    EvaluationError
        If the parts differ in their classes or share a clip.
    """
    first = parts[0]
    for part in parts:
        _refuse_other_classes(first, part)
    filenames = tuple(name for part in parts for name in part.filenames)
    if len(set(filenames)) < len(filenames):
        raise EvaluationError("counts of the same clip occur in several parts; expected every clip once")
    arrays = [count_arrays(part) for part in parts]
    return ClipCounts(
        filenames, first.classes, **{name: np.concatenate([part[name] for part in arrays]) for name in arrays[0]}
    )


def _refuse_other_classes(first: ClipCounts, second: ClipCounts) -> None:
    if first.classes != second.classes:
        different = sorted(set(first.classes) ^ set(second.classes))
        raise EvaluationError(f"counts differ in the classes or their order ({listed(different) or 'order'})")
