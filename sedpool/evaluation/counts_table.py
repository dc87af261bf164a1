"""Counts of every clip as one table, so that a run can be compared with others without its corpus.

One row per level, clip and class holds `true_positives`, `n_ref` and `n_sys`; one row per level and clip with an empty
`event_label` holds `substitutions`, `deletions` and `insertions`.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from sedpool import storage
from sedpool.errors import StorageError
from sedpool.evaluation.averages import OF_CLASS, OF_CLIP
from sedpool.evaluation.counts import ClipCounts, count_arrays

OWN_STRETCHED = "own_stretched"
"""Level of the segments of a system's own clip decisions, stretched over the clip."""


def counts_table(levels: Mapping[str, ClipCounts]) -> pd.DataFrame:
    """Put the counts of several levels into one table."""
    parts = [_level_table(counts).assign(level=level) for level, counts in levels.items()]
    table = pd.concat(parts, ignore_index=True)[["level", "filename", "event_label", *OF_CLASS, *OF_CLIP]]
    return table.astype({"filename": "category", "event_label": "category", "level": "category"})


def write_counts(levels: Mapping[str, ClipCounts], path: Path) -> None:
    """Write the counts of several levels as parquet, atomically."""
    storage.write_parquet(path, counts_table(levels))


def _level_table(counts: ClipCounts) -> pd.DataFrame:
    n_clips, n_classes = counts.n_ref.shape
    arrays = count_arrays(counts)
    labels = pd.DataFrame(
        {
            "filename": np.repeat(np.asarray(counts.filenames, dtype=object), n_classes),
            "event_label": list(counts.classes) * n_clips,
            **{name: arrays[name].ravel() for name in OF_CLASS},
        }
    )
    in_clip = {name: arrays[name] for name in OF_CLIP if name in arrays}
    clips = pd.DataFrame({"filename": list(counts.filenames), "event_label": "", **in_clip})
    both = pd.concat([labels, clips] if in_clip else [labels], ignore_index=True)
    return (
        both.reindex(columns=["filename", "event_label", *OF_CLASS, *OF_CLIP])
        .fillna(0)
        .astype(dict.fromkeys([*OF_CLASS, *OF_CLIP], np.int64))
    )


def counts_of(table: pd.DataFrame, level: str) -> ClipCounts | None:
    """Read the counts of one level from a table of `counts_table`; None where it has none.

    Raises
    ------
    StorageError
        If there is not one whole number for each clip and class.
    """
    rows = table[table["level"] == level]
    labelled, clips = rows[rows["event_label"] != ""], rows[rows["event_label"] == ""]
    if labelled.empty:
        return None
    filenames = tuple(map(str, labelled["filename"].unique()))
    classes = tuple(map(str, labelled["event_label"].unique()))
    shape = len(filenames), len(classes)
    for part, columns, expected in ((labelled, OF_CLASS, np.prod(shape)), (clips, OF_CLIP, len(clips))):
        numbers = part[list(columns)].to_numpy(dtype=np.float64)
        if len(part) != expected or not np.isfinite(numbers).all() or (numbers < 0).any() or (numbers % 1).any():
            raise StorageError(
                f"counts of {level}: no whole number for each clip and class; repeat the run (force=true)"
            )
    in_class = {name: labelled[name].to_numpy(dtype=np.int64).reshape(shape) for name in OF_CLASS}
    in_clip = {name: clips[name].to_numpy(dtype=np.int64) for name in OF_CLIP if not clips.empty}
    return ClipCounts(filenames, classes, **in_class, **in_clip)
