"""Places that take nothing, or no more, as the system has them: nothing here is simulated."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest


@contextmanager
def files_no_larger_than(n_bytes: int) -> Iterator[None]:
    """Have the system refuse more bytes in any file, as some disks do and ``ulimit -f``."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def mounted(folder: Path, *calls: tuple[str, ...]) -> Iterator[None]:
    """Mount something at a folder by calls of ``mount``; skip the test where that is not permitted."""
    if os.geteuid() or subprocess.run(["mount", *calls[0], folder], capture_output=True, check=False).returncode:
        pytest.skip("needs the permission to mount")
    try:
        for call in calls[1:]:
            subprocess.run(["mount", *call, folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Have nothing written to a folder; root, whom no permission stops, gets it mounted read-only."""
    if os.geteuid() == 0:
        with mounted(folder, ("--bind", str(folder)), ("-o", "remount,bind,ro")):
            yield
        return
    folders = [path for path in (folder, *folder.rglob("*")) if path.is_dir()]
    for path in folders:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path in folders:
            path.chmod(0o755)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Have a folder lie on a disk that is full; what is in it stays, and is there afterwards too."""
    held = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    size = 4096 * (2 + sum(2 + len(content) // 4096 for content in held.values()))
    with mounted(folder, ("-t", "tmpfs", "-o", f"size={size}", "none")):
        for name, content in held.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        try:
            (folder / "filling").write_bytes(bytes(size))
        except OSError:
            yield


def limited(folder: Path) -> AbstractContextManager[None]:
    """Have no file take more than a few bytes, wherever it lies."""
    return files_no_larger_than(64)
