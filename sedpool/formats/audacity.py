r"""Audacity label tracks: lines ``onset offset label`` between tabs, in seconds, one file per recording.

URBAN-SED's and Scaper's ``.txt`` files have the same form. A label made in a spectral selection is followed by a line
``\ low high`` with its frequencies in Hz, where -1 stands for none.
"""

import math
import os
import re
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
    values_of,
)
from sedpool.formats.columns import number_of
from sedpool.formats.texts import tidied_text
from sedpool.text_tables import utf8_bytes

Band = tuple[float | None, float | None]
"""Lowest and highest frequency of an event in Hz; None where it is open."""


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
    rows, bands = _regions(path)
    low, high = zip(*bands, strict=True) if bands else ((), ())
    return clip_events(rows, path, filename, {"low_frequency": low, "high_frequency": high})


def read_rows(path: str | os.PathLike[str], classes: Collection[str] | None = None) -> list[Row]:
    """Read onset, offset and label, which must be one of `classes`, of every region of a label track."""
    return _regions(path, classes)[0]


def _regions(path: str | os.PathLike[str], classes: Collection[str] | None = None) -> tuple[list[Row], list[Band]]:
    """Read every region of a label track, and the band of each."""
    rows: list[Row] = []
    bands: list[Band] = []
    for number, line in enumerate(re.split("\r\n|[\r\n]", utf8_bytes(path).decode()), start=1):
        if not line.strip():
            continue
        where, fields = f"{path}: line {number}", line.split("\t")
        if fields[0].startswith("\\"):
            if not rows:
                raise DataError(f"{where}: {line!r}; expected a label before its frequencies")
            bands[-1] = _band(fields, where)
            continue
        try:
            start, end, label, *surplus = fields
            onset, offset = _number(start), _number(end)
            if "".join(surplus).strip():
                raise ValueError
        except ValueError:
            raise DataError(f"{where}: {line!r}; expected onset, offset and label between tabs") from None
        check_times(onset, offset, where)
        label = tidied_text(label)
        if not label:
            raise DataError(f"{where}: {line!r}; the label is empty, give it a name")
        check_label(label, classes, where)
        rows.append((onset, offset, label))
        bands.append((None, None))
    return rows, bands


def _number(text: str) -> float:
    """Return a number, also with a decimal comma or as a clock shows it, as Audacity writes them in some countries."""
    try:
        if "_" in text:  # which Python takes for a number, as 1_0
            raise ValueError
        return float(text)
    except ValueError:
        number = number_of(text.strip())
        if number is None or math.isnan(number):
            raise
        return number


def _band(fields: list[str], where: str) -> Band:
    try:
        low, high = (None if frequency < 0 else frequency for frequency in map(_number, fields[1:]))
    except ValueError:
        raise DataError(f"{where}: {fields[1:]}; expected lowest and highest frequency in Hz") from None
    return low, high


def write_audacity(events: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write the events of one recording as a label track, times to the microsecond and frequencies in Hz.

    A label track has no confidence and no channel.

    Raises
    ------
    DataError
        If the events belong to several recordings, or a label holds a tab or a line break.
    """
    table = only_clip(events, path)
    refuse_characters(table, "\t\n\r", path)
    lines = []
    bands = zip(values_of(table, "low_frequency"), values_of(table, "high_frequency"), strict=True)
    for (onset, offset, label), band in zip(rows_of(table), bands, strict=True):
        lines.append(f"{onset:.6f}\t{offset:.6f}\t{label}\n")
        if band != (None, None):
            low, high = (-1.0 if frequency is None else frequency for frequency in band)
            lines.append(f"\\\t{low:.6f}\t{high:.6f}\n")
    storage.write_text(path, "".join(lines))
