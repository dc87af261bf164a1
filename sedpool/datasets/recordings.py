"""The audio of a corpus on disk: which recordings there are, how long they are and which are missing."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool import audio
from sedpool.datasets.base import Manifest, nonzero
from sedpool.errors import AudioError, DataError
from sedpool.events import clip_to_duration, count_overlaps
from sedpool.text_tables import TextTable, refuse_rows


def find_recordings(root: str | os.PathLike[str]) -> list[str]:
    """Paths of all audio files in a folder and its sub-folders, sorted; hidden ones are passed over."""
    found = []
    for parent, folders, names in os.walk(root):
        folders[:] = [folder for folder in folders if not folder.startswith(".")]
        found += [os.path.join(parent, name) for name in names if not name.startswith(".") and is_audio(name)]
    return sorted(found)


def is_audio(name: str) -> bool:
    """Whether a file name has the suffix of an audio format."""
    return os.path.splitext(name)[1].lower() in audio.EXTENSIONS


def named_durations(names: pd.Series, source: TextTable) -> npt.NDArray[np.float64]:
    """Length in seconds of clips of AudioSet; their names end with start and end, as in ``<id>_30.000_40.000.wav``.

    Raises
    ------
    DataError
        If a name does not; the message names its line in `source`.
    """
    bounds = names.str.extract(r"_(\d+(?:\.\d+)?)_(\d+(?:\.\d+)?)\.wav$").astype(np.float64)
    lengths = (bounds[1] - bounds[0]).to_numpy()
    refuse_rows(names.to_frame(), ~(lengths > 0), "is another name than expected, <id>_<start>_<end>.wav", source)
    return lengths


def with_recordings(
    clips: pd.DataFrame, root: Path, recordings: Sequence[str], *, prefix: str = "", all_listed: bool
) -> tuple[pd.DataFrame, Manifest]:
    """Find the recording of each listed clip by its name, in whichever folder it lies.

    Parameters
    ----------
    clips : DataFrame
        Columns `filename`, `duration` (as listed), `split`.
    root : Path
        The corpus.
    recordings : sequence of str
        Paths of its audio files.
    prefix : str
        What may precede the listed name on disk.
    all_listed : bool
        Whether `clips` is the whole corpus, so that audio beside it is `extra`.

    Returns
    -------
    clips : DataFrame
        With `path`; see `recorded_durations`.
    manifest : Manifest
        Missing clips and extra audio.
    """
    found = {os.path.basename(path): path for path in reversed(recordings)}
    names = clips["filename"].tolist()
    paths = [found.get(prefix + name, found.get(name)) for name in names]
    used = set(paths)
    missing = tuple(name for name, path in zip(names, paths, strict=True) if path is None)
    extra = tuple(os.path.relpath(path, root) for path in sorted(found.values()) if all_listed and path not in used)
    durations = recorded_durations(paths, clips["duration"])
    table = clips.assign(path=pd.Series(paths, dtype=object), duration=durations)
    return table[["filename", "path", "duration", "split"]], Manifest(missing, extra)


def recorded_durations(paths: Iterable[str | None], listed: Iterable[float]) -> list[float]:
    """Length of each recording in seconds: its own, or the listed one where there is no readable file.

    What is wrong with such a file is reported when its features are computed.
    """
    return [_duration(path, seconds) for path, seconds in zip(paths, listed, strict=True)]


def _duration(path: str | None, listed: float) -> float:
    try:
        return audio.duration(path) if path else listed
    except AudioError:
        return listed


def within_recordings(events: pd.DataFrame, clips: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """End events with their clips.

    Returns
    -------
    events : DataFrame
        See `sedpool.events.clip_to_duration`.
    notes : dict of str to int
        How many were cut, and how many overlap one of their own class (they are kept).
    """
    events, clipped = clip_to_duration(events, clips.set_index("filename")["duration"])
    overlapping = count_overlaps(events)
    return events, nonzero(events_clipped_at_the_end=clipped, events_overlapping_own_class=overlapping)


def refuse_incomplete(
    name: str, root: Path, manifest: Manifest, *, allow_missing: bool, to_annotate: str = "complete the corpus"
) -> None:
    """Refuse a corpus that lacks audio or annotations, unless that is allowed; `to_annotate` says how to mend these.

    Raises
    ------
    DataError
        With the number of clips and the first of them.
    """
    if allow_missing:
        return
    for problem, files, advice in (
        ("without audio", manifest.missing, "complete the corpus"),
        ("without annotation", manifest.extra, to_annotate),
    ):
        if files:
            first = ", ".join(files[:3]) + (", ..." if len(files) > 3 else "")
            raise DataError(
                f"{name}: {root}: {len(files)} clips {problem} ({first}); {advice} or set allow_missing=true"
            )
