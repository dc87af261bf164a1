import json
import os
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import soundfile as sf
from filelock import FileLock
from hypothesis import given, settings

from sedpool import audio, storage
from sedpool.errors import StorageError
from sedpool.features import FeatureStore, LogMel

SR = 8000
EXTRACTOR = LogMel(sr=SR, n_fft=256, hop_length=128, n_mels=8)


class Counting(LogMel):
    """Counts how often features are computed."""

    calls = 0

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        type(self).calls += 1
        return super().__call__(samples)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    monkeypatch.setattr(Counting, "calls", 0)
    return Counting(sr=SR, n_fft=256, hop_length=128, n_mels=8)


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, str]:
    rng = np.random.default_rng(0)
    result = {}
    for index in range(5):
        path = tmp_path / "audio" / f"{index}.wav"
        audio.write_wav(path, rng.normal(0, 0.1, SR + 100 * index), SR)
        result[path.name] = str(path)
    return result


def test_features_are_those_of_the_extractor(tmp_path: Path, paths: dict[str, str]) -> None:
    features, broken = FeatureStore(tmp_path / "store", EXTRACTOR).prepare(paths)
    assert not broken
    assert list(features) == list(paths)
    for name, path in paths.items():
        assert np.array_equal(features[name], EXTRACTOR(audio.read(path, SR)))


def test_nothing_is_computed_twice(tmp_path: Path, paths: dict[str, str], counting: Counting) -> None:
    for _ in range(2):
        FeatureStore(tmp_path / "store", counting).prepare(paths)
    assert counting.calls == len(paths)


def test_a_changed_source_is_computed_again(tmp_path: Path, paths: dict[str, str], counting: Counting) -> None:
    store = FeatureStore(tmp_path / "store", counting)
    store.prepare(paths)
    audio.write_wav(paths["0.wav"], np.ones(2 * SR) * 0.1, SR)
    features, _ = store.prepare(paths)
    assert counting.calls == len(paths) + 1
    assert len(features["0.wav"]) == 2 * SR // 128


def test_fault_07_broken_recordings_are_reported_and_the_others_kept(tmp_path: Path, paths: dict[str, str]) -> None:
    Path(paths["1.wav"]).write_bytes(b"<html>")
    features, broken = FeatureStore(tmp_path / "store", EXTRACTOR).prepare({**paths, "x.wav": str(tmp_path / "x.wav")})
    assert set(broken) == {"1.wav", "x.wav"}
    assert paths["1.wav"] in broken["1.wav"]
    assert set(features) == set(paths) - {"1.wav"}


