"""Does a corpus on disk hold what its lists promise? Every recording is read from end to end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from rich.console import Console
from rich.progress import track

from sedpool import audio
from sedpool.datasets.base import Dataset
from sedpool.datasets.transforms import recording_of
from sedpool.errors import AudioError

DURATION_TOLERANCE = 0.1  # seconds
_CHUNK = 16  # recordings a task

KINDS = {
    "missing": "listed, but no audio on disk",
    "extra": "audio that no list mentions",
    "unreadable": "audio that cannot be used",
    "duration": "another length than listed",
    "silent": "digital silence",
    "cancelling": "channels cancel each other in the mono mix",
    "identical": "same samples as another clip",
    "duplicate event": "an event annotated twice",
}
"""What can be wrong with a clip, in words."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a recording.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    filename : str
        The recording, once however many clips are cut from it; for `extra`, the path in the corpus; for
        `duplicate event`, the clip.
    detail : str
        What was found.
    """

    kind: str
    filename: str
    detail: str = ""


def validate(dataset: Dataset, *, n_jobs: int | None = None, progress: bool = True) -> list[Problem]:
    """Compare a corpus on disk with its lists.

    Parameters
    ----------
    dataset : Dataset
        Loaded with ``allow_missing=True``, all splits.
    n_jobs : int, optional
        Processes that read; one a processor by default.
    progress : bool
        Whether to show a progress bar on standard error.

    Returns
    -------
    problems : list of Problem
        In the order of `KINDS`.
    """
    every = _recordings(dataset)
    recordings = every.loc[every["path"].notna()]
    paths = list(dict.fromkeys(recordings["path"]))
    found = dict(zip(paths, _inspect_all(paths, n_jobs, progress), strict=True))
    problems = [Problem("missing", name) for name in every.index[every["path"].isna()]]
    problems += [Problem("extra", path) for path in dataset.manifest.extra]
    for name, path, end in recordings[["path", "end"]].itertuples():
        problems += _of_recording(name, found[path], end)
    problems += _identical(recordings, found)
    problems += _duplicate_events(dataset)
    order = list(KINDS)
    return sorted(problems, key=lambda problem: order.index(problem.kind))


def unusable(dataset: Dataset, problems: Iterable[Problem]) -> list[str]:
    """The clips that training will have to do without although their audio is there."""
    broken = {problem.filename for problem in problems if problem.kind == "unreadable"}
    return dataset.clips.loc[_names(dataset).isin(broken), "filename"].tolist()


def _names(dataset: Dataset) -> pd.Series:
    """The recording that each clip is, or is a part of."""
    names = dataset.clips["filename"]
    return names.mask(names.isin(dataset.windows), names.map(recording_of))


def _recordings(dataset: Dataset) -> pd.DataFrame:
    """One row a recording: its `path`, its `split`, and the second at which its last clip ends."""
    clips = dataset.clips
    onset = clips["onset"].astype(float).fillna(0.0) if "onset" in clips else 0.0
    clips = clips.assign(recording=_names(dataset), end=onset + clips["duration"])
    first = clips.drop_duplicates("recording").set_index("recording")
    return first[["path", "split"]].assign(end=clips.groupby("recording")["end"].max())


def _inspect_all(paths: Sequence[str], n_jobs: int | None, progress: bool) -> Iterator[audio.Inspection | AudioError]:
    from joblib import Parallel, cpu_count, delayed

    chunks = [paths[first : first + _CHUNK] for first in range(0, len(paths), _CHUNK)]
    workers = min(n_jobs or cpu_count(), max(1, len(chunks)))
    results = Parallel(n_jobs=workers, return_as="generator")(delayed(_inspect)(chunk) for chunk in chunks)
    if progress:
        results = track(results, "recordings", len(chunks), console=Console(stderr=True), transient=True)
    for inspected in results:
        yield from inspected


def _inspect(paths: Sequence[str]) -> list[audio.Inspection | AudioError]:
    found: list[audio.Inspection | AudioError] = []
    for path in paths:
        try:
            found.append(audio.inspect(path))
        except AudioError as error:
            found.append(error)
    return found


def _of_recording(filename: str, found: audio.Inspection | AudioError, listed: float) -> Iterator[Problem]:
    if isinstance(found, AudioError):
        yield Problem("unreadable", filename, str(found))
        return
    if abs(found.duration - listed) > DURATION_TOLERANCE:
        yield Problem("duration", filename, f"{found.duration:.2f} s, listed {listed:.2f} s")
    if found.is_silent:
        yield Problem("silent", filename)
    elif found.cancels:
        yield Problem("cancelling", filename)


def _identical(recordings: pd.DataFrame, found: Mapping[str, audio.Inspection | AudioError]) -> Iterator[Problem]:
    """Recordings with the samples of an earlier one; silence is no news twice."""
    first: dict[str, tuple[str, str]] = {}
    for name, path, split in recordings[["path", "split"]].itertuples():
        inspected = found[path]
        if isinstance(inspected, AudioError) or inspected.is_silent:
            continue
        earlier, in_split = first.setdefault(inspected.digest, (name, split))
        if earlier != name:
            where = "" if in_split == split else f"; one is in {in_split}, the other in {split}"
            yield Problem("identical", name, f"same as {earlier}{where}")


def _duplicate_events(dataset: Dataset) -> Iterator[Problem]:
    if dataset.events is None:
        return
    twice = dataset.events.loc[dataset.events.duplicated()]
    for name, onset, offset, label in twice.itertuples(index=False):
        yield Problem("duplicate event", name, f"{label}, {onset:.3f} s to {offset:.3f} s")
