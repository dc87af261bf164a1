"""DESED: domestic sounds in 10 s clips of AudioSet and Vimeo, used in DCASE task 4 since 2019.

The real recordings only: weak labels for training, strong ones for validation and public evaluation, and clips without
any labels.
"""

import os
from dataclasses import replace
from pathlib import Path

import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.datasets.recordings import (
    find_recordings,
    named_durations,
    refuse_incomplete,
    with_recordings,
    within_recordings,
)
from sedpool.errors import DataError
from sedpool.events import tags_from_events
from sedpool.formats import table
from sedpool.formats.columns import recognise
from sedpool.formats.options import RECOGNISED
from sedpool.text_tables import TextTable, refuse_rows

CLASSES = (
    "Alarm_bell_ringing",
    "Blender",
    "Cat",
    "Dishes",
    "Dog",
    "Electric_shaver_toothbrush",
    "Frying",
    "Running_water",
    "Speech",
    "Vacuum_cleaner",
)
SETS = {
    "train": ("train/weak", "train/weak"),
    "validate": ("validation/validation", "validation"),
    "test": ("eval/public", "eval"),
    "unlabelled": ("train/unlabel_in_domain", "train/unlabel_in_domain"),
}
"""For each split, its list below ``metadata`` and its folder below ``audio``."""
LABELLED = ("train", "validate", "test")
_GIVE = "give the folder that holds metadata/ and audio/ (dataset.root)"


def load_desed(root: str | os.PathLike[str], split: str | None = None, *, allow_missing: bool = False) -> Dataset:
    """Load the real recordings of DESED as distributed.

    Parameters
    ----------
    root : path-like
        The folder that holds ``metadata`` and ``audio``.
    split : {"train", "validate", "test", "unlabelled"}, optional
        The part to load: weakly labelled, validation, public evaluation or unlabelled clips; the first three by
        default. The unlabelled part has no classes.
    allow_missing : bool
        Load clips without audio too (`path` is None) and accept audio that no list mentions and absent lists; clips
        and audio are listed in the manifest.

    Returns
    -------
    dataset : Dataset
        Clips of up to 10 s with tags of ten classes; events for validation and test only.

    Raises
    ------
    DataError
        If a list is missing or wrong, or audio is missing.
    """
    root = Path(root)
    if split is not None and split not in SETS:
        raise DataError(f"desed: no split {split!r}; expected {', '.join(SETS)}")
    parts = [split] if split else [part for part in LABELLED if not allow_missing or _list(root, part).exists()]
    if not parts:
        raise DataError(f"desed: {root}: {'no metadata in it' if root.is_dir() else 'no such folder'}; {_GIVE}")
    lists = {part: _rows(root, part) for part in parts}
    rows = pd.concat(lists.values(), ignore_index=True)
    clips = rows[["filename", "split", "duration"]].drop_duplicates(ignore_index=True)
    recordings = [path for part in parts for path in find_recordings(root / "audio" / SETS[part][1])]
    clips, manifest = with_recordings(clips, root, recordings, all_listed=True)
    refuse_incomplete("desed", root, manifest, allow_missing=allow_missing)
    classes = () if split == "unlabelled" else CLASSES
    tags = tags_from_events(rows, clips["filename"].tolist(), classes)
    located = [part for part in parts if part in ("validate", "test")]
    strong = [table.labelled_rows(lists[part], TextTable(_list(root, part))) for part in located]
    if not strong:
        return Dataset("desed", classes, clips, tags, None, manifest)
    events, notes = within_recordings(pd.concat(strong, ignore_index=True), clips)
    return Dataset("desed", classes, clips, tags, events, replace(manifest, notes=notes), weak_splits=("train",))


def _list(root: Path, part: str) -> Path:
    return root / "metadata" / f"{SETS[part][0]}.tsv"


def _rows(root: Path, part: str) -> pd.DataFrame:
    """Read a list: one row per label, with split and duration of the clip; a clip without labels has an empty one."""
    path = _list(root, part)
    if not path.exists():
        raise DataError(
            f"desed: {path}: no such file; {_GIVE}, or set allow_missing=true to go on without absent lists"
        )
    layout = recognise(path, RECOGNISED, separator="\t")
    if "filename" not in layout.columns:
        raise DataError(f"{path}: no column filename; found {layout.found}")
    rows = table.read_rows(layout, RECOGNISED)
    if "event_label" not in rows.columns:
        rows = rows.assign(event_label="")
    unknown = ~rows["event_label"].isin([*CLASSES, ""])
    problem = f"has an unknown label; expected one of {', '.join(CLASSES)}"
    refuse_rows(rows[["filename", "event_label"]], unknown, problem, TextTable(path))
    return rows.assign(split=part, duration=named_durations(rows["filename"], TextTable(path)))
