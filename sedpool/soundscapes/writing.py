"""How a made corpus is written: whole or not at all, and going on where it was stopped.

A corpus is made in a hidden folder beside its own and renamed when it is complete. A soundscape that is complete there
is kept, so that a killed synthesis loses only what it was at.
"""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
from filelock import FileLock
from rich.console import Console
from rich.progress import track

from sedpool import storage
from sedpool.audio.band import FLOOR_DB, dither
from sedpool.audio.loudness import DEFINITIONS
from sedpool.errors import ConfigError, DataError
from sedpool.formats import audacity
from sedpool.settings.identity import recorded_form
from sedpool.soundscapes import files
from sedpool.soundscapes.mixing import Mixing, Sources, mix
from sedpool.soundscapes.sampling import draw_events, generator
from sedpool.soundscapes.spec import SoundscapeSpec

FORMAT = 2
"""Raise it whenever the same spec gives other bytes."""
_CHUNK = 8  # soundscapes a task: few enough for an even load, enough to hide the cost of a task
_may_synthesise: ContextVar[bool] = ContextVar("may_synthesise", default=True)


class NotSynthesised(DataError):
    """Raised within `without_synthesis` where audio that sedpool makes on first use is not there.

    Attributes
    ----------
    plan : str or None
        Hash of the plan of the corpus, where that is known before it is made.
    """

    def __init__(self, message: str, plan: str | None = None) -> None:
        super().__init__(message)
        self.plan = plan


@contextmanager
def without_synthesis() -> Iterator[None]:
    """Raise `NotSynthesised` within the block instead of making audio that is not there."""
    token = _may_synthesise.set(False)
    try:
        yield
    finally:
        _may_synthesise.reset(token)


def may_synthesise() -> bool:
    """Return whether audio that is not there may be made, as it may outside `without_synthesis`."""
    return _may_synthesise.get()


