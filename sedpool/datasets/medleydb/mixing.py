"""Mixes with one instrument removed, rendered once from their stems.

A remix is the sum of the remaining stems, each multiplied by its mixing coefficient, as in the package ``medleydb``. It
is averaged over the channels and scaled down if it would exceed full scale (features are relative to a clip's maximum).
Its file's name ends with the hash of everything that it is made of, so that it is never stale.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from rich.console import Console
from rich.progress import track

from sedpool import audio, storage
from sedpool.errors import AudioError, DataError
from sedpool.runtime import parallel
from sedpool.soundscapes.writing import NotSynthesised, may_synthesise

SR = 44100
FORMAT = 1
"""Raise it whenever the same stems give other bytes."""


@dataclass(frozen=True)
class Remix:
    """The stems of a remix and their weights.

    Attributes
    ----------
    name : str
        Id of the mix, ``<Track>---<removed instrument>``.
    multitrack : str
        The multitrack whose stems it shares with its other remixes.
    weights : mapping of Path to float
        Mixing coefficient of every stem.
    """

    name: str
    multitrack: str
    weights: Mapping[Path, float]

    def path(self, folder: Path) -> Path:
        """Return the file of the remix in `folder`."""
        stems = []
        for path, weight in self.weights.items():
            status = path.stat()
            stems.append([path.name, status.st_size, status.st_mtime_ns, weight])
        return folder / f"{self.name}-{storage.hash_value([FORMAT, SR, stems])[:12]}.wav"


def render(remixes: Iterable[Remix], folder: Path, *, n_jobs: int = -1) -> tuple[dict[str, Path], dict[str, str]]:
    """Render the remixes that are not in the folder yet.

    Only one process renders at a time; another waits and then finds the work done.

    Parameters
    ----------
    remixes : iterable of Remix
        Their stems must exist.
    folder : Path
        The folder to keep them in.
    n_jobs : int
        Number of worker processes, -1 for one per core; the bytes do not depend on it.

    Returns
    -------
    paths : dict of str to Path
        File of every remix, by its name.
    broken : dict of str to str
        Why the others could not be rendered.

    Raises
    ------
    DataError
        If the folder cannot be written; within `without_synthesis`, `NotSynthesised` if a remix does not exist.
    """
    ordered = sorted(remixes, key=lambda remix: (remix.multitrack, remix.name))
    paths = {remix.name: remix.path(folder) for remix in ordered}
    broken: dict[str, str] = {}
    if not all(path.is_file() for path in paths.values()):
        if not may_synthesise():
            raise NotSynthesised(f"{folder}: not all of the {len(paths)} remixes are in it")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / ".lock"):
                broken = _render_all([remix for remix in ordered if not paths[remix.name].is_file()], folder, n_jobs)
        except OSError as error:
            reason = f"remixes cannot be kept here ({error.strerror or error})"
            raise DataError(f"{folder}: {reason}; choose a folder to write in, cache=FOLDER") from None
    return {name: path for name, path in paths.items() if name not in broken}, broken


def _render_all(remixes: Sequence[Remix], folder: Path, n_jobs: int) -> dict[str, str]:
    groups = [list(group) for _, group in groupby(remixes, key=lambda remix: remix.multitrack)]
    results = parallel.each(partial(_render_multitrack, folder), groups, n_jobs)
    broken: dict[str, str] = {}
    for reasons in track(results, "remixes", len(groups), console=Console(stderr=True), transient=True):
        broken |= reasons
    return broken


def _render_multitrack(folder: Path, remixes: Sequence[Remix]) -> dict[str, str]:
    """Render remixes that share stems, reading each stem once."""
    sums: dict[str, npt.NDArray[np.float32]] = {remix.name: np.zeros(0, np.float32) for remix in remixes}
    broken: dict[str, str] = {}
    for stem in sorted({stem for remix in remixes for stem in remix.weights}):
        users = [remix for remix in remixes if stem in remix.weights]
        try:
            samples = audio.read(stem, SR)
        except AudioError as error:
            broken |= {remix.name: str(error) for remix in users}
            continue
        for remix in users:
            # All begin together; a shorter one is silent after its end.
            shorter, longer = sorted((sums[remix.name], np.float32(remix.weights[stem]) * samples), key=len)
            longer[: len(shorter)] += shorter
            sums[remix.name] = longer
    for remix in remixes:
        if remix.name not in broken:
            mix = sums[remix.name]
            audio.write_wav(remix.path(folder), mix / max(1.0, float(np.abs(mix).max())), SR)
    return broken
