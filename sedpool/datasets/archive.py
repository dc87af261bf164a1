"""Unpacking an untrusted archive: everything inside the target folder, or nothing at all."""

import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from rich.progress import Progress

from sedpool.errors import DataError

_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error)


def unpack(archive: Path, root: Path, contents: Sequence[str], bars: Progress) -> None:
    """Unpack a tar or zip archive into a folder, without the single folder that may lie around its contents.

    Parameters
    ----------
    archive : Path
        A ``.zip`` file, or a tar file with any compression.
    root : Path
        The folder; files that it already holds are kept.
    contents : sequence of str
        Files and folders that the archive must hold. They appear in `root` only once everything is unpacked.
    bars : Progress
        Shows the progress.

    Raises
    ------
    DataError
        If the archive is damaged, lacks a part of `contents`, or has a member that is a link or a device or would be
        written outside the folder. Nothing is unpacked then.
    """
    with (
        tempfile.TemporaryDirectory(prefix=".unpacking-", dir=root) as folder,
        bars.open(archive, "rb", description=f"unpacking {archive.name}") as stream,
    ):
        try:
            (_unzip if archive.suffix == ".zip" else _untar)(stream, Path(folder))
        except _DAMAGED as error:
            raise DataError(f"{archive}: damaged archive ({error}); delete it and fetch it again") from None
        except _RefusedError as error:
            raise DataError(f"{archive}: member {error}; nothing is unpacked from such an archive") from None
        _move(Path(folder), root, contents, archive)


class _RefusedError(Exception):
    """A member of the archive is refused."""


def _untar(stream: BinaryIO, folder: Path) -> None:
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            _refuse_escape(member.name)
            if not (member.isfile() or member.isdir()):
                raise _RefusedError(f"{member.name} is a link or a device")
            archive.extract(member, folder, filter="data")


def _unzip(stream: BinaryIO, folder: Path) -> None:
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            _refuse_escape(member.filename)
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _RefusedError(f"{member.filename} is a link or a device")
            archive.extract(member, folder)


def _refuse_escape(name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise _RefusedError(f"{name} would be written outside the folder")


def _move(source: Path, root: Path, contents: Sequence[str], archive: Path) -> None:
    """Move what was unpacked to `root`, without the single folder that may lie around it, `contents` last."""
    entries = list(source.iterdir())
    if len(entries) == 1 and entries[0].is_dir():
        source = entries[0]
    absent = [name for name in contents if not (source / name).exists()]
    if absent:
        raise DataError(f"{archive}: holds no {', '.join(absent)}; it is not the archive that was expected")
    for entry in sorted(source.iterdir(), key=lambda entry: entry.name in contents):
        if not (root / entry.name).exists():
            os.replace(entry, root / entry.name)
