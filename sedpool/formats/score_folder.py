"""Frame scores as sed_scores_eval keeps them: a folder with a tab-separated table for each clip."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sedpool import audio
from sedpool.errors import DataError
from sedpool.scores import FRAME_COLUMNS, validate_scores


def read_score_folder(folder: str | os.PathLike[str], filenames: Sequence[str]) -> pd.DataFrame:
    """Read frame scores from a TSV for each clip, ``onset offset <one column a class>``.

    Parameters
    ----------
    folder : path-like
        The folder; each file has its clip's name with the suffix ``.tsv``.
    filenames : sequence of str
        The clips that may occur, as the reference names them.

    Raises
    ------
    DataError
        If a file is of no such clip, has other columns than the others, or a value is not a probability.
    """
    folder = Path(folder)
    names = {audio.stem(name): name for name in filenames}
    tables: list[pd.DataFrame] = []
    for path in sorted(folder.rglob("*.tsv")):
        stem = path.relative_to(folder).as_posix().removesuffix(".tsv")
        if stem not in names:
            raise DataError(f"{path}: the reference has no clip {stem}; expected scores of its clips alone")
        table = pd.read_csv(path, sep="\t")
        table.insert(0, "filename", names[stem])
        if tables and list(table.columns) != list(tables[0].columns):
            raise DataError(f"{path}: columns {', '.join(table.columns[1:])}; expected those of the other files")
        tables.append(table)
    if not tables:
        raise DataError(f"{folder}: no .tsv files in it; expected one for each clip")
    scores = pd.concat(tables, ignore_index=True)
    if list(scores.columns[:3]) != list(FRAME_COLUMNS):
        raise DataError(f"{folder}: columns {', '.join(scores.columns[1:])}; expected onset, offset and the classes")
    return validate_scores(scores, source=str(folder))
