"""What does each clip add to the curves behind PSDS, and how large is the area below? Operating points as changes.

On the way down the thresholds, events of a clip are found or lost again, and false positives come and go. These changes
add up over clips, each as often as it counts, so that a resample of clips costs a sparse product and a running sum.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sedpool.runtime.arrays import Float64Array, IntArray

FOUND, FALSE, CROSS = 0, 1, 2
"""What is counted: reference events found, false positives, or, from 2 on, cross-triggers of class ``kind - 2``."""

Curve = tuple[Float64Array, Float64Array]
"""Effective false positives per hour and true positive ratios of one class, in any order."""

_DECIMALS = 9  # of a rate: the same rate in another class may have been summed in another order
_BLOCK = 100_000  # points of the common curve held at once


@dataclass(frozen=True)
class CountDeltas:
    """Changes of counts from one threshold to the next lower one.

    Attributes
    ----------
    threshold : ndarray of float, shape (changes,)
        Where the change happens; what would happen below 0 does not.
    clip, kind : ndarray of int, shape (changes,)
        Number of the clip, and what is counted in it.
    change : ndarray of float, shape (changes,)
        Whole numbers.
    """

    threshold: Float64Array
    clip: IntArray
    kind: IntArray
    change: Float64Array

    def select(self, chosen: npt.NDArray[np.bool_]) -> "CountDeltas":
        """Select some of the changes."""
        return CountDeltas(*(getattr(self, field.name)[chosen] for field in fields(self)))


class ClassCurve:
    """The operating points of one class that can be on its curve, however the clips are weighted.

    Parameters
    ----------
    deltas : CountDeltas
        Of all clips.
    n_clips : int
        Number of clips.
    """

    def __init__(self, deltas: CountDeltas, n_clips: int) -> None:
        deltas = deltas.select(deltas.threshold >= 0)
        # A table of changes: one row for each clip and kind of count, one column for each threshold, highest first.
        clip_and_kind, row = np.unique(deltas.kind * n_clips + deltas.clip, return_inverse=True)
        thresholds, column = np.unique(-deltas.threshold, return_inverse=True)
        shape = (len(clip_and_kind), len(thresholds))
        changes = sparse.csr_array((deltas.change, (row, column)), shape=shape)
        kind, clip = np.divmod(clip_and_kind, n_clips)
        is_found = kind == FOUND

        changes = _at_needed_points(changes, is_found)
        self.n_points = changes.shape[1]
        self._found, self._found_clip = changes[is_found], clip[is_found]
        self._costs, self._costs_clip, self._costs_kind = changes[~is_found], clip[~is_found], kind[~is_found]

    def weighted(self, weights: Float64Array, prices: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Compute rates and numbers of reference events found, both of shape (resamples, points).

        Parameters
        ----------
        weights : ndarray, shape (resamples, clips)
            How often each clip counts.
        prices : ndarray, shape (resamples, kinds)
            By how much one of each kind raises the effective false positive rate.
        """
        costs = (weights[:, self._costs_clip] * prices[:, self._costs_kind]) @ self._costs
        found = weights[:, self._found_clip] @ self._found
        return np.cumsum(costs, axis=1), np.cumsum(found, axis=1)


def _at_needed_points(changes: Any, is_found: npt.NDArray[np.bool_]) -> Any:
    """Drop from changes, shape (rows, points), the points that cannot be on the curve.

    A point is not needed if no clip makes it better than the one before, or worse than the one after: whatever the
    weights, one of these finds as much at no higher rate.
    """
    changes.sum_duplicates()
    changes.eliminate_zeros()
    cells = changes.tocoo()
    used, point = np.unique(cells.col, return_inverse=True)  # points at which anything changes, numbered from 0

    gain = np.where(is_found[cells.row], cells.data, -cells.data)
    improves = np.bincount(point[gain > 0], minlength=len(used)) > 0
    worsens = np.bincount(point[gain < 0], minlength=len(used)) > 0
    next_worsens = np.append(worsens, True)[1:]  # after the last point, nothing is better than it
    needed = np.flatnonzero(improves & next_worsens)

    # Changes at a point that is dropped happen at the next one that is kept; after the last one they change nothing.
    moved_to = np.searchsorted(needed, point)
    is_kept = moved_to < len(needed)
    kept = (cells.data[is_kept], (cells.row[is_kept], moved_to[is_kept]))
    return sparse.csr_array(kept, shape=(changes.shape[0], len(needed)))


def common_area(curves: Iterable[Curve], *, limit: float, alpha_st: float) -> float:
    """Compute the area under the classes' common curve, as a share of what is possible; NaN without a class.

    Parameters
    ----------
    curves : iterable of Curve
        One per class.
    limit : float
        Effective false positives per hour at which the curve ends.
    alpha_st : float
        Weight of the standard deviation over classes, which is taken off their mean.
    """
    stairs = [_stairs(*curve, limit) for curve in curves]
    if not stairs:
        return float("nan")
    rates = np.unique(np.concatenate([rate for rate, _ in stairs]))
    widths = np.diff(rates, append=limit)
    area = 0.0
    for block in range(0, len(rates), _BLOCK):
        here = rates[block : block + _BLOCK]
        ratios = np.stack([ratio[np.searchsorted(rate, here, "right") - 1] for rate, ratio in stairs])
        common = ratios.mean(axis=0) - alpha_st * ratios.std(axis=0)
        area += float(np.maximum(common, 0.0) @ widths[block : block + _BLOCK])
    return area / limit


def _stairs(efpr: Float64Array, ratio: Float64Array, limit: float) -> Curve:
    """Find the best ratio up to each rate, from (0, 0) on."""
    inside = efpr < limit
    rate, ratio = np.append(efpr[inside].round(_DECIMALS), 0.0), np.append(ratio[inside], 0.0)
    order = np.lexsort((ratio, rate))
    rate, ratio = rate[order], np.maximum.accumulate(ratio[order])
    highest = np.append(np.diff(rate) > 0, True)
    return rate[highest], ratio[highest]
