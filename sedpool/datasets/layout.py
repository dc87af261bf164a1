"""Reading a corpus in URBAN-SED's folder layout.

``root/audio/<split>/<clip>.wav`` beside ``root/annotations/<split>/<clip>.jams`` and ``.txt``, with the splits
train, validate and test. URBAN-SED is distributed in this layout, and sedpool writes the corpora it makes in it.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sedpool.datasets.base import Dataset, Manifest, clips_from_rows, nonzero
from sedpool.datasets.recordings import refuse_incomplete
from sedpool.errors import DataError
from sedpool.events import count_overlaps, events_from_rows, tags_from_events
from sedpool.formats import audacity
from sedpool.formats.clip import clip_rows
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
    if split is not None and split not in SPLITS:
        raise DataError(f"{name}: no split {split!r}; expected {', '.join(SPLITS)}")
    if annotations not in FORMATS:
        raise DataError(f"{name}: annotations={annotations!r}; expected {' or '.join(FORMATS)}")
    if not (root / "annotations").is_dir():
        problem = "no folder annotations in it" if root.is_dir() else "no such folder"
        raise DataError(f"{name}: {root}: {problem}; give the folder that holds audio/ and annotations/ (dataset.root)")
    parts = [split] if split else list(SPLITS)
    labelled = {part: _by_stem(root / "annotations" / part, f".{annotations}") for part in parts}
    recorded = {part: _by_stem(root / "audio" / part, ".wav") for part in parts}
    empty = [part for part in parts if not labelled[part]]
    if len(empty) == len(parts) or (empty and not allow_missing):
        raise DataError(
            f"{name}: {root / 'annotations'}: no annotations for {', '.join(empty)}; fetch the corpus again"
        )
    missing = [f"{stem}.wav" for part in parts for stem in labelled[part] if stem not in recorded[part]]
    extra = [path for part in parts for stem, path in recorded[part].items() if stem not in labelled[part]]
    manifest = Manifest(tuple(missing), tuple(path.relative_to(root).as_posix() for path in extra))
    refuse_incomplete(name, root, manifest, allow_missing=allow_missing)

    clips, rows, clipped = [], [], 0
    for part in parts:
        for stem, path in labelled[part].items():
            if annotations == "jams":
                annotation = read_annotation(path, classes)
            else:
                annotation = clip_rows(clip_duration, audacity.read_rows(path, classes))
            filename, sound = f"{stem}.wav", recorded[part].get(stem)
            clips.append((filename, str(sound) if sound else None, annotation.duration, part))
            rows += [(filename, *event) for event in annotation.events]
            clipped += annotation.n_clipped
    table = clips_from_rows(clips)
    twice = table["filename"].duplicated()
    if twice.any():
        first = table["filename"][twice].iloc[0]
        raise DataError(f"{name}: {first} is in more than one split; clip names must be unique")
    events = events_from_rows(rows)
    tags = tags_from_events(events, table["filename"].tolist(), classes)
    notes = nonzero(events_clipped_at_the_end=clipped, events_overlapping_own_class=count_overlaps(events))
    return Dataset(name, tuple(classes), table, tags, events, replace(manifest, notes=notes))


def _by_stem(folder: Path, suffix: str) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    # macOS leaves ._name.wav files beside the real ones when it unpacks an archive.
    names = sorted(name for name in os.listdir(folder) if name.endswith(suffix) and not name.startswith("."))
    return {name.removesuffix(suffix): folder / name for name in names}
