"""How a corpus in URBAN-SED's folder layout becomes a Dataset.

``root/audio/<split>/<clip>.wav`` beside ``root/annotations/<split>/<clip>.jams`` and ``.txt``, the splits being
train, validate and test. URBAN-SED is distributed so, and the corpora that sedpool makes are written so.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sedpool.datasets.base import Dataset, Manifest, clips_from_rows, nonzero
from sedpool.datasets.recordings import refuse_incomplete
from sedpool.errors import DataError
from sedpool.events import count_overlaps, events_from_rows, tags_from_events
from sedpool.formats import audacity
from sedpool.formats.clip import Annotation, clip_rows
from sedpool.formats.jams import read_annotation
from sedpool.soundscapes.spec import SPLITS

FORMATS = ("jams", "txt")


def read_layout(
    root: str | os.PathLike[str],
    name: str,
    classes: Sequence[str],
    *,
    clip_duration: float,
    split: str | None = None,
    annotations: str = "jams",
    allow_missing: bool = False,
) -> Dataset:
    """Read a corpus in URBAN-SED's layout.

    Parameters
    ----------
    root : path-like
        Folder that holds ``audio`` and ``annotations``.
    name : str
        Name of the corpus.
    classes : sequence of str
        The labels that may occur, in the order of every array's class axis.
    clip_duration : float
        Length in seconds of the clips; read from JAMS where `annotations` is ``"jams"``.
    split : {"train", "validate", "test"}, optional
        The part to read; all by default.
    annotations : {"jams", "txt"}
        Which of the two forms to read.
    allow_missing : bool
        Accept annotations without audio (their `path` is None), audio without annotations and absent splits; all
        are listed in the manifest.

    Raises
    ------
    DataError
        If the folder, audio or annotations are missing, or an annotation is wrong; the message names the line or the
        observation.
    """
    root = Path(root)
    _check_arguments(root, name, split, annotations)
    found = {part: _files(root, part, annotations) for part in ([split] if split else SPLITS)}
    manifest = _compare(root, found)
    _refuse_incomplete(root, name, found, manifest, allow_missing)
    clips, rows, clipped = [], [], 0
    for part, (labelled, recorded) in found.items():
        for stem, path in labelled.items():
            annotation = _read(path, clip_duration, classes)
            filename = f"{stem}.wav"
            sound = recorded.get(stem)
            clips.append((filename, str(sound) if sound else None, annotation.duration, part))
            rows += [(filename, *event) for event in annotation.events]
            clipped += annotation.n_clipped
    return _dataset(name, classes, clips, rows, manifest, clipped)


def _check_arguments(root: Path, name: str, split: str | None, annotations: str) -> None:
    if split is not None and split not in SPLITS:
        raise DataError(f"{name}: no split {split!r}; expected {', '.join(SPLITS)}")
    if annotations not in FORMATS:
        raise DataError(f"{name}: annotations={annotations!r}; expected {' or '.join(FORMATS)}")
    if not (root / "annotations").is_dir():
        problem = "no folder annotations in it" if root.is_dir() else "no such folder"
        raise DataError(f"{name}: {root}: {problem}; give the folder that holds audio/ and annotations/ (dataset.root)")


Files = dict[str, Path]


def _files(root: Path, split: str, annotations: str) -> tuple[Files, Files]:
    labelled = _by_stem(root / "annotations" / split, f".{annotations}")
    return labelled, _by_stem(root / "audio" / split, ".wav")


def _by_stem(folder: Path, suffix: str) -> Files:
    if not folder.is_dir():
        return {}
    # macOS leaves ._name.wav files beside the real ones when it unpacks an archive.
    names = sorted(name for name in os.listdir(folder) if name.endswith(suffix) and not name.startswith("."))
    return {name.removesuffix(suffix): folder / name for name in names}


def _compare(root: Path, found: dict[str, tuple[Files, Files]]) -> Manifest:
    missing, extra = [], []
    for labelled, recorded in found.values():
        missing += [f"{stem}.wav" for stem in labelled if stem not in recorded]
        extra += [path.relative_to(root).as_posix() for stem, path in recorded.items() if stem not in labelled]
    return Manifest(tuple(missing), tuple(extra))


def _refuse_incomplete(
    root: Path, name: str, found: dict[str, tuple[Files, Files]], manifest: Manifest, allow_missing: bool
) -> None:
    empty = [part for part, (labelled, _) in found.items() if not labelled]
    if len(empty) == len(found) or (empty and not allow_missing):
        raise DataError(
            f"{name}: {root / 'annotations'}: no annotations for {', '.join(empty)}; fetch the corpus again"
        )
    refuse_incomplete(name, root, manifest, allow_missing=allow_missing)


def _read(path: Path, clip_duration: float, classes: Sequence[str]) -> Annotation:
    if path.suffix == ".jams":
        return read_annotation(path, classes)
    return clip_rows(clip_duration, audacity.read_rows(path, classes))


def _dataset(
    name: str,
    classes: Sequence[str],
    clips: list[tuple[str, str | None, float, str]],
    rows: list[tuple[str, float, float, str]],
    manifest: Manifest,
    clipped: int,
) -> Dataset:
    twice = [filename for filename, count in Counter(clip[0] for clip in clips).items() if count > 1]
    if twice:
        raise DataError(f"{name}: {twice[0]} is in more than one split; clip names must be unique")
    table = clips_from_rows(clips)
    events = events_from_rows(rows)
    tags = tags_from_events(events, table["filename"].tolist(), classes)
    notes = nonzero(events_clipped_at_the_end=clipped, events_overlapping_own_class=count_overlaps(events))
    manifest = replace(manifest, notes=notes)
    return Dataset(name, tuple(classes), table, tags, events, manifest)
