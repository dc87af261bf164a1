"""DCASE 2017 task 4: 10 s clips of AudioSet, weak labels for training, strong ones for testing and evaluation.

The lists and the ground truth come from the task's repository, the audio from its archives or its download script,
which puts ``Y`` before each name. As in the paper, the task's testing set is used for validation and its evaluation set
for testing.
"""

import os
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from sedpool.datasets.base import Dataset, nonzero
from sedpool.datasets.recordings import (
    find_recordings,
    named_durations,
    refuse_incomplete,
    with_recordings,
    within_recordings,
)
from sedpool.errors import DataError
from sedpool.events import tags_from_events, validate_events
from sedpool.formats import listing
from sedpool.formats.columns import recognise
from sedpool.formats.options import RECOGNISED
from sedpool.text_tables import TextTable, refuse_rows

CLASSES = (
    "Train horn",
    "Air horn, truck horn",
    "Car alarm",
    "Reversing beeps",
    "Bicycle",
    "Skateboard",
    "Ambulance (siren)",
    "Fire engine, fire truck (siren)",
    "Civil defense siren",
    "Police car (siren)",
    "Screaming",
    "Car",
    "Car passing by",
    "Bus",
    "Truck",
    "Motorcycle",
    "Train",
)
SETS = {"train": "training", "validate": "testing", "test": "evaluation"}
"""The task's name of each split, assigned as in the paper (section IV.A)."""
_GIVE = "give the complete folder of the task's lists (dataset.root)"
_CLIP = re.compile(r"_\d+\.\d+_\d+\.\d+\.wav$")  # the download script also leaves whole recordings


def load_dcase2017(root: str | os.PathLike[str], split: str | None = None, *, allow_missing: bool = False) -> Dataset:
    """Load DCASE 2017 task 4 as distributed.

    Strong rows without a length mark classes that the annotators did not hear; they are dropped and counted in the
    manifest's notes, and the tags remain. A clip is as long as its recording or, if that is missing, as its list says.

    Parameters
    ----------
    root : path-like
        The task's repository (``training_set.csv``, ``testing_set.csv``, ``groundtruth_release``), with the audio in
        any folders below it.
    split : {"train", "validate", "test"}, optional
        The part to load: training, testing or evaluation set; all by default.
    allow_missing : bool
        Load clips without audio too (`path` is None), accept audio that no list mentions and an absent evaluation
        set; clips and audio are listed in the manifest.

    Returns
    -------
    dataset : Dataset
        Clips of up to 10 s with tags of 17 classes; events for validation and test only.

    Raises
    ------
    DataError
        If a list is missing or wrong, or audio is missing.
    """
    root = Path(root)
    if split is not None and split not in SETS:
        raise DataError(f"dcase2017: no split {split!r}; expected {', '.join(SETS)}")
    parts = [split] if split else list(SETS)
    if allow_missing and not split:
        parts = [part for part in SETS if _truth_path(root, "weak", part).exists()]
    if not parts:
        raise DataError(f"dcase2017: {root}: {'no ground truth in it' if root.is_dir() else 'no such folder'}; {_GIVE}")
    weak = {part: _read_truth(root, "weak", part) for part in parts}
    clips = pd.concat([_listed_clips(root, part, *weak[part]) for part in parts], ignore_index=True)
    recordings = [path for path in find_recordings(root) if _CLIP.search(path)]
    clips, manifest = with_recordings(clips, root, recordings, prefix="Y", all_listed=split is None)
    refuse_incomplete("dcase2017", root, manifest, allow_missing=allow_missing)
    strong = [_read_events(root, part, clips["filename"]) for part in parts if part != "train"]
    tags = tags_from_events(pd.concat([rows for rows, _ in weak.values()]), clips["filename"].tolist(), CLASSES)
    if not strong:
        return Dataset("dcase2017", CLASSES, clips, tags, None, manifest)
    events, notes = within_recordings(pd.concat([events for events, _ in strong], ignore_index=True), clips)
    notes = nonzero(strong_rows_without_length=sum(count for _, count in strong)) | notes
    return Dataset("dcase2017", CLASSES, clips, tags, events, replace(manifest, notes=notes), weak_splits=("train",))


def _truth_path(root: Path, kind: str, part: str) -> Path:
    """Return the path of a ground truth list: in ``groundtruth_release``, or at the top in older copies."""
    name = f"groundtruth_{kind}_label_{SETS[part]}_set.csv"
    released = root / "groundtruth_release" / name
    return released if released.exists() or not (root / name).exists() else root / name


def _read_truth(root: Path, kind: str, part: str) -> tuple[pd.DataFrame, TextTable]:
    """Read the ``weak`` or ``strong`` ground truth of a set, checking its labels."""
    path = _truth_path(root, kind, part)
    if not path.exists():
        raise DataError(
            f"dcase2017: {path}: no such file; {_GIVE}, or set allow_missing=true to go on without absent sets"
        )
    layout = recognise(path, RECOGNISED, separator="\t")
    rows, source = listing.list_rows(layout, RECOGNISED), layout.source
    if "event_label" not in rows.columns or "filename" not in rows.columns:
        raise DataError(f"{path}: {len(rows.columns)} columns; expected file, onset, offset and label")
    problem = f"has an unknown label; expected one of {', '.join(CLASSES)}"
    refuse_rows(rows[["filename", "event_label"]], ~rows["event_label"].isin(CLASSES), problem, source)
    return rows, source


def _listed_clips(root: Path, part: str, labels: pd.DataFrame, truth: TextTable) -> pd.DataFrame:
    """Return the clips of a set in the order of its list; the evaluation set has only its ground truth."""
    named = labels["filename"].drop_duplicates()
    if part == "test":
        return pd.DataFrame({"filename": named, "duration": named_durations(named, truth), "split": part})
    path = root / f"{SETS[part]}_set.csv"
    if not path.exists():
        raise DataError(f"dcase2017: {path}: no such file; {_GIVE}")
    source = TextTable(path, ",", has_header=False)
    table = source.read("a list of clips", usecols=[0, 1, 2], dtype=str, keep_default_na=False)
    listed = table[0] + "_" + table[1] + "_" + table[2] + ".wav"
    for names, own, others, other in ((named, truth, listed, source), (listed, source, named, truth)):
        problem = f"is not in {other}; expected the same clips in both lists, fetch them again"
        refuse_rows(names.to_frame(), ~names.isin(others), problem, own)
    return pd.DataFrame({"filename": listed, "duration": named_durations(listed, source), "split": part})


def _read_events(root: Path, part: str, clips: pd.Series) -> tuple[pd.DataFrame, int]:
    """Read the events of a set that have a length, and count the rows without one."""
    rows, source = _read_truth(root, "strong", part)
    refuse_rows(rows[["filename"]], ~rows["filename"].isin(clips), "has strong labels, but no list names it", source)
    empty = rows["offset"] <= rows["onset"]
    return validate_events(rows.loc[~empty], source=source), int(empty.sum())
