"""Which estimated event answers which reference event? One-to-one matching, with sed_eval's choice among equals.

A maximum matching is not unique, and the substitutions among the events that it leaves over depend on the choice.
Where there is one, sed_eval's own algorithm makes it; all other pairs, nearly all in practice, need no algorithm.
"""

import numpy as np
import numpy.typing as npt

from sedpool.errors import EvaluationError
from sedpool.evaluation.event_arrays import EventArrays, expand_ranges
from sedpool.events import LATEST
from sedpool.runtime.arrays import IntArray

Pairs = IntArray
"""Numbers of reference events (first row) and of the estimated events that fit them (second row), in order."""


def fitting_pairs(
    reference: EventArrays, estimated: EventArrays, *, collar: float, offset_tolerance_ratio: float | None
) -> Pairs:
    """Find the pairs of events, of any two classes, whose times agree.

    Parameters
    ----------
    reference, estimated : EventArrays
        Events of the same clips.
    collar : float
        Seconds by which an onset may be off, and an offset at least.
    offset_tolerance_ratio : float or None
        Share of the reference event's length by which its offset may be off, if that is more than `collar`; None if
        offsets do not matter.

    Raises
    ------
    EvaluationError
        If a tolerance is out of range.
    """
    if not 0 <= collar <= LATEST:
        raise EvaluationError(f"collar={collar:g}: expected seconds from 0 to {LATEST:g}")
    if offset_tolerance_ratio is not None and not 0 <= offset_tolerance_ratio <= 1:
        raise EvaluationError(f"offset_tolerance_ratio={offset_tolerance_ratio:g}: expected a share from 0 to 1")
    # Clips are laid end to end on one line, too far apart for pairs across clips.
    apart = np.concatenate([reference.onset, estimated.onset, [0.0]]).max() + 2 * collar + 1
    wanted, line = reference.clip * apart + reference.onset, estimated.clip * apart + estimated.onset
    reach = collar + 1e-6  # a few pairs more than needed: clip numbers cost the sum some digits
    est, ref = expand_ranges(
        np.searchsorted(line, wanted - reach, "left"), np.searchsorted(line, wanted + reach, "right")
    )
    fits = np.abs(reference.onset[ref] - estimated.onset[est]) <= collar
    fits &= reference.clip[ref] == estimated.clip[est]
    if offset_tolerance_ratio is not None:
        tolerance = np.maximum(collar, offset_tolerance_ratio * (reference.offset - reference.onset))
        fits &= np.abs(reference.offset[ref] - estimated.offset[est]) <= tolerance[ref]
    return np.stack([ref[fits], est[fits]])


def maximum_matching(pairs: Pairs) -> Pairs:
    """Choose as many pairs as possible without using an event twice."""
    alone = _alone(pairs)
    if alone.all():
        return pairs
    from sed_eval.util.event_matching import bipartite_match

    graph: dict[int, list[int]] = {}
    for ref, est in pairs[:, ~alone].T.tolist():
        graph.setdefault(est, []).append(ref)
    chosen = np.array(list(bipartite_match(graph).items()), dtype=np.int64).reshape(-1, 2)
    return np.concatenate([pairs[:, alone], chosen.T], axis=1)


def first_come_matching(pairs: Pairs) -> Pairs:
    """Go through the pairs in order and keep each whose events are both free: how sed_eval finds substitutions."""
    alone = _alone(pairs)
    used_ref, used_est, kept = set[int](), set[int](), []
    for ref, est in pairs[:, ~alone].T.tolist():
        if ref not in used_ref and est not in used_est:
            used_ref.add(ref)
            used_est.add(est)
            kept.append((ref, est))
    chosen = np.array(kept, dtype=np.int64).reshape(-1, 2)
    return np.concatenate([pairs[:, alone], chosen.T], axis=1)


def _alone(pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Mark the pairs that are the only one of both their events."""
    uses = [np.bincount(events)[events] if len(events) else events for events in pairs]
    return np.asarray((uses[0] == 1) & (uses[1] == 1))
