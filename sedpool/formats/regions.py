"""Unknown regions from a table: ``filename, onset, offset, event_label``.

Without times a region is the whole recording, and without a label it is of all classes.
"""

import os

import numpy as np
import pandas as pd

from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS
from sedpool.formats.columns import recognise
from sedpool.formats.options import RECOGNISED
from sedpool.formats.table import read_rows
from sedpool.text_tables import refuse_rows


def read_regions(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read times in which it is not known whether a class sounds.

    Parameters
    ----------
    path : path-like
        A text table with the column `filename` and any of `onset`, `offset` (or `duration`) and `event_label`.

    Returns
    -------
    regions : DataFrame
        See `sedpool.regions`; those of whole recordings end at infinity.

    Raises
    ------
    DataError
        If there is no column of recordings, or a row has an onset or an offset alone, or one before the other.
    """
    layout = recognise(path, RECOGNISED)
    if "filename" not in layout.columns:
        raise DataError(
            f"{path}: no column filename; found {layout.found}; expected filename and, for parts of recordings or of "
            "the classes, onset, offset and event_label"
        )
    rows = read_rows(layout, RECOGNISED).reindex(columns=list(EVENT_COLUMNS))
    times = rows[["onset", "offset"]]
    shown = rows[["filename", "onset", "offset"]]
    problem = "has one time of two; give onset and offset, or neither for the whole recording"
    refuse_rows(shown, times.isna().sum(axis=1) == 1, problem, layout.source)
    refuse_rows(shown, rows["offset"] < rows["onset"], "ends before it starts; mend its offset", layout.source)
    whole = times.isna().all(axis=1)
    return rows.assign(
        onset=rows["onset"].mask(whole, 0.0).astype(np.float64),
        offset=rows["offset"].mask(whole, np.inf).astype(np.float64),
        event_label=rows["event_label"].astype(object).fillna("").astype(str),
    ).reset_index(drop=True)
