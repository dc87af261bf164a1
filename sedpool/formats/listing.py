"""sed_eval's lists: tables without a header, with or without the columns for file and scene.

A row is ``onset offset label``, ``file onset offset label`` or ``file scene onset offset label``; a file without events
has a row with its name alone. The DCASE 2017 ground truth has the second form. They are between tabs; commas and
semicolons are read too.
"""

import os

import pandas as pd

from sedpool import storage
from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS, empty_events, validate_events
from sedpool.formats.columns import Layout, is_recording, recognise
from sedpool.formats.options import RECOGNISED, LabelOptions
from sedpool.formats.table import is_other_row, labelled_rows, read_rows
from sedpool.text_tables import refuse_rows, table_text

_ROW = "[file, [scene,]] onset, offset and label between tabs"


def read_list(
    path: str | os.PathLike[str], filename: str | None = None, options: LabelOptions = RECOGNISED
) -> pd.DataFrame:
    """Read a list of events.

    Parameters
    ----------
    path : path-like
        The list.
    filename : str, optional
        Id of the recording, where the list has no column for it; by default that of the audio file beside the list
        with the same stem, else ``stem.wav``.
    options : LabelOptions
        What the user says of it.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`.

    Raises
    ------
    DataError
        If a row has another form or an impossible time; the message names the line.
    """
    layout = recognise(path, options)
    if not layout.kinds and not layout.header:
        return empty_events()
    rows = list_rows(layout, options, filename)
    if "event_label" not in rows.columns:  # a list of names
        rows = rows.assign(onset=float("nan"), offset=float("nan"), event_label="")
    return labelled_rows(rows, layout.source, options)


def list_rows(layout: Layout, options: LabelOptions, filename: str | None = None) -> pd.DataFrame:
    """Read every row of a list; see `sedpool.formats.table.read_rows`.

    Raises
    ------
    DataError
        If it has another form, or a row that is no name in a list of names.
    """
    path = layout.source.path
    if layout.kinds == "NNTN" and not options.columns:
        raise DataError(
            f"{path}: soft labels (onset, offset, label and a value), which are not read yet; if the value is a "
            "confidence, say so: --columns onset=1,offset=2,event_label=3,confidence=4"
        )
    if layout.header or not {"filename", "onset"} & set(layout.columns):
        raise DataError(f"{path}: not a list of events; found {layout.found}, expected rows of {_ROW}")
    rows = read_rows(layout, options, filename)
    if layout.kinds == "T":
        wrong = ~rows["filename"].map(is_recording) | rows["filename"].map(is_other_row)
        problem = f"is not the name of a recording; expected rows of {_ROW}, and comments that begin with #"
        refuse_rows(rows[["filename"]], wrong, problem, layout.source)
    return rows


def write_list(events: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write events as a list of ``file onset offset label``, times to the microsecond; it has no further columns."""
    table = validate_events(events, source=str(path))[list(EVENT_COLUMNS)]
    text = table_text(table, header=False)
    storage.write_text(path, text)