def test_fault_07_headers_that_claim_hours_cost_no_memory_and_are_left_out(
    tmp_path: Path, paths: dict[str, str]
) -> None:
    slow = bytearray(Path(paths["1.wav"]).read_bytes())
    slow[24:28] = (1).to_bytes(4, "little")  # one sample per second
    Path(paths["1.wav"]).write_bytes(slow)
    sf.write(tmp_path / "long.flac", np.zeros(SR), SR)
    long = bytearray((tmp_path / "long.flac").read_bytes())
    long[21:26] = bytes((long[21] | 0x0F, 0xFF, 0xFF, 0xFF, 0xFF))  # 2 ** 36 - 1 samples
    (tmp_path / "long.flac").write_bytes(long)
    sources = {**paths, "long.flac": str(tmp_path / "long.flac")}
    features, broken = FeatureStore(tmp_path / "store", EXTRACTOR).prepare(sources)
    assert set(features) == set(paths) - {"1.wav"}
    assert "sampling rate of 1 Hz" in broken["1.wav"]
    assert "the header promises 8589934.59 s and 1.00 s are there" in broken["long.flac"]


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "index"])
def test_fault_32_damage_is_noticed_and_mended(
    tmp_path: Path, paths: dict[str, str], counting: Counting, damage: str
) -> None:
    store = FeatureStore(tmp_path / "store", counting)
    good = {name: np.array(value) for name, value in store.prepare(paths)[0].items()}
    (shard,) = store.folder.glob("[0-9]*.shard")
    content = bytearray(shard.read_bytes())
    content[-10] ^= 1
    if damage == "flip":
        shard.write_bytes(content)
    elif damage == "truncate":
        shard.write_bytes(content[: len(content) // 2])
    elif damage == "remove":
        shard.unlink()
    else:
        shard.write_bytes(bytes([*content[:30], content[30] ^ 1, *content[31:]]))
    features, _ = store.prepare(paths)
    assert all(np.array_equal(features[name], good[name]) for name in paths)
    computed = counting.calls
    assert computed > len(paths)
    again, _ = store.prepare(paths)
    assert all(np.array_equal(again[name], good[name]) for name in paths)
    assert counting.calls == computed


def test_fault_32_only_the_damaged_clip_is_computed_again(
    tmp_path: Path, paths: dict[str, str], counting: Counting
) -> None:
    store = FeatureStore(tmp_path / "store", counting)
    features, _ = store.prepare(paths)
    lengths = [len(features[name]) for name in paths]
    (shard,) = store.folder.glob("[0-9]*.shard")
    content = bytearray(shard.read_bytes())
    content[-4 * 8 * sum(lengths[2:])] ^= 1  # the first value of the third clip
    shard.write_bytes(content)
    features, _ = store.prepare(paths)
    expected = {name: EXTRACTOR(audio.read(path, SR)) for name, path in paths.items()}
    for _ in range(2):
        assert all(np.array_equal(features[name], expected[name]) for name in paths)
    assert counting.calls == len(paths) + 1


def test_fault_32_a_shard_that_ends_early_keeps_what_it_has(
    tmp_path: Path, paths: dict[str, str], counting: Counting
) -> None:
    store = FeatureStore(tmp_path / "store", counting)
    store.prepare(paths)
    (shard,) = store.folder.glob("[0-9]*.shard")
    os.truncate(shard, shard.stat().st_size - 1)
    features, _ = store.prepare(paths)
    assert counting.calls == len(paths) + 1
    assert all(np.array_equal(features[name], EXTRACTOR(audio.read(path, SR))) for name, path in paths.items())


def test_fault_32_damage_whose_recording_has_changed_is_named(tmp_path: Path, paths: dict[str, str]) -> None:
    store = FeatureStore(tmp_path / "store", EXTRACTOR)
    features, _ = store.prepare(paths)
    (shard,) = store.folder.glob("[0-9]*.shard")
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    audio.write_wav(paths["4.wav"], np.zeros(SR), SR)
    with pytest.raises(StorageError, match=r"4\.wav are damaged and .* has changed"):
        features["4.wav"]
    Path(paths["4.wav"]).unlink()
    with pytest.raises(StorageError, match=r"4\.wav are damaged and .* no such file"):
        features["4.wav"]


def test_shards_of_a_later_format_are_left_alone(tmp_path: Path, paths: dict[str, str], counting: Counting) -> None:
    store = FeatureStore(tmp_path / "store", counting)
    store.prepare(paths)
    (shard,) = store.folder.glob("[0-9]*.shard")
    later = bytearray(shard.read_bytes())
    later[7] += 1
    shard.write_bytes(later)
    for _ in range(2):
        assert len(store.prepare(paths)[0]) == len(paths)
    assert counting.calls == 2 * len(paths)
    assert shard.read_bytes() == later


@given(st.data())
@settings(max_examples=15, deadline=None)
def test_no_order_of_operations_gives_wrong_features(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("operations")
    names = [f"{index}.wav" for index in range(4)]
    clips = {**{name: name for name in names}, "part": "0.wav"}
    windows = {"part": (0.05, 0.1)}
    rng, sizes = np.random.default_rng(0), count(2000)
    for name in names:
        audio.write_wav(folder / name, rng.normal(0, 0.1, next(sizes)), SR)
    store = FeatureStore(folder / "store", EXTRACTOR)
    kinds = st.sampled_from(["prepare", "write", "flip", "cut", "remove", "leave"])
    for operation in ["prepare", *data.draw(st.lists(kinds, max_size=8))]:
        if operation == "prepare":
            wanted = data.draw(st.lists(st.sampled_from(sorted(clips)), min_size=1, unique=True))
            features, broken = store.prepare({name: str(folder / clips[name]) for name in wanted}, windows=windows)
            assert list(features) == wanted
            assert not broken
            for name in data.draw(st.permutations(wanted)):
                onset, duration = windows.get(name, (0.0, None))
                expected = EXTRACTOR(audio.read(folder / clips[name], SR, onset=onset, duration=duration))
                assert np.array_equal(features[name], expected)
                assert features.n_frames(name) == len(expected)
        elif operation == "write":
            audio.write_wav(folder / data.draw(st.sampled_from(names)), rng.normal(0, 0.1, next(sizes)), SR)
        elif operation == "leave":
            (store.folder / ".writing-000009-x.shard").write_bytes(b"torn")
        else:
            damage(data, sorted(store.folder.glob("[0-9]*.shard")), operation)


def damage(data: st.DataObject, found: list[Path], operation: str) -> None:
    """Flip a bit of a shard, cut it short or remove it; a mapped file is replaced rather than changed."""
    found = [path for path in found if path.stat().st_size]
    if not found:
        return
    shard = data.draw(st.sampled_from(found))
    content = bytearray(shard.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    shard.unlink()
    if operation != "remove":
        shard.write_bytes(content[:place] if operation == "cut" else content)


def test_fault_33_pickled_arrays_are_not_opened(tmp_path: Path, paths: dict[str, str], counting: Counting) -> None:
    store = FeatureStore(tmp_path / "store", counting)
    store.prepare(paths)
    (shard,) = store.folder.glob("[0-9]*.shard")
    with shard.open("wb") as stream:
        np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    features, _ = store.prepare(paths)
    assert counting.calls == 2 * len(paths)
    assert len(features) == len(paths)


def former_store(store: FeatureStore, paths: dict[str, str], windows: dict[str, tuple[float, float]]) -> Path:
    """Write features as sedpool 0.1 did; return the file of arrays."""
    rows: list[tuple[str, int, int, int]] = []
    parts: list[np.ndarray] = []
    for name, path in paths.items():
        onset, duration = windows.get(name, (0.0, None))
        parts.append(EXTRACTOR(audio.read(path, SR, onset=onset, duration=duration)))
        window = f"|{onset:.6f}|{duration:.6f}" if name in windows else ""
        key = f"{path}|{os.stat(path).st_size}|{os.stat(path).st_mtime_ns}{window}"
        rows.append((key, sum(map(len, parts[:-1])), len(parts[-1]), zlib.crc32(parts[-1].data)))
    store.folder.mkdir(parents=True)
    np.save(store.folder / "00000.npy", np.concatenate(parts))
    storage.write_json(store.folder / "00000.json", rows)
    return store.folder / "00000.npy"


@pytest.mark.parametrize(("damage", "computed"), [(None, 0), ("flip", 1), ("pickle", 6), ("index", 6), ("cut", 6)])
def test_a_store_of_the_former_format_is_read_where_it_is_whole(
    tmp_path: Path, paths: dict[str, str], counting: Counting, damage: str | None, computed: int
) -> None:
    paths["part"], windows = paths["0.wav"], {"part": (0.1234567, 0.25)}
    store = FeatureStore(tmp_path / "store", counting)
    shard = former_store(store, paths, windows)
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    if damage == "flip":
        shard.write_bytes(content)
    elif damage == "cut":
        shard.write_bytes(content[:-1])
    elif damage == "pickle":
        np.save(shard, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    elif damage == "index":
        shard.with_suffix(".json").write_text('[["a.wav", 0, -1, 5]]')
    for _ in range(2):
        features, _ = store.prepare(paths, windows=windows)
        for name, path in paths.items():
            onset, duration = windows.get(name, (0.0, None))
            assert np.array_equal(features[name], EXTRACTOR(audio.read(path, SR, onset=onset, duration=duration)))
        assert counting.calls == computed


def test_fault_62_a_flipped_bit_in_a_header_of_the_former_format_is_computed_again(
    tmp_path: Path, paths: dict[str, str]
) -> None:
    store = FeatureStore(tmp_path / "store", EXTRACTOR)
    whole = {name: EXTRACTOR(audio.read(path, SR)) for name, path in paths.items()}
    for byte in range(6, 128, 5):
        shutil.rmtree(store.folder, ignore_errors=True)
        shard = former_store(store, paths, {})
        content = bytearray(shard.read_bytes())
        content[byte] ^= 1 << byte % 8
        shard.write_bytes(content)
        for _ in range(2):
            features, broken = FeatureStore(tmp_path / "store", EXTRACTOR).prepare(paths)
            assert not broken
            assert all(np.array_equal(features[name], values) for name, values in whole.items())


@pytest.mark.parametrize(
    "content",
    [b"[]", b"3", b'{"a": 1}', b"[" * 100_000, b"\xff", b'[["x|1|1", 0, 1e400, 2]]', b'[["\\ud800|1|1", 0, 1, 2]]'],
)
@pytest.mark.parametrize("name", ["store.json", "00000.json"])
def test_fault_62_json_of_another_shape_in_a_store_is_computed_again(
    tmp_path: Path, paths: dict[str, str], name: str, content: bytes
) -> None:
    store = FeatureStore(tmp_path / "store", EXTRACTOR)
    former_store(store, paths, {})
    (store.folder / name).write_bytes(content)
    features, broken = FeatureStore(tmp_path / "store", EXTRACTOR).prepare(paths)
    assert not broken
    assert all(np.array_equal(features[name], EXTRACTOR(audio.read(path, SR))) for name, path in paths.items())
    assert storage.read_json(store.folder / "store.json") == {**EXTRACTOR.parameters, "store": 1}


@pytest.mark.parametrize(
    "name",
    ["000000 (1).shard", "000000 (copy).shard", "00000 (1).json", "00000 (1).npy", "\u00b2.shard", "000009.shard/x"],
)
def test_fault_62_what_file_sync_leaves_in_a_store_changes_nothing(
    tmp_path: Path, paths: dict[str, str], name: str
) -> None:
    store = FeatureStore(tmp_path / "store", EXTRACTOR)
    store.prepare(paths)
    storage.write_bytes(store.folder / name, (store.folder / "000000.shard").read_bytes())
    features, broken = FeatureStore(tmp_path / "store", EXTRACTOR).prepare(paths)
    assert not broken
    assert all(np.array_equal(features[name], EXTRACTOR(audio.read(path, SR))) for name, path in paths.items())


def test_fault_34_other_parameters_are_another_store(tmp_path: Path, paths: dict[str, str]) -> None:
    first = FeatureStore(tmp_path, EXTRACTOR)
    second = FeatureStore(tmp_path, LogMel(sr=SR, n_fft=256, hop_length=128, n_mels=16))
    assert first.folder != second.folder
    assert first.prepare(paths)[0]["0.wav"].shape[1] == 8
    assert second.prepare(paths)[0]["0.wav"].shape[1] == 16


def test_any_number_of_processes_gives_the_same_features(tmp_path: Path, paths: dict[str, str]) -> None:
    one = FeatureStore(tmp_path / "one", EXTRACTOR).prepare(paths, n_jobs=1)[0]
    two = FeatureStore(tmp_path / "two", EXTRACTOR).prepare(paths, n_jobs=2)[0]
    assert all(np.array_equal(one[name], two[name]) for name in paths)


KILLED = """
import json, sys
from sedpool.features import FeatureStore, LogMel, store
store.SHARD_BYTES = store.CLIPS_A_JOB = 1
root, paths = sys.argv[1], json.loads(sys.argv[2])
print("started", flush=True)
FeatureStore(root, LogMel(sr=8000, n_fft=256, hop_length=128, n_mels=8)).prepare(paths)
"""


def test_a_killed_write_leaves_whole_shards(tmp_path: Path, counting: Counting) -> None:
    rng = np.random.default_rng(0)
    paths = {f"{index}.wav": str(tmp_path / f"{index}.wav") for index in range(200)}
    for path in paths.values():
        audio.write_wav(path, rng.normal(0, 0.1, SR), SR)
    store = FeatureStore(tmp_path / "store", counting)
    for _ in range(2):
        before = len(list(store.folder.glob("[0-9]*.shard")))
        command = [sys.executable, "-c", KILLED, str(tmp_path / "store"), json.dumps(paths)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            while len(list(store.folder.glob("[0-9]*.shard"))) < before + 5:
                assert process.poll() is None
                time.sleep(0.001)
            process.kill()
    whole = len(list(store.folder.glob("[0-9]*.shard")))
    features, broken = store.prepare(paths)
    assert not broken
    assert counting.calls == len(paths) - whole
    assert not list(store.folder.glob(".writing-*"))
    assert all(np.array_equal(features[name], EXTRACTOR(audio.read(path, SR))) for name, path in paths.items())


def test_an_interrupted_process_keeps_what_it_has_computed(
    tmp_path: Path, paths: dict[str, str], counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sedpool.features.store.CLIPS_A_JOB", 1)

    def interrupted(work: Iterable[Any], _: int) -> Iterator[Any]:
        yield from islice(work, 3)
        raise KeyboardInterrupt

    store = FeatureStore(tmp_path / "store", counting)
    with pytest.raises(KeyboardInterrupt):
        store.prepare(paths, track=interrupted)
    computed = counting.calls
    assert len(store.prepare(paths)[0]) == len(paths)
    assert counting.calls == computed + len(paths) - 3


PREPARE = """
import json, sys
from sedpool.features import FeatureStore, LogMel
root, paths = sys.argv[1], json.loads(sys.argv[2])
features, broken = FeatureStore(root, LogMel(sr=8000, n_fft=256, hop_length=128, n_mels=8)).prepare(paths)
sys.exit(0 if len(features) == len(paths) and not broken else 1)
"""


def test_fault_43_two_processes_share_the_work(tmp_path: Path, paths: dict[str, str]) -> None:
    command = [sys.executable, "-c", PREPARE, str(tmp_path / "store"), json.dumps(paths)]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(list(FeatureStore(tmp_path / "store", EXTRACTOR).folder.glob("[0-9]*.shard"))) == 1


def test_fault_79_a_store_removed_while_it_is_waited_for_is_one_line(tmp_path: Path, paths: dict[str, str]) -> None:
    store = FeatureStore(tmp_path / "store", EXTRACTOR)
    store.folder.mkdir(parents=True)
    with ThreadPoolExecutor(1) as threads, FileLock(store.folder / "lock"):
        waiting = threads.submit(store.prepare, paths, n_jobs=1)
        time.sleep(0.5)
        assert not waiting.done()
        shutil.rmtree(store.folder)
        with pytest.raises(StorageError, match=r"features cannot be kept here \(No such file or directory\)"):
            waiting.result(timeout=60)
    assert store.prepare(paths, n_jobs=1)[1] == {}


def test_fault_46_a_cache_that_cannot_be_written_is_named(tmp_path: Path, paths: dict[str, str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="choose a folder to write in, cache=FOLDER"):
        FeatureStore(tmp_path / "file", EXTRACTOR).prepare(paths)


@pytest.mark.parametrize(
    ("clips", "kind"),
    [
        (20_000, []),
        pytest.param(1_000_000, [], marks=pytest.mark.slow),
        pytest.param(1_000_000, ["--sparse"], marks=pytest.mark.slow),
    ],
)
def test_any_number_of_clips_opens_at_once_and_streams_in_little_memory(
    tmp_path: Path, clips: int, kind: list[str]
) -> None:
    script = Path(__file__).parents[2] / "scripts" / "benchmark.py"
    options = ["store", "--clips", str(clips), "--json", str(tmp_path / "rows.json"), *kind]
    subprocess.run([sys.executable, str(script), *options], check=True, stdout=subprocess.DEVNULL)
    row = json.loads((tmp_path / "rows.json").read_text())["rows"][0]
    assert row["clips"] == clips
    assert row["open_core_seconds"] < 2  # it is one thread, and other work may run beside the tests
    assert row["peak_mib"] < (1000 if clips == 1_000_000 else 300)
