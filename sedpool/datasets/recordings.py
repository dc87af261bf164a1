"""The recordings of a corpus on disk: their paths and lengths, and which are missing."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool import audio
from sedpool.datasets.base import Dataset, Manifest, nonzero
from sedpool.datasets.transforms import recording_of
from sedpool.errors import AudioError, DataError
from sedpool.events import clip_to_duration, count_overlaps
from sedpool.text_tables import TextTable, refuse_rows


def find_recordings(root: str | os.PathLike[str]) -> list[str]:
    """List the paths of all audio files in a folder and its sub-folders, sorted; see `sedpool.audio.find`."""
    return sorted(audio.find(root)) if os.path.isdir(root) else []


def named_durations(names: pd.Series, source: TextTable) -> npt.NDArray[np.float64]:
    """Return the lengths in seconds of AudioSet clips, whose names end with start and end (``<id>_30.000_40.000.wav``).

    Raises
    ------
    DataError
        If a name has another form; the message names its line in `source`.
    """
    bounds = names.str.extract(r"_(\d+(?:\.\d+)?)_(\d+(?:\.\d+)?)\.wav$").astype(np.float64)
    lengths = (bounds[1] - bounds[0]).to_numpy()
    refuse_rows(names.to_frame(), ~(lengths > 0), "is another name than expected, <id>_<start>_<end>.wav", source)
    return lengths


def with_recordings(
    clips: pd.DataFrame, root: Path, recordings: Sequence[str], *, prefix: str = "", all_listed: bool
) -> tuple[pd.DataFrame, Manifest]:
    """Find the recording of each listed clip by its name, in any folder of the corpus.

    Parameters
    ----------
    clips : DataFrame
        Columns `filename`, `duration` (as listed), `split`.
    root : Path
        The corpus.
    recordings : sequence of str
        Paths of its audio files.
    prefix : str
        Prefix that the name on disk may have before the listed name.
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
    """Return the length of each recording in seconds: its own, or the listed one if there is no readable file."""
    durations = []
    for path, seconds in zip(paths, listed, strict=True):
        try:
            durations.append(audio.duration(path) if path else seconds)
        except AudioError:  # reported when features are computed
            durations.append(seconds)
    return durations


def recording_names(dataset: Dataset) -> pd.Series:
    """Return the recording that each clip is, or is a part of."""
    names = dataset.clips["filename"]
    return names.mask(names.isin(dataset.windows), names.map(recording_of))


def recordings_of(dataset: Dataset) -> pd.DataFrame:
    """Return one row per recording: its `path`, its `split` and the `end` of its last clip in seconds."""
    clips = dataset.clips
    onset = clips["onset"].astype(float).fillna(0.0) if "onset" in clips else 0.0
    clips = clips.assign(recording=recording_names(dataset), end=onset + clips["duration"])
    first = clips.drop_duplicates("recording").set_index("recording")
    return first[["path", "split"]].assign(end=clips.groupby("recording")["end"].max())


def within_recordings(events: pd.DataFrame, clips: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Cut events at the end of their clips.

    Returns
    -------
    events : DataFrame
        See `sedpool.events.clip_to_duration`.
    notes : dict of str to int
        Number of events that were cut, and of events that overlap another of their own class (they are kept).
    """
    events, clipped = clip_to_duration(events, clips.set_index("filename")["duration"])
    overlapping = count_overlaps(events)
    return events, nonzero(events_clipped_at_the_end=clipped, events_overlapping_own_class=overlapping)


def refuse_incomplete(
    name: str,
    root: Path,
    manifest: Manifest,
    *,
    allow_missing: bool,
    to_complete: str = "complete the corpus",
    to_annotate: str = "complete the corpus",
) -> None:
    """Refuse a corpus that lacks audio or annotations, unless `allow_missing`.

    `to_complete` is the advice for clips without audio, `to_annotate` that for audio without annotation.

    Raises
    ------
    DataError
        If clips are missing; the message has their number and the first of them.
    """
    if allow_missing:
        return
    for problem, files, advice in (
        ("without audio", manifest.missing, to_complete),
        ("without annotation", manifest.extra, to_annotate),
    ):
        if files:
            first = ", ".join(files[:3]) + (", ..." if len(files) > 3 else "")
            raise DataError(
                f"{name}: {root}: {len(files)} clips {problem} ({first}); {advice} or set allow_missing=true"
            )
