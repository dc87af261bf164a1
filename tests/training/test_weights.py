from pathlib import Path

import keras
import numpy as np
import pytest

from sedpool import pooling
from sedpool.errors import StorageError
from sedpool.models import build_detector, compact_cnn
from sedpool.training.arrays import read_arrays, write_arrays
from sedpool.training.weights import load_weights, save_weights


def network(classes: int = 3, filters: tuple[int, ...] = (4, 4), seed: int = 0) -> keras.Model:
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    backbone = compact_cnn(n_mels=32, filters=filters, head_filters=8)
    return build_detector(backbone, pooling.AutoPool(), classes=[f"c{i}" for i in range(classes)]).network


def test_weights_come_back_exactly(tmp_path: Path) -> None:
    save_weights(network(), tmp_path / "weights.npz")
    other = network(seed=1)
    load_weights(other, tmp_path / "weights.npz")
    for loaded, original in zip(other.weights, network().weights, strict=True):
        assert np.array_equal(loaded.numpy(), original.numpy())


def test_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_weights(network(), tmp_path / name / "weights.npz")
    assert (tmp_path / "a" / "weights.npz").read_bytes() == (tmp_path / "b" / "weights.npz").read_bytes()


def test_fault_26_a_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    save_weights(network(), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StorageError, match="differs from its sha256"):
        load_weights(network(), path)


def test_fault_27_another_architecture_is_refused_with_the_difference(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    save_weights(network(), path)
    with pytest.raises(StorageError, match=r"logits/kernel has shape \(8, 3\), expected \(8, 5\)"):
        load_weights(network(classes=5), path)
    with pytest.raises(StorageError, match=r"block2_norm/.* is missing"):
        load_weights(network(filters=(4, 4, 4)), path)


def test_fault_30_weights_without_their_hash_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    with pytest.raises(StorageError, match="missing"):
        load_weights(network(), path)
    save_weights(network(), path)
    path.with_suffix(".sha256").unlink()
    with pytest.raises(StorageError, match="missing"):
        load_weights(network(), path)


def test_fault_66_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    save_weights(network(), tmp_path / "w.npz")
    arrays = read_arrays(tmp_path / "w.npz")
    name = list(arrays)[-1]
    write_arrays(tmp_path / "w.npz", arrays | {name: np.full_like(arrays[name], np.nan)})
    with pytest.raises(StorageError, match=f"{name} holds numbers that are not finite"):
        load_weights(network(), tmp_path / "w.npz")
