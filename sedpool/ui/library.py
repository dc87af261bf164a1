"""What there is in the folders that were given: runs, detectors and recordings, by ids in which there is no path.

Links that lead out of the folders are left out, and so are runs with such links in them.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from sedpool import audio
from sedpool.errors import ConfigError, SedpoolError
from sedpool.formats.detections import JOURNAL
from sedpool.inference.package import DEMO, SUFFIX
from sedpool.run_folder import Record, RunFolder, find_runs, run_at

_OF_FILES = ("dataset", "features", "model")


@dataclass(frozen=True)
class RunRow:
    """What the list says of a run.

    Attributes
    ----------
    name, corpus, method, seed : str
        As in its folder.
    state : str
        Whether it is finished, or why it cannot be read.
    scores : dict of str to float or None
        See `RunFolder.main_scores`; empty if it is not finished.
    has_report : bool
        Whether it has a page.
    has_scores : bool
        Whether its test clips can be listened to: a record has no scores.
    """

    name: str
    corpus: str
    method: str
    seed: str
    state: str
    scores: Mapping[str, float | None]
    has_report: bool
    has_scores: bool


@dataclass(frozen=True)
class Library:
    """The folders that are shown.

    Attributes
    ----------
    folders : tuple of Path
        They exist.
    """

    folders: tuple[Path, ...]

    def __post_init__(self) -> None:
        for folder in self.folders:
            if folder.is_file():
                raise ConfigError(f"{folder}: a file; give the folder that it is in")
            if not folder.is_dir():
                raise ConfigError(f"{folder}: no such folder; give folders with runs or recordings")

    @cached_property
    def _real(self) -> list[str]:
        return [os.path.realpath(folder) for folder in self.folders]

    def holds(self, path: str | os.PathLike[str]) -> bool:
        """Whether a path, with all links followed, is in one of the folders."""
        real = os.path.realpath(path)
        return any(os.path.commonpath((real, folder)) == folder for folder in self._real)

    def name(self, path: Path) -> str:
        """Return what a file or folder is called here: its path from the folder that it was found in.

        The demonstration, which is in none, is called by its own name.
        """
        if path == Path(DEMO):
            return DEMO
        folder = next(one for one in self.folders if path.is_relative_to(one))
        return path.relative_to(folder).as_posix() if path != folder else path.resolve().name

    def runs(self) -> dict[str, RunFolder]:
        """Return the runs, finished or not, by id."""
        found = (run.path for folder in self.folders for run in find_runs(folder))
        return {
            key: run_at(path)
            for key, path in _by_id(found).items()
            if self.holds(path) and (path.is_file() or all(map(self.holds, path.iterdir())))
        }

    def run(self, key: str) -> RunFolder:
        """Return a run by its id; there is a `LookupError` if there is none."""
        return self.runs()[key]

    def detectors(self) -> dict[str, Path]:
        """Return what can detect, by id: the demonstration, finished runs with weights, and packages."""
        runs = [run.path for run in self.runs().values() if run.is_done and not isinstance(run, Record)]
        packages = (path for folder in self.folders for path in sorted(folder.rglob(f"*{SUFFIX}")))
        found = [*(path for path in runs if Path(path, "weights.npz").is_file()), *packages]
        return {DEMO: Path(DEMO)} | {key: path for key, path in _by_id(found).items() if self.holds(path)}

    def detections(self) -> dict[str, Path]:
        """Return the folders that ``sedpool detect --out`` wrote, by id."""
        found = (path.parent for folder in self.folders for path in sorted(folder.rglob(JOURNAL)))
        return {key: path for key, path in _by_id(found).items() if all(map(self.holds, [path, *path.rglob("*")]))}

    def recordings(self) -> dict[str, Path]:
        """Return the recordings by id, those of the same folder together."""
        found = (Path(path) for folder in self.folders for path in sorted(audio.find(folder)))
        return {key: path for key, path in _by_id(found).items() if self.holds(path)}

    def refuse_outside(self, run: RunFolder) -> None:
        """Check that a run's settings name no file elsewhere: the run may have come from anywhere.

        Raises
        ------
        ConfigError
            If one does; it says which.
        """
        for group in _OF_FILES:
            for text in _texts(run.config.get(group, {})):
                if ("/" in text or os.sep in text or text == "..") and not self.holds(text):
                    raise ConfigError(f"{run.name}: {group} has {text}, which is in no folder given; give it too")

    def row(self, run: RunFolder) -> RunRow:
        """Return what the list says of a run; one that did not change is not read again."""
        files = [run.path, *(run.path / name for name in ("config.yaml", "metrics.json", "DONE", "report.html"))]
        return _row(self.name(run.path), run.path, tuple(path.stat().st_mtime_ns for path in files if path.exists()))


@lru_cache(maxsize=10_000)
def _row(name: str, path: Path, changed: tuple[int, ...]) -> RunRow:
    del changed
    run = run_at(path)
    corpus = method = seed = ""
    scores: Mapping[str, float | None] = {}
    try:
        corpus, method, seed = run.dataset, run.method, str(run.config["seed"])
        state = "finished" if run.is_done else "not finished"
        if run.is_done:
            run.refuse_half_renewed()
            scores = run.main_scores
    except (SedpoolError, OSError) as error:
        state = str(error)
    has_scores = bool(scores) and path.is_dir() and run.file("scores.parquet").is_file()
    has_report = path.is_dir() and run.file("report.html").is_file()
    return RunRow(name, corpus, method, seed, state, scores, has_report, has_scores)


def _by_id(paths: Iterable[Path]) -> dict[str, Path]:
    return {hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:16]: path for path in paths}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)
