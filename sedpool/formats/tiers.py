"""Annotations on tiers, as Praat and ELAN have them: which tiers are read, and what becomes of points."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sedpool.errors import ConfigError
from sedpool.formats.clip import Row, check_times, clip_events
from sedpool.formats.notes import note
from sedpool.formats.options import LabelOptions
from sedpool.formats.texts import tidied_text


@dataclass(frozen=True)
class Tier:
    """The annotations on one tier.

    Attributes
    ----------
    name : str
        What it is called in its file.
    intervals : sequence of (float, float, str)
        Onset and offset in seconds, and label.
    points : sequence of (float, str)
        Time in seconds, and label.
    is_main : bool
        Whether it is read unless tiers are chosen; tiers that annotate other annotations are not.
    """

    name: str
    intervals: Sequence[Row] = ()
    points: Sequence[tuple[float, str]] = ()
    is_main: bool = True


def events_on_tiers(
    tiers: Mapping[str, Tier], path: str | os.PathLike[str], filename: str | None, options: LabelOptions
) -> pd.DataFrame:
    """Make the events of one recording from its tiers, sorted by onset.

    Parameters
    ----------
    tiers : mapping of str to Tier
        By name; a second one of its name has a number behind.
    path : path-like
        Their file.
    filename : str, optional
        Id of the recording; by default that of the audio file beside the file with the same stem, else ``stem.wav``.
    options : LabelOptions
        Which tiers to read, all with intervals by default, how long points last, and whether labels are the texts or
        the names of tiers.

    Raises
    ------
    ConfigError
        If a chosen tier is not there.
    DataError
        If a time is impossible.
    """
    chosen = list(options.tiers or ())
    if unknown := [name for name in chosen if name not in tiers]:
        raise ConfigError(f"tiers: {path}: no tier {unknown[0]}; found {', '.join(tiers) or 'none'}")
    rows: list[Row] = []
    n_blank = n_points = 0
    for name in chosen or [name for name, tier in tiers.items() if tier.is_main]:
        found = list(tiers[name].intervals)
        if options.point_duration is None:
            n_points += len(tiers[name].points)
        else:
            found += [(time, time + options.point_duration, label) for time, label in tiers[name].points]
        for onset, offset, text in found:
            label = tidied_text(text if options.label_from == "text" else tiers[name].name)
            n_blank += not label
            if label:
                check_times(onset, offset, f"{path}: tier {name}, {label}")
                rows.append((onset, offset, label))
    from_tier = "--label-from tier (dataset.label_from=tier) takes the names of tiers"
    if n_blank:
        advice = "" if rows or options.label_from == "tier" else f"; {from_tier}"
        note(path, f"not read, as they have no label: {{n}} intervals{advice}", n_blank)
    elif rows and options.label_from == "text" and all(len(label) == 1 for _, _, label in rows):
        note(path, f"every label is a single character; {from_tier}")
    if n_points:
        advice = "--point-duration SECONDS (dataset.point_duration) gives them one"
        note(path, f"not read, as they have no length: {{n}} points; {advice}", n_points)
    left_out = [name for name, tier in tiers.items() if name not in chosen and tier.intervals]
    if len(tiers) > 1 and (not chosen or left_out):
        read = (
            f"read from the tiers {', '.join(chosen)} alone" if chosen else "read from every tier that labels the sound"
        )
        said = "their names" if options.label_from == "tier" else "the texts on them, not their names"
        other = "" if options.label_from == "tier" else f"; {from_tier}"
        note(path, f"{read}; labels are {said}{other}; --tiers (dataset.tiers) chooses", level=20)
    return clip_events(sorted(rows), path, filename)
