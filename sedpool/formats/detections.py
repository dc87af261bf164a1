"""Folders of results that ``sedpool detect --out`` writes: the same events in several formats, and frame scores.

A journal, ``detections.jsonl``, has a line for each recording that was detected in. Formats that hold several
recordings have one file of all of them, ``detections``, beside the files of each.
"""

from pathlib import Path

import pandas as pd

from sedpool.errors import DataError
from sedpool.formats.detect import annotation_files
from sedpool.formats.write import WRITERS
from sedpool.scores import read_scores
from sedpool.untrusted import parse_json

JOURNAL = "detections.jsonl"
ALL = "detections"
"""Name of the files of all recordings."""
SCORES_SUFFIX = ".scores.parquet"


def is_detections(path: Path) -> bool:
    """Return whether a path is a folder of results."""
    return (path / JOURNAL).is_file()


def detections_file(folder: Path) -> Path:
    """Return the one table of all recordings in a folder of results, or the folder if it has a single format.

    Raises
    ------
    DataError
        If there are several formats, and none holds all recordings.
    """
    for writer in WRITERS.values():
        if writer.holds_several and (folder / (ALL + writer.suffix)).is_file():
            return folder / (ALL + writer.suffix)
    suffixes = {path.suffix for path in annotation_files(folder)}
    if len(suffixes) != 1:
        raise DataError(
            f"{folder}: detections in {len(suffixes)} formats ({', '.join(sorted(suffixes)) or 'none'}), and no table "
            "of all recordings; sedpool detect with --out and --format tsv writes one"
        )
    return folder


def detected_recordings(folder: Path) -> set[str]:
    """Return the recordings that were detected in, those without an event included."""
    lines = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(b"\n")]  # the last may have been cut by an interruption
    try:
        return {entry["filename"] for entry in map(parse_json, whole) if "filename" in entry}
    except (ValueError, TypeError) as error:
        raise DataError(f"{folder / JOURNAL}: damaged ({error}); give the table of detections itself") from None


def read_detection_scores(folder: Path) -> pd.DataFrame:
    """Read the frame scores of all recordings in a folder of results.

    Raises
    ------
    DataError
        If there are none.
    """
    paths = sorted(folder.rglob(f"*{SCORES_SUFFIX}"))
    if not paths:
        raise DataError(f"{folder}: detections without scores; run the same sedpool detect again with --format scores")
    return pd.concat([read_scores(path) for path in paths], ignore_index=True)
