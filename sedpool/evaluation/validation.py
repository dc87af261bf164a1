"""Can this estimate be scored against that reference at all? What sed_eval accepts in silence is refused here."""

import warnings
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.events import clip_to_duration, validate_events

_LISTED = 5  # names in a message


def comparable_events(
    reference: pd.DataFrame, estimated: pd.DataFrame, *, durations: Mapping[str, float], classes: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check two event tables against the clip set and return them ready for scoring.

    Parameters
    ----------
    reference, estimated : DataFrame
        Event tables (see `sedpool.events`). Events of one class may overlap in the reference: they stay as they are.
    durations : mapping of str to float
        Length in seconds of every clip of the reference, those without events included: the clip set.
    classes : sequence of str
        The labels that are scored.

    Returns
    -------
    reference, estimated : DataFrame
        The tables, clipped at the clips' ends and sorted, so that the scores do not depend on the order of rows.

    Raises
    ------
    DataError
        On a time that is not a finite number, an offset that is not after its onset, or an unknown label.
    EvaluationError
        On events in files outside the clip set, or an empty clip set.

    Warns
    -----
    UserWarning
        If events last longer than their clip (by more than 10 ms, which is rounding).
    """
    if not durations:
        raise EvaluationError("reference: no clips; expected the length of every clip that is scored")
    return (
        _checked(reference, durations, classes, source="reference"),
        _checked(estimated, durations, classes, source="estimate"),
    )


def _checked(
    events: pd.DataFrame, durations: Mapping[str, float], classes: Sequence[str], *, source: str
) -> pd.DataFrame:
    table = validate_events(events, classes=classes, source=source)
    refuse_unknown_files(table["filename"].unique(), durations, source=source)
    clipped, n_changed = clip_to_duration(table, durations)
    if n_changed:
        # Left alone, a late event lengthens sed_eval's grid and adds errors to clips that are already over.
        warnings.warn(f"{source}: {n_changed} events last longer than their clip and were cut at its end", stacklevel=4)
    return clipped.sort_values(["filename", "onset", "offset", "event_label"], ignore_index=True)


def refuse_unknown_files(filenames: Iterable[str], known: Iterable[str], *, source: str) -> None:
    """Raise if `filenames` are not all in the clip set `known`.

    Raises
    ------
    EvaluationError
        With the unknown names.
    """
    unknown = sorted(set(filenames) - set(known))
    if unknown:
        raise EvaluationError(
            f"{source}: {len(unknown)} files are not in the reference's file list ({listed(unknown)}); "
            "score against the list of the split that was detected"
        )


def listed(names: Sequence[object]) -> str:
    """The first few of `names`, for a message."""
    return ", ".join(map(str, names[:_LISTED])) + (", …" if len(names) > _LISTED else "")
