"""Several annotations of one recording: one of them, all of them, or what most of them agree on.

Annotators are resolved when labels are read: no table of events knows them.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from sedpool.errors import DataError
from sedpool.events import events_from_rows

UNION, MAJORITY = "union", "majority"

Span = tuple[float, float]
"""Onset and offset in seconds."""


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
