"""Can this estimate be scored against that reference at all? What sed_eval accepts in silence is refused here."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from gettext import ngettext

import numpy as np
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
    if source == "reference":
        _refuse_unknown_lengths(table["filename"].unique(), durations)
    refuse_unknown_files(table["filename"].unique(), durations, source=source)
    clipped = within_clips(table, durations, source=source, stacklevel=5)
    return clipped.sort_values(["filename", "onset", "offset", "event_label"], ignore_index=True)


def _refuse_unknown_lengths(filenames: Iterable[str], durations: Mapping[str, float]) -> None:
    unknown = sorted(set(filenames) - set(durations))
    if unknown:
        clips = ngettext("clip of the reference is", "clips of the reference are", len(unknown))
        raise EvaluationError(
            f"durations: {len(unknown)} {clips} missing ({listed(unknown)}); give every clip's length"
        )


def within_clips(events: pd.DataFrame, durations: Mapping[str, float], *, source: str, stacklevel: int) -> pd.DataFrame:
    """Events cut at their clips' ends, without those that begin later; warnings, at `stacklevel`, count both."""
    # Left alone, a late event lengthens sed_eval's grid and adds errors to clips that are already over.
    begins = events["onset"].to_numpy() < events["filename"].map(durations).to_numpy(dtype=np.float64)
    clipped, n_cut = clip_to_duration(events.loc[begins], durations)
    n_left_out = len(events) - len(clipped)
    if n_cut:
        late = ngettext(
            "event lasts longer than its clip and was", "events last longer than their clip and were", n_cut
        )
        warnings.warn(f"{source}: {n_cut} {late} cut at its end", stacklevel=stacklevel)
    if n_left_out:
        late = ngettext(
            "event begins after its clip's end and was", "events begin after their clip's end and were", n_left_out
        )
        warnings.warn(f"{source}: {n_left_out} {late} left out", stacklevel=stacklevel)
    return clipped


def refuse_unknown_files(filenames: Iterable[str], known: Iterable[str], *, source: str) -> None:
    """Raise if `filenames` are not all in the clip set `known`.

    Raises
    ------
    EvaluationError
        With the unknown names.
    """
    unknown = sorted(set(filenames) - set(known))
    if unknown:
        files = ngettext("file is", "files are", len(unknown))
        raise EvaluationError(
            f"{source}: {len(unknown)} {files} not in the reference's file list ({listed(unknown)}); "
            "score against the list of the split that was detected"
        )


def listed(names: Sequence[object], separator: str = ", ") -> str:
    """The first few of `names`, for a message; labels hold commas and need another separator."""
    return separator.join([*map(str, names[:_LISTED]), *(["…"] if len(names) > _LISTED else [])])
