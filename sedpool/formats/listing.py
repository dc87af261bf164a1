"""sed_eval's lists: tab-separated rows without a header, with or without the columns for file and scene.

A row is ``onset offset label``, ``file onset offset label`` or ``file scene onset offset label``; a file without events
has a row with its name alone. The DCASE 2017 ground truth has the second form.
"""

import os

import pandas as pd

from sedpool import storage
from sedpool.audio.files import EXTENSIONS
from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS, validate_events
from sedpool.formats.clip import clip_name
from sedpool.formats.table import labelled_rows
from sedpool.text_tables import TextTable, to_numbers

_TIMES = ("onset", "offset", "event_label")
_FORMS = {
    1: ("filename",),
    3: _TIMES,
    4: ("filename", *_TIMES),
    5: ("filename", "scene", *_TIMES),
}
_ROW = "[file, [scene,]] onset, offset and label between tabs"


def read_list(path: str | os.PathLike[str], filename: str | None = None) -> pd.DataFrame:
    """Read a list of events.

    Parameters
    ----------
    path : path-like
        The list.
    filename : str, optional
        Id of the recording, where the list has no column for it; by default that of the audio file beside the list
        with the same stem, else ``stem.wav``.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`.

    Raises
    ------
    DataError
        If a row has another form or an impossible time; the message names the line.
    """
    table = read_rows(path)
    if "filename" not in table.columns:
        table = table.assign(filename=filename or clip_name(path))
    rows = table.reindex(columns=list(EVENT_COLUMNS), fill_value="")  # a list of names has only one column
    return labelled_rows(rows, TextTable(path, has_header=False))


def read_rows(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read every row of a list: names as text, times as numbers (NaN in rows without an event).

    The index is the number of the row in the file (see `sedpool.text_tables`).
    """
    width = max(_FORMS)
    source = TextTable(path, has_header=False)
    table = source.read("a list of events", names=range(width), dtype=str, keep_default_na=False)
    used = max((column + 1 for column in range(width) if (table[column] != "").any()), default=len(_TIMES))
    if used not in _FORMS or (used == 1 and not table[0].str.lower().str.endswith(tuple(EXTENSIONS)).all()):
        raise DataError(f"{path}: not a list of events; expected rows of {_ROW}")
    table = table.iloc[:, :used].set_axis(list(_FORMS[used]), axis=1)
    times = {}
    for column in ("onset", "offset"):
        if column in table.columns:
            problem = f"has an {column} that is no number; expected {_ROW}"
            times[column] = to_numbers(table[column].replace("", "nan"), table, problem, source)
    return table.assign(**times)


def write_list(events: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write events as a list of ``file onset offset label``, times to the microsecond; it has no further columns."""
    table = validate_events(events, source=str(path))[list(EVENT_COLUMNS)]
    text = table.to_csv(sep="\t", index=False, header=False, float_format="%.6f", lineterminator="\n")
    storage.write_text(path, text)
