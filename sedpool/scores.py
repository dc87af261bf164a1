"""Scores: the probabilities that a detector outputs, before any threshold.

Frame scores are a DataFrame ``filename, onset, offset, <one column per class>``: the rows of a file follow each other
without gaps, and their probabilities hold from `onset` to `offset` (seconds). Clip scores are
``filename, <one column per class>``.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sedpool import storage
from sedpool.errors import DataError
from sedpool.text_tables import TableSource, row_location

FRAME_COLUMNS = ("filename", "onset", "offset")


def frame_scores(filename: str, probabilities: np.ndarray, edges: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """Make the frame scores of one file.

    Parameters
    ----------
    filename : str
        The clip's id.
    probabilities : ndarray, shape (frames, classes)
        Values in [0, 1].
    edges : ndarray, shape (frames + 1,)
        Boundaries of the frames in seconds.
    classes : sequence of str
        Class names, in the order of the columns.
    """
    table = pd.DataFrame(probabilities, columns=list(classes))
    table.insert(0, "offset", edges[1:])
    table.insert(0, "onset", edges[:-1])
    table.insert(0, "filename", filename)
    return table


def classes_of(scores: pd.DataFrame) -> tuple[str, ...]:
    """Return the class columns of frame or clip scores, in order."""
    return tuple(column for column in scores.columns if column not in FRAME_COLUMNS)


def highest_frames(scores: pd.DataFrame) -> pd.DataFrame:
    """Make clip scores from the highest frame score of each clip and class."""
    return scores.groupby("filename", sort=False)[list(classes_of(scores))].max().reset_index()


def validate_scores(scores: pd.DataFrame, *, source: TableSource = "scores") -> pd.DataFrame:
    """Check frame or clip scores and return them.

    Raises
    ------
    DataError
        If there is no `filename` column, a row has no name in it, there is only one of `onset` and `offset`, no class,
        a column without numbers, or a value outside [0, 1] (NaN included).
    """
    if "filename" not in scores.columns:
        raise DataError(f"{source}: no column filename; found {', '.join(map(str, scores.columns))}")
    nameless = ~scores["filename"].map(lambda name: isinstance(name, str)).to_numpy(dtype=bool)
    if nameless.any():
        row = int(nameless.argmax())
        raise DataError(
            f"{row_location(scores, row, source)}: filename is {scores['filename'].iloc[row]!r}; expected a name"
        )
    classes = classes_of(scores)
    if not classes:
        raise DataError(f"{source}: no class columns")
    times = [name for name in FRAME_COLUMNS[1:] if name in scores.columns]
    if len(times) == 1:
        raise DataError(f"{source}: {times[0]} alone; frame scores have onset and offset, and clip scores neither")
    texts = [name for name in (*times, *classes) if not pd.api.types.is_numeric_dtype(scores[name])]
    if texts:
        raise DataError(
            f"{source}: no scores; column {texts[0]} holds no numbers, expected one column of numbers per class"
        )
    values = scores.loc[:, list(classes)].to_numpy()
    bad = ~((values >= 0) & (values <= 1))
    if bad.any():
        row, column = (int(index[0]) for index in np.nonzero(bad))
        raise DataError(
            f"{row_location(scores, row, source)}: {scores['filename'].iloc[row]}, class {classes[column]}: "
            f"{values[row, column]} is not a probability between 0 and 1"
        )
    return scores


def content_hash(scores: pd.DataFrame) -> str:
    """Return a hash of a score table's content, which does not depend on how the file was written."""
    rows = pd.util.hash_pandas_object(scores, index=False).to_numpy()
    return hashlib.sha256(repr(list(scores.columns)).encode() + rows.tobytes()).hexdigest()


def write_scores(scores: pd.DataFrame, path: str | Path) -> None:
    """Write scores as parquet, atomically."""
    storage.write_parquet(path, scores)


@contextmanager
def scores_file(path: str | Path, filename: str, step: float, classes: Sequence[str]) -> Iterator["ScoresFile"]:
    """Open a parquet file for the frame scores of one recording that come in pieces; it appears once it is whole.

    Parameters
    ----------
    path : path-like
        The file.
    filename : str
        The recording's id.
    step : float
        Length of a frame in seconds.
    classes : sequence of str
        Class names, in the order of the columns.
    """
    with storage.atomic_path(path) as temporary:
        file = ScoresFile(temporary, filename, step, classes)
        try:
            yield file
        finally:
            file.close()


class ScoresFile:
    """Frame scores of one recording that are being written; see `scores_file`."""

    def __init__(self, path: Path, filename: str, step: float, classes: Sequence[str]) -> None:
        self._filename, self._step, self._classes = filename, step, classes
        self._stream = path.open("wb")
        self._frames = 0
        self._kept = np.empty((0, len(classes)), np.float32)
        self._writer: Any = None

    def add(self, probabilities: np.ndarray) -> None:
        """Take the next frame scores, shape (frames, classes)."""
        if len(probabilities):  # the last frame waits for the recording's end
            kept = np.concatenate([self._kept, probabilities])
            self._write(kept[:-1])
            self._kept = kept[-1:]

    def finish(self, duration: float) -> None:
        """Write the last frame, which lasts to the end of the recording."""
        self._write(self._kept, duration)

    def _write(self, probabilities: np.ndarray, end: float | None = None) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        edges = np.arange(self._frames, self._frames + len(probabilities) + 1) * self._step
        if end is not None:
            edges[-1] = end
        table = pa.Table.from_pandas(
            frame_scores(self._filename, probabilities, edges, self._classes), preserve_index=False
        )
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._stream, table.schema)
        self._writer.write_table(table)
        self._frames += len(probabilities)

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
        self._stream.close()


def read_scores(path: str | Path) -> pd.DataFrame:
    """Read scores written by `write_scores`, validated."""
    return validate_scores(storage.read_parquet(path), source=str(path))
