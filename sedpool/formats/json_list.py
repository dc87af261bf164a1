"""JSON for other programs: a list of objects, one per event, with the columns of an event table as keys.

``[{"filename": "a.wav", "onset": 0.5, "offset": 2.0, "event_label": "dog", "confidence": 0.9}]``, in UTF-8. Times are
in seconds, and what is not known of an event (`sedpool.events.OPTIONAL_COLUMNS`, ``datetime``) is left out.
"""

import json
import os
import re
from pathlib import Path

import pandas as pd

from sedpool import storage
from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS, OPTIONAL_COLUMNS, empty_events, optional_columns, validate_events
from sedpool.formats.clip import DATETIME
from sedpool.formats.texts import tidy
from sedpool.text_tables import file_bytes, utf8_bytes
from sedpool.untrusted import parse_json

_KEYS = (*EVENT_COLUMNS, *OPTIONAL_COLUMNS)


def read_json(path: str | os.PathLike[str], filename: str | None = None) -> pd.DataFrame:
    """Read a list of events.

    Parameters
    ----------
    path : path-like
        The file.
    filename : str, optional
        Id of the recording, for a list of a single recording whose objects do not name it.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`.

    Raises
    ------
    DataError
        If the file is no such list, or an event lacks a key or has an impossible value.
    """
    try:
        found = parse_json(utf8_bytes(path), parse_int=_integer)
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON ({error}); the file is cut or damaged, fetch it again") from None
    if not isinstance(found, list) or not all(isinstance(event, dict) for event in found):
        raise DataError(f"{path}: not a list of events; expected objects with {', '.join(EVENT_COLUMNS)}")
    if not found:
        return empty_events()
    events = pd.DataFrame(found)
    if filename is not None and "filename" not in events.columns:
        events = events.assign(filename=filename)
    for column in {"filename", "event_label"} & set(events.columns):
        for number, value in enumerate(events[column], start=1):
            if not isinstance(value, str) or not value.strip():
                raise DataError(f"{path}: event {number}: {column} is {value!r}; expected a name")
        events[column] = tidy(events[column])
    return validate_events(events, source=str(path))


def _integer(digits: str) -> float:
    """Return an integer, or a number that is refused later if no column could hold it."""
    return int(digits) if len(digits) < 16 else float(digits)


def is_event_list(path: Path) -> bool:
    """Return whether a JSON file begins as a list of events does."""
    head = file_bytes(path, 1000)
    return re.match(rb'(\xef\xbb\xbf)?\s*\[\s*(\]|\{\s*"(' + "|".join(_KEYS).encode() + rb')")', head) is not None


def write_json(events: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write events as a list of objects, one on each line."""
    columns = [*EVENT_COLUMNS, *optional_columns(events), *events.columns.intersection([DATETIME])]
    lines = []
    for row in events[columns].astype(object).itertuples(index=False, name=None):
        known = {
            column: value for column, value in zip(columns, row, strict=True) if not pd.isna(value) and value != ""
        }
        lines.append(json.dumps(known, ensure_ascii=False, allow_nan=False))
    storage.write_text(path, "[" + ",\n ".join(lines) + "]\n")
