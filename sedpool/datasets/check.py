"""Checking a corpus on disk against its lists; every recording is read from end to end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from sedpool import audio
from sedpool.datasets.base import Dataset, refuse_unlabelled
from sedpool.datasets.folder import refuse_incomplete_folder
from sedpool.datasets.recordings import recording_names, recordings_of, refuse_incomplete
from sedpool.errors import AudioError, DataError
from sedpool.events import EVENT_COLUMNS
from sedpool.runtime import parallel

DURATION_TOLERANCE = 0.1  # seconds
_CHUNK = 16  # recordings in a task

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
"""What each kind of problem means."""


@dataclass(frozen=True)
class Problem:
    """A problem with a recording.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    filename : str
        The recording, named once even if several clips are cut from it; for `extra`, the path in the corpus; for
        `duplicate event`, the clip.
    detail : str
        Measured values, or the other recording.
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
        Number of reading processes; one per processor by default.
    progress : bool
        Whether to show a progress bar on standard error.

    Returns
    -------
    problems : list of Problem
        In the order of `KINDS`.
    """
    recordings = recordings_of(dataset)
    problems = [Problem("missing", name) for name in recordings.index[recordings["path"].isna()]]
    problems += [Problem("extra", path) for path in dataset.manifest.extra]
    recordings = recordings.loc[recordings["path"].notna()]
    paths = list(dict.fromkeys(recordings["path"]))
    inspections = dict(zip(paths, _inspect_all(paths, n_jobs, progress), strict=True))
    first: dict[str, tuple[str, str]] = {}  # first recording with each digest, and its split
    for name, path, split, listed in recordings.itertuples():
        found = inspections[path]
        if isinstance(found, AudioError):
            problems.append(Problem("unreadable", name, str(found)))
            continue
        if abs(found.duration - listed) > DURATION_TOLERANCE:
            problems.append(Problem("duration", name, f"{found.duration:.2f} s, listed {listed:.2f} s"))
        if found.is_silent:
            problems.append(Problem("silent", name))
            continue
        if found.cancels:
            problems.append(Problem("cancelling", name))
        earlier, its_split = first.setdefault(found.digest, (name, split))
        if earlier != name:
            where = "" if its_split == split else f"; one is in {its_split}, the other in {split}"
            problems.append(Problem("identical", name, f"same as {earlier}{where}"))
    if dataset.events is not None:
        events = dataset.events[list(EVENT_COLUMNS)]
        twice = events.loc[events.duplicated()]
        for name, onset, offset, label in twice.itertuples(index=False):
            problems.append(Problem("duplicate event", name, f"{label}, {onset:.3f} s to {offset:.3f} s"))
    order = list(KINDS)
    return sorted(problems, key=lambda problem: order.index(problem.kind))


def unusable(dataset: Dataset, problems: Iterable[Problem]) -> list[str]:
    """Return the clips that cannot be used for training although their audio is on disk."""
    broken = {problem.filename for problem in problems if problem.kind == "unreadable"}
    return dataset.clips.loc[recording_names(dataset).isin(broken), "filename"].tolist()


def refuse_untrainable(
    dataset: Dataset,
    root: Path,
    problems: Iterable[Problem],
    supervision: str,
    *,
    allow_missing: bool = False,
    allow_unusable: bool = False,
) -> None:
    """Refuse what training refuses, with its words.

    Parameters
    ----------
    dataset : Dataset
        Loaded with ``allow_missing=True``, all splits, with the labels that training would see.
    root : Path
        The corpus.
    problems : iterable of Problem
        What `validate` found.
    supervision : str
        What labels training learns from: ``"weak"``, ``"strong"`` or ``"mixed"``.
    allow_missing, allow_unusable : bool
        Whether training goes on without clips that lack audio or labels, and without recordings that cannot be used.

    Raises
    ------
    DataError
        If clips or labels are missing, a recording cannot be used, or nothing is known of a class to learn.
    """
    manifest = dataset.manifest
    if manifest.has_own_audio and not allow_missing:
        recordings = recordings_of(dataset)["path"].dropna().index
        refuse_incomplete_folder(root, manifest, [*recordings, *manifest.extra])
    refuse_incomplete(dataset.name, root, manifest, allow_missing=allow_missing)
    if not allow_unusable and (broken := [problem.filename for problem in problems if problem.kind == "unreadable"]):
        raise DataError(
            f"dataset {dataset.name}: {len(broken)} recordings cannot be used (first {broken[0]}); repair them, or set "
            "allow_missing=true to go on without them"
        )
    refuse_unlabelled(dataset, supervision)


def _inspect_all(paths: Sequence[str], n_jobs: int | None, progress: bool) -> Iterator[audio.Inspection | AudioError]:
    chunks = [paths[first : first + _CHUNK] for first in range(0, len(paths), _CHUNK)]
    results: Iterable[list[audio.Inspection | AudioError]] = parallel.each(_inspect, chunks, n_jobs)
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
