"""Frame scores in the form of sed_scores_eval: a folder with a tab-separated table for each clip."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sedpool import audio
from sedpool.errors import DataError
from sedpool.scores import FRAME_COLUMNS, validate_scores
from sedpool.text_tables import TextTable, refuse_rows, without_number


def read_score_folder(folder: str | os.PathLike[str], filenames: Sequence[str]) -> pd.DataFrame:
    """Read frame scores from one TSV per clip, ``onset offset <one column per class>``.

    Parameters
    ----------
    folder : path-like
        The folder; each file has its clip's name with the suffix ``.tsv``.
    filenames : sequence of str
        The clips that may occur, as the reference names them.

    Raises
    ------
    DataError
        If a file belongs to no such clip or to several, its columns differ from the other files', or a value is no
        probability;
        the message names the line.
    """
    folder = Path(folder)
    names: dict[str, list[str]] = {}
    for name in filenames:
        names.setdefault(audio.stem(name), []).append(name)
    tables: list[pd.DataFrame] = []
    for path in sorted(folder.rglob("*.tsv")):
        stem = path.relative_to(folder).as_posix().removesuffix(".tsv")
        if stem not in names:
            raise DataError(f"{path}: the reference has no clip {stem}; expected scores of its clips only")
        if len(names[stem]) > 1:
            raise DataError(
                f"{path}: may be of {' or of '.join(names[stem])}; give scores in one parquet file, whose column "
                "filename says which"
            )
        table = _read(path)
        table.insert(0, "filename", names[stem][0])
        if tables and list(table.columns) != list(tables[0].columns):
            raise DataError(f"{path}: columns {', '.join(table.columns[1:])}; expected the same as in the other files")
        tables.append(validate_scores(table, source=TextTable(path)))
    if not tables:
        raise DataError(f"{folder}: no .tsv files in it; expected one for each clip")
    return pd.concat(tables, ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    table = TextTable(path).read("a table of scores")
    if list(table.columns[:2]) != list(FRAME_COLUMNS[1:]):
        raise DataError(f"{path}: columns {', '.join(table.columns)}; expected onset, offset and the classes")
    for column in table.select_dtypes(exclude="number"):
        values = table[["onset", column]]
        refuse_rows(values, without_number(values), f"has no number in column {column}", TextTable(path))
    return table.astype(np.float64)
