import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from sedpool import audio
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
    (shard,) = store.folder.glob("*.npy")
    content = bytearray(shard.read_bytes())
    content[-10] ^= 1
    if damage == "flip":
        shard.write_bytes(content)
    elif damage == "truncate":
        shard.write_bytes(content[: len(content) // 2])
    elif damage == "remove":
        shard.unlink()
    else:
        shard.with_suffix(".json").write_text("[[")
    features, _ = store.prepare(paths)
    assert counting.calls > len(paths)
    assert all(np.array_equal(features[name], good[name]) for name in paths)


def test_fault_33_pickled_arrays_are_not_opened(tmp_path: Path, paths: dict[str, str], counting: Counting) -> None:
    store = FeatureStore(tmp_path / "store", counting)
    store.prepare(paths)
    (shard,) = store.folder.glob("*.npy")
    np.save(shard, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    features, _ = store.prepare(paths)
    assert counting.calls == 2 * len(paths)
    assert len(features) == len(paths)


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
    assert len(list(FeatureStore(tmp_path / "store", EXTRACTOR).folder.glob("*.npy"))) == 1


def test_fault_46_a_cache_that_cannot_be_written_is_named(tmp_path: Path, paths: dict[str, str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="choose a folder to write in, cache=FOLDER"):
        FeatureStore(tmp_path / "file", EXTRACTOR).prepare(paths)
