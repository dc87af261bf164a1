r"""Audacity label tracks: lines ``onset offset label`` between tabs, in seconds, one file per recording.

URBAN-SED's and Scaper's ``.txt`` files have the same form. A label made in a spectral selection is followed by a line
``\ low high`` with its frequencies in Hz, which is ignored.
"""

import os
from collections.abc import Collection

import pandas as pd

from sedpool import storage
from sedpool.errors import DataError
from sedpool.formats.clip import (
    Row,
    check_label,
    check_times,
    clip_events,
    only_clip,
    refuse_characters,
    rows_of,
    tabbed_lines,
)


def read_audacity(path: str | os.PathLike[str], filename: str | None = None) -> pd.DataFrame:
    """Read a label track.

    Parameters
    ----------
    path : path-like
        The exported track; empty if nothing is labelled.
    filename : str, optional
        Id of the recording; by default that of the audio file beside the track with the same stem, else
        ``stem.wav``.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`.

    Raises
    ------
    DataError
        If a line is not a region with a label: a point label has no extent. The message names the line.
    """
    return clip_events(read_rows(path), path, filename)


def read_rows(path: str | os.PathLike[str], classes: Collection[str] | None = None) -> list[Row]:
    """Read onset, offset and label, which must be one of `classes`, of every region of a label track."""
    rows = []
    for number, fields in tabbed_lines(path):
        if fields[0].startswith("\\"):
            continue
        where, line = f"{path}: line {number}", "\t".join(fields)
        try:
            start, end, label = fields
            onset, offset = float(start), float(end)
        except ValueError:
            raise DataError(f"{where}: {line!r}; expected onset, offset and label between tabs") from None
        check_times(onset, offset, where)
        if not label.strip():
            raise DataError(f"{where}: {line!r}; the label is empty, give it a name")
        check_label(label, classes, where)
        rows.append((onset, offset, label))
    return rows


def write_audacity(events: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write the events of one recording as a label track, times to the microsecond.

    Raises
    ------
    DataError
        If the events belong to several recordings, or a label holds a tab or a line break.
    """
    table = only_clip(events, path)
    refuse_characters(table, "\t\n\r", path)
    lines = (f"{onset:.6f}\t{offset:.6f}\t{label}\n" for onset, offset, label in rows_of(table))
    storage.write_text(path, "".join(lines))
