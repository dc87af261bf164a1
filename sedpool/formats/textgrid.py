"""Praat's TextGrids, read and written by praatio: intervals with a label on tiers, one file per recording."""

import os
import re
from pathlib import Path
from typing import Any

import pandas as pd

from sedpool import storage
from sedpool.errors import ConfigError, DataError
from sedpool.formats.clip import only_clip, refuse_characters, rows_of
from sedpool.formats.options import RECOGNISED, LabelOptions
from sedpool.formats.tiers import Tier, events_on_tiers


def _praatio() -> Any:
    try:
        from praatio import textgrid
    except ImportError:
        raise ConfigError("TextGrids need praatio: pip install 'sedpool[formats]'") from None
    return textgrid


def read_textgrid(
    path: str | os.PathLike[str], filename: str | None = None, options: LabelOptions = RECOGNISED
) -> pd.DataFrame:
    """Read the intervals of a TextGrid, in its long or short form and in UTF-8 or UTF-16.

    Parameters
    ----------
    path : path-like
        The file.
    filename : str, optional
        Id of the recording; by default that of the audio file beside the file with the same stem, else ``stem.wav``.
    options : LabelOptions
        Which tiers to read, and how long points last.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`; intervals without a label are none.

    Raises
    ------
    DataError
        If the file is no TextGrid, or a time in it is impossible.
    ConfigError
        If praatio is not installed, or a chosen tier is not there.
    """
    textgrid = _praatio()
    if not Path(path).exists():
        raise DataError(f"{path}: no such file")
    try:
        grid = textgrid.openTextgrid(os.fspath(path), includeEmptyIntervals=False, duplicateNamesMode="rename")
    except Exception as error:  # whatever its parser stumbles over
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: not a TextGrid that can be read ({reason[:200]})") from None
    tiers = {}
    for name, tier in zip(grid.tierNames, grid.tiers, strict=True):
        if isinstance(tier, textgrid.IntervalTier):
            tiers[name] = Tier([(float(entry.start), float(entry.end), entry.label) for entry in tier.entries])
        else:
            tiers[name] = Tier((), [(float(entry.time), entry.label) for entry in tier.entries])
    return events_on_tiers(tiers, path, filename, options)


def write_textgrid(events: pd.DataFrame, path: str | os.PathLike[str], *, duration: float) -> None:
    """Write the events of one recording with a tier for each class, and another for events that overlap there.

    Parameters
    ----------
    events : DataFrame
        Event table of one recording; a TextGrid has no confidence, channel or frequencies.
    path : path-like
        The file.
    duration : float
        Length of the recording in seconds; a later event lengthens it.

    Raises
    ------
    DataError
        If the events belong to several recordings, or a label holds a tab, a line break or ``item [``, by which
        programs tell the forms of TextGrids apart.
    ConfigError
        If praatio is not installed.
    """
    textgrid = _praatio()
    table = only_clip(events, path)
    refuse_characters(table, "\t\n\r", path)
    if wrong := [label for label in table["event_label"].unique() if re.search(r"item\s*\[", label)]:
        raise DataError(f"{path}: label {wrong[0]!r} contains 'item [', which a TextGrid cannot hold; rename it")
    end = max([duration, *table["offset"]])
    tiers: dict[str, list[tuple[float, float, str]]] = {}
    for onset, offset, label in sorted(rows_of(table)):
        number = 1
        while (name := label if number == 1 else f"{label} {number}") in tiers and (
            tiers[name][-1][1] > onset or tiers[name][-1][2] != label
        ):
            number += 1
        tiers.setdefault(name, []).append((onset, offset, label))
    grid = textgrid.Textgrid(0.0, end)
    for name, intervals in tiers.items():
        grid.addTier(textgrid.IntervalTier(name, intervals, 0.0, end))
    if not tiers:
        grid.addTier(textgrid.IntervalTier("events", [], 0.0, end))
    with storage.atomic_path(path) as temporary:
        grid.save(os.fspath(temporary), format="long_textgrid", includeBlankSpaces=True, reportingMode="error")
