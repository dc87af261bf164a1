import io
import stat
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.progress import Progress

from sedpool.datasets.archive import unpack
from sedpool.errors import DataError

TYPES = {"symlink": tarfile.SYMTYPE, "hardlink": tarfile.LNKTYPE, "device": tarfile.CHRTYPE, "fifo": tarfile.FIFOTYPE}


def tar_of(members: Mapping[str, bytes], mode: str = "w", odd: str | None = None) -> bytes:
    """A tar archive; `odd` adds a member of that kind, which points outside."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if odd:
            info = tarfile.TarInfo("audio/odd")
            info.type, info.linkname = TYPES[odd], "../../outside"
            archive.addfile(info)
    return stream.getvalue()


def zip_of(members: Mapping[str, bytes], link: str | None = None) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "../../outside")
    return stream.getvalue()


def unpacked(folder: Path, name: str, content: bytes) -> set[str]:
    """Unpack into ``folder/in`` and return every file there."""
    root = folder / "in"
    root.mkdir()
    (folder / name).write_bytes(content)
    with Progress(disable=True) as bars:
        unpack(folder / name, root, ("audio",), bars)
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


MEMBERS = {"audio/a.wav": b"a", "audio/train/b c.wav": b"b", "LICENCE": b"free"}


@pytest.mark.parametrize("wrap", ["", "Corpus_v2/"])
@pytest.mark.parametrize(("name", "mode"), [("x.tar", "w"), ("x.tar.gz", "w:gz"), ("x.zip", None)])
def test_contents_land_in_the_folder_without_what_is_around_them(
    tmp_path: Path, name: str, mode: str | None, wrap: str
) -> None:
    members = {wrap + path: content for path, content in MEMBERS.items()}
    content = tar_of(members, mode) if mode else zip_of(members)
    assert unpacked(tmp_path, name, content) == set(MEMBERS)


@pytest.mark.parametrize("bad", ["../x", "/etc/x", "audio/../../x", "..\\x"])
@pytest.mark.parametrize("kind", [tar_of, zip_of])
def test_fault_03_members_outside_the_folder(tmp_path: Path, kind, bad: str) -> None:
    name = "x.zip" if kind is zip_of else "x.tar"
    with pytest.raises(DataError, match=f"{name}: member .* would be written outside"):
        unpacked(tmp_path, name, kind({"audio/a.wav": b"a", bad: b"x"}))
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted(["in", name])


@pytest.mark.parametrize("odd", TYPES)
def test_fault_03_links_and_devices_in_tar(tmp_path: Path, odd: str) -> None:
    with pytest.raises(DataError, match="audio/odd is a link or a device"):
        unpacked(tmp_path, "x.tar.gz", tar_of(MEMBERS, "w:gz", odd))
    assert not list((tmp_path / "in").iterdir())


def test_fault_03_links_in_zip(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="audio/odd is a link or a device"):
        unpacked(tmp_path, "x.zip", zip_of(MEMBERS, link="audio/odd"))
    assert not list((tmp_path / "in").iterdir())


@pytest.mark.parametrize("name", ["x.tar.gz", "x.zip"])
def test_a_damaged_archive_leaves_nothing(tmp_path: Path, name: str) -> None:
    content = zip_of(MEMBERS) if name.endswith("zip") else tar_of({"audio/a.wav": bytes(10**5)}, "w:gz")
    with pytest.raises(DataError, match="damaged archive"):
        unpacked(tmp_path, name, content[: len(content) // 2])
    assert not list((tmp_path / "in").iterdir())


def test_another_archive_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no audio"):
        unpacked(tmp_path, "x.tar", tar_of({"sound/a.wav": b"a", "README": b""}))