@dataclass(frozen=True)
class Plan:
    """All that determines a made corpus.

    Attributes
    ----------
    name : str
        Name of the corpus.
    seed : int
        Seed of every draw.
    sizes : mapping of str to int
        Number of soundscapes of each split.
    spec : SoundscapeSpec
        What the events are drawn from.
    sources : mapping
        What the sounds are drawn from, e.g. a fingerprint of the recordings; JSON values.
    isolated : bool
        Whether the background and every event are also written alone.
    """

    name: str
    seed: int
    sizes: Mapping[str, int]
    spec: SoundscapeSpec
    sources: Mapping[str, Any]
    isolated: bool = False

    def __post_init__(self) -> None:
        for split, size in self.sizes.items():
            if size < 1:
                raise ConfigError(f"{self.name}: {size} soundscapes for {split}; expected at least 1")
        if self.seed < 0:
            raise ConfigError(f"{self.name}: seed {self.seed}; expected 0 or more")

    @property
    def mixing(self) -> Mixing:
        """How the soundscapes are mixed."""
        return Mixing(self.spec.level)

    def settings(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        mixing = {**asdict(self.mixing), "floor_db": FLOOR_DB, "snr_definition": DEFINITIONS[self.spec.level]}
        spec = recorded_form("soundscapes", asdict(self.spec))
        return {"format": FORMAT, **asdict(self), "spec": spec, "mixing": mixing}


def make_corpus(root: str | os.PathLike[str], plan: Plan, prepare: Callable[[], Sources], *, n_jobs: int = -1) -> Path:
    """Write a corpus in URBAN-SED's layout unless it exists, to a folder whose name follows from the plan.

    The same settings find it again and other settings never do; see `write_corpus`.

    Parameters
    ----------
    root : path-like
        Parent folder of made corpora.
    plan : Plan
        What to make.
    prepare : callable
        Returns the sources of the sounds, which are copied to the workers; called only where the corpus is to be made.
    n_jobs : int
        Number of worker processes, -1 for one a core; the bytes do not depend on it.

    Returns
    -------
    folder : Path
        ``root/<name>-<hash of the plan>``.
    """
    folder = Path(root) / f"{plan.name}-{storage.hash_value(plan.settings())[:12]}"
    write_corpus(folder, plan, prepare, n_jobs=n_jobs)
    return folder


def write_corpus(folder: Path, plan: Plan, prepare: Callable[[], Sources], *, n_jobs: int = -1) -> bool:
    """Write a corpus in URBAN-SED's layout to `folder` unless it is there.

    Beside the audio and the annotations it holds ``<split>.tsv``, the events in DCASE's format, and ``corpus.json``,
    which says how it was made.

    Parameters
    ----------
    folder : Path
        The corpus.
    plan, prepare, n_jobs
        See `make_corpus`.

    Returns
    -------
    written : bool
        False if the corpus was there.

    Raises
    ------
    DataError
        If the folder holds anything else, or cannot be written; `NotSynthesised` if it is not there, within
        `without_synthesis`.
    """
    if _is_made(folder, plan):
        return False
    if not may_synthesise():
        message = f"{folder.parent}: no corpus {folder.name} in it; give the folder that it was made in"
        raise NotSynthesised(message, storage.hash_value(plan.settings()))
    with _lock(folder):
        if _is_made(folder, plan):
            return False
        _make(folder, plan, prepare(), n_jobs)
    return True


def _is_made(folder: Path, plan: Plan) -> bool:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    if not (folder / "corpus.json").is_file():
        raise DataError(f"{folder}: holds something else; choose another folder")
    made = storage.read_json(folder / "corpus.json")
    if made.get("plan") != storage.hash_value(plan.settings()):
        raise DataError(f"{folder}: holds a corpus made with other settings or recordings; choose another folder")
    return True


def _lock(folder: Path) -> AbstractContextManager[Any]:
    """Held while a corpus is made, so that of several processes one makes it and the others wait."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(folder.with_name(f".{folder.name}.lock")).acquire()
    except OSError as error:
        raise DataError(f"{folder.parent}: corpora cannot be made here ({error}); choose a root to write in") from None


def _make(folder: Path, plan: Plan, sources: Sources, n_jobs: int) -> None:
    digest = storage.hash_value(plan.settings())
    partial = folder.with_name(f".{folder.name}-{digest[:12]}.partial")
    _make_folders(partial, plan)
    tasks = (joblib.delayed(_write_chunk)(partial, plan, sources, chunk) for chunk in _chunks(plan.sizes))
    done = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks)
    total = sum(-(-size // _CHUNK) for size in plan.sizes.values())
    for _ in track(done, f"making {folder.name}", total, console=Console(stderr=True), transient=True):
        pass
    for split in plan.sizes:
        _write_tsv(partial, split)
    about = {
        "plan": digest,
        "classes": sorted(set(plan.spec.labels or sources.classes)),
        "skipped": list(sources.skipped),
    }
    storage.write_json(partial / "corpus.json", {**plan.settings(), **about})
    if folder.exists():
        folder.rmdir()
    os.rename(partial, folder)


def _make_folders(root: Path, plan: Plan) -> None:
    kinds = (*files.FOLDERS, files.ISOLATED) if plan.isolated else files.FOLDERS
    for kind, split in itertools.product(kinds, plan.sizes):
        (root / kind / split).mkdir(parents=True, exist_ok=True)


def _chunks(sizes: Mapping[str, int]) -> Iterator[list[tuple[str, int]]]:
    for split, size in sizes.items():
        for start in range(0, size, _CHUNK):
            yield [(split, index) for index in range(start, min(start + _CHUNK, size))]


def _write_chunk(root: Path, plan: Plan, sources: Sources, chunk: Sequence[tuple[str, int]]) -> None:
    for split, index in chunk:
        stem = files.stem_of(split, index)
        if not files.is_complete(root, split, stem):
            _write_one(root, plan, sources, split, index, stem)


def _write_one(root: Path, plan: Plan, sources: Sources, split: str, index: int, stem: str) -> None:
    rng = generator(plan.seed, split, index)
    drawn = draw_events(plan.spec, sources.classes, rng)
    background = sources.background(plan.spec.duration, split, rng)
    soundscape = mix(background, [(event, sources.event(event, split, rng)) for event in drawn], plan.mixing)
    samples = soundscape.samples + dither(len(soundscape.samples), rng)
    files.write_soundscape(root, split, stem, soundscape, samples, plan.mixing, isolated=plan.isolated)


def _write_tsv(root: Path, split: str) -> None:
    """Events of a split in DCASE's format; a soundscape without any is a row with its name alone."""
    lines = ["filename\tonset\toffset\tevent_label\n"]
    for path in sorted((root / "annotations" / split).glob("[!.]*.txt")):
        events = audacity.read_rows(path)
        lines += [f"{path.stem}.wav\t{onset:.6f}\t{offset:.6f}\t{label}\n" for onset, offset, label in events]
        lines += [] if events else [f"{path.stem}.wav\t\t\t\n"]
    storage.write_text(root / f"{split}.tsv", "".join(lines))
