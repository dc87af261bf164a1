"""Does a corpus on disk hold what its lists promise? Every recording is read from end to end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import track

from sedpool import audio
from sedpool.datasets.dataset import Dataset
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
    """Something wrong with a clip.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    filename : str
        The clip; for `extra`, the path in the corpus.
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
    clips = dataset.available().clips
    paths = list(dict.fromkeys(clips["path"]))
    found = dict(zip(paths, _inspect_all(paths, n_jobs, progress), strict=True))
    problems = [Problem("missing", name) for name in dataset.clips.loc[dataset.clips["path"].isna(), "filename"]]
    problems += [Problem("extra", path) for path in dataset.manifest.extra]
    whole = clips.loc[~clips["filename"].isin(dataset.windows)]
    for name, path, duration in whole[["filename", "path", "duration"]].itertuples(index=False):
        problems += _of_recording(name, found[path], duration)
    problems += _identical(dataset, found)
    problems += _duplicate_events(dataset)
    order = list(KINDS)
    return sorted(problems, key=lambda problem: order.index(problem.kind))


def unusable(problems: Iterable[Problem]) -> list[str]:
    """The clips that training will have to do without although their audio is there."""
    return [problem.filename for problem in problems if problem.kind == "unreadable"]


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


def _identical(dataset: Dataset, found: Mapping[str, audio.Inspection | AudioError]) -> Iterator[Problem]:
    """Clips with the samples of an earlier one; silence is no news twice."""
    first: dict[str, tuple[str, str]] = {}
    windows = dataset.windows
    for name, path, split in dataset.available().clips[["filename", "path", "split"]].itertuples(index=False):
        inspected = found[path]
        if isinstance(inspected, AudioError) or inspected.is_silent or name in windows:
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
