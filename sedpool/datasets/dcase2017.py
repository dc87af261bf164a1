"""DCASE 2017 task 4: 10 s clips of AudioSet, weak labels for training, strong ones for testing and evaluation.

The lists and the ground truth come from the task's repository, the audio from its archives or its download script,
which writes ``Y`` before each name. As in the paper the task's testing set validates and its evaluation set tests.
"""

import os
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from sedpool.datasets.dataset import Dataset, nonzero
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
"""The task's name of each split; the paper (section IV.A) uses them so."""
_GIVE = "give the complete folder of the task's lists (dataset.root)"
_CLIP = re.compile(r"_\d+\.\d+_\d+\.\d+\.wav$")  # not the whole recordings that the download script leaves too


def load_dcase2017(root: str | os.PathLike[str], split: str | None = None, *, allow_missing: bool = False) -> Dataset:
    """Load DCASE 2017 task 4 as distributed.

    Strong rows without a length mark classes that the annotators did not hear; they are dropped and counted in the
    manifest's notes, and the tags remain. A clip lasts as long as its recording, and as listed where it is missing.

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
    parts = (
        [split] if split else [part for part in SETS if not allow_missing or _ground_truth(root, "weak", part).exists()]
    )
    if not parts:
        raise DataError(f"dcase2017: {root}: {'no ground truth in it' if root.is_dir() else 'no such folder'}; {_GIVE}")
    labels = {part: _labels(root, "weak", part) for part in parts}
    clips = pd.concat([_listed_clips(root, part, labels[part]) for part in parts], ignore_index=True)
    recordings = [path for path in find_recordings(root) if _CLIP.search(path)]
    clips, manifest = with_recordings(clips, root, recordings, prefix="Y", all_listed=split is None)
    refuse_incomplete("dcase2017", root, manifest, allow_missing=allow_missing)
    strong = [_labels(root, "strong", part) for part in parts if part != "train"]
    tags = tags_from_events(pd.concat(labels.values()), clips["filename"].tolist(), CLASSES)
    if not strong:
        return Dataset("dcase2017", CLASSES, clips, tags, None, manifest)
    events, notes = _events(pd.concat(strong, ignore_index=True), clips)
    return Dataset("dcase2017", CLASSES, clips, tags, events, replace(manifest, notes=notes), weak_splits=("train",))


def _ground_truth(root: Path, kind: str, part: str) -> Path:
    """Path of a ground truth list: in ``groundtruth_release``, or at the top as in older copies of the repository."""
    name = f"groundtruth_{kind}_label_{SETS[part]}_set.csv"
    released = root / "groundtruth_release" / name
    return released if released.exists() or not (root / name).exists() else root / name


def _labels(root: Path, kind: str, part: str) -> pd.DataFrame:
    path = _ground_truth(root, kind, part)
    if not path.exists():
        raise DataError(
            f"dcase2017: {path}: no such file; {_GIVE}, or set allow_missing=true to go on without absent sets"
        )
    table = listing.read_rows(path)
    if "event_label" not in table.columns or "filename" not in table.columns:
        raise DataError(f"{path}: {len(table.columns)} columns; expected file, onset, offset and label")
    unknown = ~table["event_label"].isin(CLASSES)
    if unknown.any():
        raise DataError(f"{path}: unknown label {table.loc[unknown, 'event_label'].iloc[0]!r}")
    return table


def _listed_clips(root: Path, part: str, labels: pd.DataFrame) -> pd.DataFrame:
    """Clips of a set in the order of its list; the evaluation set has none but its ground truth."""
    labelled = pd.Index(labels["filename"].unique())
    path = root / f"{SETS[part]}_set.csv"
    if part == "test":
        names = labelled
    else:
        names = _names_in_list(path)
        different = names.symmetric_difference(labelled)
        if len(different):
            raise DataError(f"{path}: {len(different)} clips are only in it or only in the labels ({different[0]})")
    return pd.DataFrame({"filename": names, "duration": named_durations(names), "split": part})


def _names_in_list(path: Path) -> pd.Index:
    try:
        table = pd.read_csv(path, header=None, usecols=[0, 1, 2], dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise DataError(f"dcase2017: {path}: no such file; {_GIVE}") from None
    except ValueError as error:
        raise DataError(f"{path}: not a list of clips ({error})") from None
    return pd.Index(table[0] + "_" + table[1] + "_" + table[2] + ".wav")


def _events(strong: pd.DataFrame, clips: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Events that have a length, ending with their clip, and what was done to get them."""
    unlisted = ~strong["filename"].isin(clips["filename"])
    if unlisted.any():
        raise DataError(f"dcase2017: strong labels of {strong.loc[unlisted, 'filename'].iloc[0]}, which no list names")
    empty = strong["offset"] <= strong["onset"]
    events = validate_events(strong.loc[~empty], source="dcase2017, strong labels")
    events, notes = within_recordings(events, clips)
    return events, nonzero(strong_rows_without_length=int(empty.sum())) | notes
