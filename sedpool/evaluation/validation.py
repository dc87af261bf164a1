"""Can this estimate be scored against that reference at all? What sed_eval accepts in silence is refused here."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from gettext import ngettext

import numpy as np
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.events import clip_to_duration

_LISTED = 5  # names in a message


def within_clips(
    tables: Sequence[pd.DataFrame], durations: Mapping[str, float], *, source: str, stacklevel: int
) -> list[pd.DataFrame]:
    """Cut events at their clips' ends and leave out those that begin later.

    Two warnings, at `stacklevel`, count both in all tables together.
    """
    # Left alone, a late event lengthens sed_eval's grid and adds errors to clips that are already over.
    clipped, n_cut, n_left_out = [], 0, 0
    for events in tables:
        onset, offset = events["onset"].to_numpy(), events["offset"].to_numpy()
        end = events["filename"].map(durations).to_numpy(dtype=np.float64)
        begins = (onset < end) | ((onset == end) & (offset == end))
        inside, n_longer = clip_to_duration(events.loc[begins], durations)
        clipped.append(inside)
        n_cut += n_longer
        n_left_out += len(events) - len(inside)
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


def require_same_clips(filenames: Iterable[str], known: Iterable[str], *, source: str) -> None:
    """Raise if `filenames` are not exactly the clip set `known`.

    Raises
    ------
    EvaluationError
        With the unknown or the missing names.
    """
    names = set(filenames)
    refuse_unknown_files(names, known, source=source)
    refuse_missing_clips(set(known) - names, source=source)


def refuse_missing_clips(missing: Iterable[str], *, source: str, remedy: str = "") -> None:
    """Raise if clips of the reference are missing; `remedy` ends the message.

    Raises
    ------
    EvaluationError
        With the missing names.
    """
    names = sorted(missing)
    if names:
        clips = ngettext("clip of the reference is", "clips of the reference are", len(names))
        raise EvaluationError(f"{source}: {len(names)} {clips} missing ({listed(names)}){remedy}")


def refuse_unknown_files(filenames: Iterable[str], known: Iterable[str], *, source: str) -> None:
    """Raise if `filenames` are not all in the clip set `known`.

    Raises
    ------
    EvaluationError
        With the unknown names.
    """
    names, clips = set(filenames), set(known)
    unknown = sorted(names - clips)
    if unknown:
        files = ngettext("file is", "files are", len(unknown))
        advice = "score against the list of the split that was detected"
        if len(names) == len(clips) == 1:
            advice = (
                f"the reference's recording is {min(clips)}; give both the same name (labels that name no recording "
                "have the name of their file)"
            )
        raise EvaluationError(
            f"{source}: {len(unknown)} {files} not in the reference's file list ({listed(unknown)}); {advice}"
        )


def listed(names: Sequence[object], separator: str = ", ") -> str:
    """Join the first few of `names` for a message; labels may contain commas and need another separator."""
    return separator.join([*map(str, names[:_LISTED]), *(["…"] if len(names) > _LISTED else [])])
