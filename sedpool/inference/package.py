"""A package: a trained detector as one file that others can use, without data and with nothing executable in it.

The file is a zip archive of files of a run folder, uncompressed, in one order and with one date, so that the same run
makes the same bytes. Beside them lie a model card and ``package.json``, which states the classes and the SHA-256 of
every other file. A package from elsewhere is checked as a whole before anything in it is used.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from sedpool import storage
from sedpool.errors import ConfigError, SedpoolError, StorageError
from sedpool.run_folder import RunFolder, finished
from sedpool.settings.schema import checked
from sedpool.settings.targets import check_texts
from sedpool.untrusted import parse_json

FORMAT: Literal[1] = 1
SUFFIX = ".sedpool"

ABOUT = "package.json"
NEEDED = ("config.yaml", "environment.json", "history.csv", "weights.npz", "weights.sha256")
OPTIONAL = (
    "LICENSE",
    "alpha.csv",
    "card.html",
    "card.md",
    "durations.csv",
    "front_end.json",
    "intervals.csv",
    "metrics.json",
    "tuned.json",
)
"""Files that only some packages hold: one from a notebook has no test scores and no card."""

DEMO = "demo"
DEMO_FILE = Path(__file__).with_name("demo.sedpool")
"""The demonstration that sedpool brings: the name that stands for it, and where it is (scripts/train_demo.py)."""

_MAGIC = b"PK\x03\x04"
_OF_THE_MACHINE = frozenset({"device", "processors", "system"})


@dataclass(frozen=True, config=ConfigDict(strict=True))
class About:
    """What ``package.json`` states, besides the hashes of the files.

    Attributes
    ----------
    format : int
        `FORMAT`.
    name : str
        What the detector is called.
    sedpool : str
        Version that packed it.
    classes : list of str
        Names of the classes, in the order of the network's outputs.
    corpus : str
        What it was trained on.
    clips : dict of str to int
        How many clips each split had.
    frame_duration : float
        Seconds between the moments at which it says what sounds.
    author, licence : str or None
        Who made it, and under which terms it may be used.
    """

    format: Literal[1]
    name: str
    sedpool: str
    classes: list[str]
    corpus: str
    clips: dict[str, int]
    frame_duration: float
    author: str | None
    licence: str | None


class PackagedRun(RunFolder):
    """The run in a package: what a run folder holds, without data and scores.

    Parameters
    ----------
    path : path-like
        The package.
    content : bytes
        What is in that file.
    about : About
        What it states.
    folder : path-like
        Where the files in it are now.
    """

    def __init__(
        self, path: str | os.PathLike[str], content: bytes, about: About, folder: str | os.PathLike[str]
    ) -> None:
        super().__init__(path)
        self.content = content
        self.about = about
        self._folder = Path(folder)

    def file(self, name: str) -> Path:
        """Path of the file `name`, outside the package."""
        return self._folder / name

    @property
    def is_done(self) -> bool:
        """True: only finished runs are packed."""
        return True

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that the detector knows."""
        return tuple(self.about.classes)


def package_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of a run or package: `DEMO_FILE` for the name `DEMO`, if no file or folder here has it."""
    path = Path(path)
    return DEMO_FILE if path == Path(DEMO) and not path.exists() else path


def is_package(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a package, or is meant to be one: by its suffix, or the first bytes of a zip archive."""
    path = package_path(path)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return path.suffix == SUFFIX or stream.read(len(_MAGIC)) == _MAGIC


@contextmanager
def open_run(path: str | os.PathLike[str]) -> Iterator[RunFolder]:
    """Yield a finished run: a run folder as it is, or a package, whose files lie in a folder that goes away afterwards.

    Parameters
    ----------
    path : path-like
        A run folder or a package; ``demo`` for the one that sedpool brings.

    Raises
    ------
    ConfigError
        If there is no finished run.
    StorageError
        If the package is damaged, or is none. What is wrong with a file in it is said of the package, too.
    """
    path = package_path(path)
    if not path.is_file():
        yield finished(path)
        return
    content = storage.read_archive_file(path, "package")
    about, parts = unpack(content, path)
    with tempfile.TemporaryDirectory(prefix="sedpool-") as folder:
        for name, part in parts.items():
            Path(folder, name).write_bytes(part)
        try:
            yield PackagedRun(path, content, about, folder)
        except SedpoolError as error:
            raise type(error)(str(error).replace(folder, os.fspath(path))) from error.__cause__


def pack(about: About, parts: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a package.

    Parameters
    ----------
    about : About
        What it states.
    parts : mapping of str to bytes
        The content of every other file by its name, one of `NEEDED` and `OPTIONAL`.

    Raises
    ------
    ConfigError
        If a text of `about` holds characters that cannot be printed, or would be looked up.
    """
    check_texts(asdict(about), "package")
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(parts.items())}
    stated = storage.json_text(asdict(about) | {"files": hashes}).encode()
    return storage.archive({ABOUT: stated} | dict(sorted(parts.items())))


def without_machine(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``environment.json`` says of versions and precision, and nothing of the machine."""
    return {key: value for key, value in environment.items() if key not in _OF_THE_MACHINE}


def unpack(content: bytes, path: str | os.PathLike[str]) -> tuple[About, dict[str, bytes]]:
    """Check a package as a whole and take it apart.

    Parameters
    ----------
    content : bytes
        What is in the file.
    path : path-like
        The file, for messages.

    Returns
    -------
    about : About
        What it states.
    parts : dict of str to bytes
        The content of every other file.

    Raises
    ------
    StorageError
        If it is damaged, was altered, or is no package that this version reads.
    """
    parts = storage.read_archive(content, path, "package")
    if unknown := [name for name in parts if name not in (ABOUT, *NEEDED, *OPTIONAL)]:
        raise StorageError(f"{path}: holds {unknown[0]!r}, which no package of this format does; nothing of it is used")
    if missing := [name for name in (ABOUT, *NEEDED) if name not in parts]:
        raise StorageError(f"{path}: no package, since it holds no {', '.join(missing)}; get it again")
    stated = _stated(parts.pop(ABOUT), path)
    hashes = stated.pop("files")
    found = {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}
    if hashes != found:
        names = sorted(name for name in {*hashes, *found} if hashes.get(name) != found.get(name))
        raise StorageError(f"{path}: {', '.join(names)}: not what {ABOUT} states; damaged or altered, get it again")
    try:
        about = checked(About, stated, ABOUT)
    except ConfigError as error:
        raise StorageError(f"{path}: {error}") from None
    if not about.classes or len(set(about.classes)) < len(about.classes):
        raise StorageError(f"{path}: {ABOUT}: expected one or more different classes")
    return about, parts


def _stated(text: bytes, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Parse ``package.json`` as far as its format, that it is plain, and that it states files."""
    try:
        stated = parse_json(text)
    except ValueError as error:
        raise StorageError(f"{path}: {ABOUT}: {error}; damaged or altered, get it again") from None
    if not isinstance(stated, dict) or not isinstance(stated.get("files"), dict):
        raise StorageError(f"{path}: {ABOUT} states no files; damaged or altered, get it again")
    if stated.get("format") != FORMAT:
        raise StorageError(f"{path}: package format {stated.get('format')!r}; this sedpool reads {FORMAT}, get a newer")
    try:
        check_texts(stated, f"{path}: {ABOUT}")
    except (ConfigError, RecursionError) as error:
        raise StorageError(str(error)) from None
    return stated
