"""Packages from elsewhere: read as they were written, or refused in one line, whatever was done to them."""

import hashlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from sedpool import storage
from sedpool.errors import ConfigError, SedpoolError, StorageError
from sedpool.experiment.load import load
from sedpool.experiment.pack import pack_run
from sedpool.inference.package import About, is_package, open_run, pack, unpack
from sedpool.run_folder import RunFolder

FINISHED = Path(__file__).parents[1] / "golden/fixtures/runs/demo-cap-s0-aaddf8ec49"


@pytest.fixture(scope="module")
def content() -> bytes:
    """A package of the golden run."""
    return pack_run(RunFolder(FINISHED), author="A. Author")


@pytest.fixture(scope="module")
def taken_apart(content: bytes) -> tuple[About, dict[str, bytes]]:
    return unpack(content, "mine.sedpool")


def refusal(content: bytes, use: Callable[[Path], Any], path: Path) -> str:
    """The one line in which a package is refused."""
    path.write_bytes(content)
    with pytest.raises(SedpoolError) as caught:
        use(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.isprintable()
    return message


def zipped(parts: dict[str, bytes], **changes: Any) -> bytes:
    """An archive as `pack` writes it, but for changes of the entry of ``config.yaml``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            for key, value in changes.items() if name == "config.yaml" else ():
                setattr(entry, key, value)
            archive.writestr(entry, part)
    return buffer.getvalue()


def everything(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_equal_runs_are_equal_bytes(content: bytes, tmp_path: Path) -> None:
    copy = shutil.copytree(FINISHED, tmp_path / FINISHED.name)
    storage.write_text(copy / "config.yaml", (copy / "config.yaml").read_text().replace("data/demo", "/home/me/demo"))
    assert pack_run(RunFolder(copy), author="A. Author") == content
    assert pack_run(RunFolder(FINISHED)) != content


def test_a_package_holds_no_data_and_nothing_of_the_machine(content: bytes) -> None:
    run = RunFolder(FINISHED)
    for name in run.scores["filename"].unique():
        assert str(name).encode() not in content
        assert Path(str(name)).stem.encode() not in content
    assert run.environment["device"].encode() not in content
    assert b"data/demo" not in content
    assert b"data/features" not in content
    for file in ("scores.parquet", "events.tsv", "counts.parquet"):
        assert run.file(file).read_bytes() not in content


def test_what_is_packed_is_taken_apart(content: bytes, taken_apart: tuple[About, dict[str, bytes]]) -> None:
    about, parts = taken_apart
    assert about.classes == list(RunFolder(FINISHED).classes)
    assert about.frame_duration == pytest.approx(16 * 1024 / 44100)
    assert about.clips == {"train": 16, "validate": 8, "test": 8}
    assert pack(about, parts) == content
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["package.json", *sorted(parts)]


def test_a_package_opens_as_the_run_and_leaves_nothing_behind(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.sedpool"
    path.write_bytes(content)
    with open_run(path) as run:
        folder = run.file("config.yaml").parent
        assert run.classes == RunFolder(FINISHED).classes
        assert run.tuned == RunFolder(FINISHED).tuned
        assert run.history.equals(RunFolder(FINISHED).history)
        assert run.path == path
        assert run.is_done
    assert not folder.exists()
    with open_run(FINISHED) as run:
        assert run.file("scores.parquet").is_file()
    with pytest.raises(ConfigError, match="no run in it"), open_run(tmp_path):
        pass


def test_a_loaded_package_is_the_loaded_run(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.sedpool"
    path.write_bytes(content)
    from_run, from_package = load(FINISHED), load(path)
    assert from_run.identity == from_package.identity
    assert from_run.decoder == from_package.decoder
    assert load(path, tuned=False).decoder == load(FINISHED, tuned=False).decoder
    from_package.save(tmp_path / "again.sedpool")
    assert (tmp_path / "again.sedpool").read_bytes() == content
    path.unlink()
    from_package.save(tmp_path / "again.sedpool")
    from_run.save(tmp_path / "run.sedpool")
    assert (tmp_path / "run.sedpool").read_bytes() == pack_run(RunFolder(FINISHED))


def test_fault_25_flipped_bytes_are_noticed_or_change_nothing(
    content: bytes, taken_apart: tuple[About, dict[str, bytes]], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    places = np.concatenate(
        [
            rng.integers(len(content), size=100),
            rng.integers(2000, size=50),  # package.json and the heads of entries
            len(content) - 1 - rng.integers(1000, size=50),  # the table of contents
        ]
    )
    noticed = 0
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << rng.integers(8)
        try:
            found = unpack(bytes(changed), "x")
        except StorageError as error:
            message = str(error)
            noticed += message.isprintable()
        else:
            assert found == taken_apart
            message = ""
        assert message.isprintable()
    assert noticed > 150


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_fault_25_a_truncated_package_is_refused(content: bytes, share: float, tmp_path: Path) -> None:
    """Also where what is left ends in a whole archive: that of the weights."""
    cut = content[: int(share * len(content))]
    assert re.search("not a readable package|holds 'stem", refusal(cut, load, tmp_path / "mine.sedpool"))
    with pytest.raises(StorageError, match="not a readable package"):
        unpack(content[:-1], "mine.sedpool")


ENTRIES: dict[str, tuple[Callable[[dict[str, bytes]], bytes], str]] = {
    "one more": (lambda parts: zipped(parts | {"code.py": b"import os"}), "holds 'code.py'"),
    "an absolute name": (lambda parts: zipped(parts | {"/etc/passwd": b""}), "holds '/etc/passwd'"),
    "a name above": (lambda parts: zipped(parts | {"../config.yaml": b""}), "holds '../config.yaml'"),
    "a name that steers a terminal": (lambda parts: zipped(parts | {"\x1b[2J": b""}), r"holds '\x1b[2J'"),
    "a folder": (lambda parts: zipped(parts | {"report/": b""}), "holds 'report/'"),
    "data": (lambda parts: zipped(parts | {"scores.parquet": b""}), "holds 'scores.parquet'"),
    "a renamed one": (
        lambda parts: zipped({"LICENSE" if name == "card.md" else name: part for name, part in parts.items()}),
        "LICENSE, card.md: not what package.json states",
    ),
    "one less": (lambda parts: zipped({k: v for k, v in parts.items() if k != "weights.npz"}), "no weights.npz"),
    "no statement": (lambda parts: zipped({k: v for k, v in parts.items() if k != "package.json"}), "no package.json"),
    "an unstated one": (lambda parts: zipped(parts | {"LICENSE": b"MIT"}), "LICENSE: not what package.json states"),
    "another content": (lambda parts: zipped(parts | {"config.yaml": b"a: 1"}), "config.yaml: not what package.json"),
    "a compressed one": (lambda parts: zipped(parts, compress_type=zipfile.ZIP_DEFLATED), "no plain uncompressed file"),
    "a link": (lambda parts: zipped(parts, external_attr=0o120777 << 16), "no plain uncompressed file"),
    "an executable": (lambda parts: zipped(parts, external_attr=0o100755 << 16), "no plain uncompressed file"),
    "a system": (lambda parts: zipped(parts, external_attr=0), "no plain uncompressed file"),
    "nothing": (lambda parts: zipped({}), "holds no package.json, config.yaml"),
    "no archive": (lambda parts: b"RIFF....WAVE", "not a readable package (File is not a zip file)"),
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_fault_25_entries_that_no_package_has_are_refused(kind: str, content: bytes, tmp_path: Path) -> None:
    change, expected = ENTRIES[kind]
    assert expected in refusal(change(everything(content)), load, tmp_path / "mine.sedpool")


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_fault_25_a_file_twice_is_refused(content: bytes, tmp_path: Path) -> None:
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("config.yaml", b"a: 1")
    assert "holds config.yaml twice" in refusal(buffer.getvalue(), load, tmp_path / "mine.sedpool")


def test_fault_25_more_bytes_stated_than_there_are_is_refused(content: bytes, tmp_path: Path) -> None:
    """Entries that share their bytes, which need not be compressed to grow without bound."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        weights = archive.getinfo("weights.npz")
        directory = archive.start_dir
    place = content.index(b"PK\x01\x02", directory)
    while content[place + 46 : place + 57] != b"weights.npz":
        place = content.index(b"PK\x01\x02", place + 1)
    changed = bytearray(content)
    for field in (20, 24):
        changed[place + field : place + field + 4] = (weights.file_size + len(content)).to_bytes(4, "little")
    assert "states more bytes than it has" in refusal(bytes(changed), load, tmp_path / "mine.sedpool")


STATEMENTS: dict[str, tuple[Any, str]] = {
    "no object": ([1], "package.json states no files"),
    "no JSON": (b"{", "package.json: Expecting property name"),
    "a deep one": (b"[" * 100_000, "package.json: nested too deeply"),
    "no text": (b"\xff", "codec can't decode"),
    "no files": ({"files": None}, "package.json states no files"),
    "a later format": ({"format": 2}, "package format 2; this sedpool reads 1"),
    "a format that is none": ({"format": "\x1b"}, r"package format '\x1b'; this sedpool reads 1"),
    "no classes": ({"classes": []}, "expected one or more different classes"),
    "one class twice": ({"classes": ["a", "a"]}, "expected one or more different classes"),
    "a number as a class": ({"classes": [1]}, "package.json.classes="),
    "a class that steers a terminal": ({"classes": ["\x1b[2J"]}, "cannot be printed"),
    "half a character": ({"classes": ["\ud800"]}, r"package.json: half a character, \ud800"),
    "two lines": ({"name": "a\nb"}, "cannot be printed"),
    "what is looked up": ({"author": "${oc.env:HOME}"}, "would be looked up"),
    "clips that are none": ({"clips": {"train": "many"}}, "package.json.clips="),
    "other classes": ({"classes": ["siren"]}, "weights of another architecture"),
}


@pytest.mark.parametrize("kind", STATEMENTS)
def test_fault_25_statements_of_another_shape_are_refused(kind: str, content: bytes, tmp_path: Path) -> None:
    change, expected = STATEMENTS[kind]
    parts = everything(content)
    stated = change if not isinstance(change, dict) else json.loads(parts["package.json"]) | change
    parts["package.json"] = stated if isinstance(stated, bytes) else json.dumps(stated).encode()
    assert expected in refusal(zipped(parts), load, tmp_path / "mine.sedpool")


def test_later_versions_may_state_more(content: bytes, taken_apart: tuple[About, dict[str, bytes]]) -> None:
    parts = everything(content)
    parts["package.json"] = json.dumps(json.loads(parts["package.json"]) | {"colour": "red"}).encode()
    assert unpack(zipped(parts), "x") == taken_apart


def repacked(taken_apart: tuple[About, dict[str, bytes]], **parts: bytes) -> bytes:
    """A package whose hashes are right, with files changed by their name with an underscore for the point."""
    about, kept = taken_apart
    return pack(about, kept | {name.replace("_", "."): part for name, part in parts.items()})


@pytest.mark.parametrize("trust_code", [False, True], ids=["", "trusted"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"features": {"_target_": "os.system", "command": "touch hurt"}}, "features is made by os.system"),
        ({"model": {"_target_": "builtins.eval", "_args_": ["1"]}}, "model has the key _args_"),
        ({"pooling": {"_target_": "keras.layers.Lambda", "function": "x"}}, "made by keras.layers.Lambda"),
        ({"method": "${oc.env:HOME}"}, "would be looked up"),
        ({"model": 3}, "expected its settings by name"),
        ({"training": {}}, "training.epochs is missing"),
        ({"evaluation": {"threshold": "x"}}, "evaluation.threshold=x"),
    ],
    ids=str,
)
def test_fault_25_a_hostile_configuration_is_refused_as_in_a_run_folder(
    taken_apart: tuple[About, dict[str, bytes]],
    changes: dict[str, Any],
    expected: str,
    trust_code: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load(taken_apart[1]["config.yaml"])
    for group, change in changes.items():
        both = isinstance(change, dict) and "_target_" not in change and change
        config[group] = config[group] | change if both else change
    content = repacked(taken_apart, config_yaml=yaml.safe_dump(config).encode())
    message = refusal(content, lambda path: load(path, trust_code=trust_code), tmp_path / "mine.sedpool")
    assert f"{tmp_path}/mine.sedpool/config.yaml: " in message or "evaluation" in message
    assert expected in message
    assert not Path("hurt").exists()


def compressed_weights(weights: bytes) -> bytes:
    buffer = io.BytesIO()
    with np.load(io.BytesIO(weights)) as arrays:
        np.savez_compressed(buffer, **dict(arrays))
    return buffer.getvalue()


def endless_weights(weights: bytes) -> bytes:
    """Arrays of which one states a shape of 2⁶⁰ numbers."""
    buffer = io.BytesIO()
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976,), }"
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    return buffer.getvalue()


def pickled_weights(weights: bytes) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([{}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize("change", [compressed_weights, endless_weights, pickled_weights])
def test_fault_25_hostile_weights_are_refused(
    taken_apart: tuple[About, dict[str, bytes]], change: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    weights = change(taken_apart[1]["weights.npz"])
    content = repacked(taken_apart, weights_npz=weights, weights_sha256=hashlib.sha256(weights).hexdigest().encode())
    message = refusal(content, load, tmp_path / "mine.sedpool")
    assert "mine.sedpool/weights.npz: not an archive of plain arrays" in message


def test_what_is_a_package(content: bytes, tmp_path: Path) -> None:
    for name, written, expected in [
        ("a.sedpool", content, True),
        ("renamed.bin", content, True),
        ("damaged.sedpool", b"x", True),
        ("a.wav", b"RIFF", False),
    ]:
        (tmp_path / name).write_bytes(written)
        assert is_package(tmp_path / name) == expected
    assert not is_package(tmp_path)
    assert not is_package(tmp_path / "nowhere.sedpool")
