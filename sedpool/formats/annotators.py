"""Several annotations of one recording: one of them, all of them, or what most of them agree on.

Annotators are resolved when labels are read: no table of events knows them. What they said is kept for those who ask
for it, to see how far they agree.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from sedpool.errors import DataError
from sedpool.events import events_from_rows

UNION, MAJORITY = "union", "majority"

Span = tuple[float, float]
"""Onset and offset in seconds."""


class Annotations(NamedTuple):
    """What several people say of the same recordings.

    Attributes
    ----------
    events : DataFrame
        Event table with a column `annotator`.
    annotators : mapping of str to sequence of str
        Who annotated each recording, also without finding an event.
    """

    events: pd.DataFrame
    annotators: Mapping[str, Sequence[str]]


_kept: ContextVar[list[Annotations] | None] = ContextVar("annotations", default=None)


@contextmanager
def keeping_annotations() -> Iterator[list[Annotations]]:
    """Keep what several annotators say of a recording, while labels are read in the block."""
    kept: list[Annotations] = []
    token = _kept.set(kept)
    try:
        yield kept
    finally:
        _kept.reset(token)


def resolve_annotators(
    events: pd.DataFrame, annotators: Mapping[str, Sequence[str]], how: str | None, source: object
) -> pd.DataFrame:
    """Make one annotation of each recording.

    Parameters
    ----------
    events : DataFrame
        Event table with a column `annotator`.
    annotators : mapping of str to sequence of str
        Who annotated each recording, also without finding an event.
    how : str, optional
        ``union``: an event wherever anyone has one; ``majority``: where more than half of the annotators have one of
        its class; or the annotator who counts where there are several. Confidence, channel and frequencies of united
        events are left out.
    source : object
        Origin of the events, for messages.

    Returns
    -------
    events : DataFrame
        Without the column `annotator`.

    Raises
    ------
    DataError
        If a recording has several annotators and `how` does not say what to do, or names none of them.
    """
    several = {name: sorted(set(who)) for name, who in annotators.items() if len(set(who)) > 1}
    if not several:
        return events.drop(columns="annotator")
    if (kept := _kept.get()) is not None:
        kept.append(Annotations(events.loc[events["filename"].isin(list(several))], several))
    name, who = next(iter(several.items()))
    advice = "--annotators union, majority or the name of one (dataset.annotators)"
    if how is None:
        raise DataError(f"{source}: {len(who)} annotations of {name} ({', '.join(who)}); unite or choose: {advice}")
    single = events.loc[~events["filename"].isin(list(several))]
    if how not in (UNION, MAJORITY):
        for name, who in several.items():
            if how not in who:
                raise DataError(f"{source}: no annotator {how} of {name}, but {', '.join(who)}; expected {advice}")
        chosen = events["filename"].isin(list(several)) & (events["annotator"] == how)
        return events.loc[chosen | events.index.isin(single.index)].drop(columns="annotator").reset_index(drop=True)
    rows = []
    others = events.loc[events["filename"].isin(list(several))]
    for key, part in others.groupby(["filename", "event_label"], sort=False):
        name, label = (str(value) for value in key)
        needed = 1 if how == UNION else len(several[name]) // 2 + 1
        spans = [list(zip(own["onset"], own["offset"], strict=True)) for _, own in part.groupby("annotator")]
        rows += [(name, onset, offset, label) for onset, offset in agreed(spans, needed)]
    united = events_from_rows(rows).sort_values(["filename", "onset"], kind="stable")
    return pd.concat([single.drop(columns="annotator"), united], ignore_index=True)


def agreed(spans: Sequence[Sequence[Span]], needed: int) -> list[Span]:
    """Return the times at which at least `needed` annotators have an event.

    Parameters
    ----------
    spans : sequence of sequence of (float, float)
        Events of one class of every annotator; those of one annotator may overlap.

    Examples
    --------
    >>> agreed([[(0, 2), (1, 3)], [(2, 4)]], 1), agreed([[(0, 2), (1, 3)], [(2, 4)]], 2)
    ([(0, 4)], [(2, 3)])
    """
    edges: dict[float, int] = {}
    for own in spans:
        for onset, offset in _merged(own):
            edges[onset] = edges.get(onset, 0) + 1
            edges[offset] = edges.get(offset, 0) - 1
    found, active, begin = [], 0, 0.0
    for time in sorted(edges):
        before, active = active, active + edges[time]
        if before < needed <= active:
            begin = time
        elif active < needed <= before:
            found.append((begin, time))
    return found


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for onset, offset in sorted(spans):
        if merged and onset <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(offset, merged[-1][1]))
        else:
            merged.append((onset, offset))
    return merged


def agreement(
    annotations: Sequence[Annotations], durations: Mapping[str, float] | None = None, *, resolution: float = 1.0
) -> pd.DataFrame:
    """Compare annotators with each other, class by class, in segments of equal length.

    A class is active in a segment that any of its events touches. All pairs of annotators of a recording count alike;
    in each pair the first is the one whose name is first in alphabetical order.

    Parameters
    ----------
    annotations : sequence of Annotations
        See `keeping_annotations`.
    durations : mapping of str to float, optional
        Lengths of recordings in seconds; one that is not in it ends with its last event, so that silence after it,
        in which all agree, does not count.
    resolution : float
        Length of a segment in seconds.

    Returns
    -------
    table : DataFrame
        One row per class (`event_label`), in alphabetical order: `n_first` and `n_second`, the numbers of events;
        `f1`, twice the segments of both over the segments of the first and the second, NaN where neither has any; and
        `kappa`, Cohen's [1]_: 1 where they always agree, 0 where not more often than by chance, NaN where both say the
        same of every segment.

    References
    ----------
    .. [1] J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20(1),
       1960.

    Examples
    --------
    >>> events = events_from_rows([("a.wav", 0, 4, "dog"), ("a.wav", 2, 5, "dog")]).assign(annotator=["ann", "bob"])
    >>> agreement([Annotations(events, {"a.wav": ["ann", "bob"]})], {"a.wav": 10.0}).round(2)
      event_label  n_first  n_second    f1  kappa
    0         dog        1         1  0.57   0.35
    """
    classes = sorted({label for events, _ in annotations for label in events["event_label"].unique()})
    cells = np.zeros((4, len(classes)))  # segments of neither, of the second only, of the first only, of both
    n_events = np.zeros((2, len(classes)), dtype=np.int64)
    for events, annotators in annotations:
        by_recording = dict(tuple(events.groupby("filename", sort=False)))
        for name, who in annotators.items():
            own = by_recording.get(name, events.iloc[:0])
            seconds = (durations or {}).get(name, own["offset"].max() if len(own) else 0.0)
            n_segments = max(int(np.ceil(seconds / resolution)), 1)
            active = {annotator: np.zeros((n_segments, len(classes)), dtype=bool) for annotator in sorted(set(who))}
            counts = {annotator: np.zeros(len(classes), dtype=np.int64) for annotator in active}
            column = np.searchsorted(classes, own["event_label"].to_numpy(dtype=str)) if len(own) else ()
            first = np.floor(own["onset"].to_numpy() / resolution).astype(int)
            last = np.ceil(own["offset"].to_numpy() / resolution).astype(int)
            for annotator, label, begin, end in zip(own["annotator"], column, first, last, strict=True):
                active[annotator][begin:end, label] = True
                counts[annotator][label] += 1
            for one, other in combinations(active, 2):
                kind = 2 * active[one].astype(int) + active[other]
                cells += [(kind == number).sum(axis=0) for number in range(4)]
                n_events += [counts[one], counts[other]]
    neither, second, first, both = cells
    total = np.maximum(cells.sum(axis=0), 1)
    observed = (neither + both) / total
    by_chance = ((neither + second) * (neither + first) + (first + both) * (second + both)) / total**2
    with np.errstate(invalid="ignore", divide="ignore"):
        f1, kappa = 2 * both / (first + second + 2 * both), (observed - by_chance) / (1 - by_chance)
    return pd.DataFrame(
        {"event_label": classes, "n_first": n_events[0], "n_second": n_events[1], "f1": f1, "kappa": kappa}
    )
