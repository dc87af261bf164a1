"""Praat's TextGrids: intervals with a label on tiers, one file per recording; praatio writes them.

They are read here as Praat itself does: texts in quotes and numbers that stand alone count, in their order, and nothing
else. praatio looks for words instead: it loses intervals of a file that is cut, and reads -0.5 as 0.5.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from sedpool import storage
from sedpool.errors import ConfigError, DataError
from sedpool.formats.clip import only_clip, refuse_characters, rows_of
from sedpool.formats.notes import note
from sedpool.formats.options import RECOGNISED, LabelOptions
from sedpool.formats.tiers import Tier, events_on_tiers
from sedpool.text_tables import utf8_bytes

_VALUE = re.compile(r'"((?:[^"]|"")*)"|<(\w+)>|(?<!\S)([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?!\S)')
_ENTRIES = {"IntervalTier": (float, float, str), "TextTier": (float, str)}


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
        If the file is no TextGrid, has fewer or more values than it says, or a time in it is impossible.
    ConfigError
        If a chosen tier is not there.
    """
    text = utf8_bytes(path).decode()
    if not is_textgrid(text[:200]):
        raise DataError(f"{path}: not a TextGrid that can be read; save it as a text file in Praat")
    values = _values(text)
    tiers: dict[str, Tier] = {}
    try:
        for kind in (
            str,
            str,
            float,
            float,
            bool,
        ):  # kind and class of the file, its start and end, whether it has tiers
            has_tiers = _next(values, kind)
        for number in range(1, int(_next(values, float)) + 1 if has_tiers else 1):
            kind, name, *_ = (_next(values, kind) for kind in (str, str, float, float))
            n_entries = int(_next(values, float))
            entries = [tuple(_next(values, kind) for kind in _ENTRIES[kind]) for _ in range(n_entries)]
            key = name if name not in tiers else f"{name} ({number})"
            labelled = [row for row in entries if kind == "IntervalTier" and row[2].strip()]
            tiers[key] = Tier(name, labelled, entries if kind == "TextTier" else ())
            if kind == "IntervalTier" and not labelled and n_entries > 1 and key in (options.tiers or [key]):
                advice = "write one into those that are events; with --label-from tier (dataset.label_from) x will do"
                note(path, f"not read, as no interval of their tier has a text: {{n}} intervals; {advice}", n_entries)
        if (surplus := next(values, None)) is not None:
            raise ValueError(f"{surplus!r} after its last tier")
    except (ValueError, KeyError, OverflowError) as error:
        raise DataError(f"{path}: not a TextGrid that can be read ({error}); it is cut or damaged") from None
    return events_on_tiers(tiers, path, filename, options)


def is_textgrid(head: str) -> bool:
    """Return whether a text begins as a TextGrid in its long or short form does."""
    return re.search(r'"(ooTextFile|ooTextFile short)"\s[^"]*"TextGrid"', head) is not None


def _values(text: str) -> Iterator[str | float | bool]:
    """Iterate over texts, numbers, and whether ``<exists>``."""
    for match in _VALUE.finditer(text):
        quoted, flag, number = match.groups()
        if number is not None:
            yield float(number)
        else:
            yield flag == "exists" if quoted is None else quoted.replace('""', '"')


def _next(values: Iterator[str | float | bool], kind: type) -> Any:
    """Return the next value, which must be of a kind."""
    value = next(values, None)
    if type(value) is not kind:
        expected = {str: "a text", float: "a number", bool: "<exists>"}[kind]
        raise ValueError(f"expected {expected}, found {'its end' if value is None else repr(value)[:40]}")
    return value


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
    try:
        from praatio import textgrid
    except ImportError:
        raise ConfigError("writing TextGrids needs praatio: pip install 'sedpool[formats]'") from None
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
