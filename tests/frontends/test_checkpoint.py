import io
import pickle
import zipfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.errors import StorageError
from sedpool.frontends.checkpoint import read_checkpoint


class Named:
    """Pickled as a call of any name, as PyTorch does it for tensors."""

    def __init__(self, name: str, *arguments: Any) -> None:
        self.name, self.arguments = name, arguments


class Storage(str):
    """Pickled as a reference to raw data beside the pickle."""


class Pickler(pickle._Pickler):  # the one in Python, whose output can be shaped
    def persistent_id(self, value: Any) -> Any:
        return None

    def save(self, value: Any, save_persistent_id: bool = True) -> None:
        if isinstance(value, Named):
            self.write_name(value.name)
            self.save(value.arguments)
            self.write(pickle.REDUCE)
        elif isinstance(value, Storage):
            self.write(pickle.MARK)
            self.save("storage")
            self.write_name("torch FloatStorage")
            for part in (str(value), "cpu", 6):
                self.save(part)
            self.write(pickle.TUPLE + pickle.BINPERSID)
        else:
            super().save(value, save_persistent_id)

    def write_name(self, name: str) -> None:
        self.write(pickle.GLOBAL + name.replace(" ", "\n").encode() + b"\n")


def checkpoint(value: Any, **arrays: np.ndarray) -> bytes:
    """The bytes that ``torch.save`` would write."""
    pickled, buffer = io.BytesIO(), io.BytesIO()
    Pickler(pickled, protocol=2).dump(value)
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickled.getvalue())
        for name, array in arrays.items():
            archive.writestr(f"archive/data/{name}", array.tobytes())
    return buffer.getvalue()


def tensor(key: str, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Named:
    return Named("torch._utils _rebuild_tensor_v2", Storage(key), offset, size, stride, False, OrderedDict())


def test_arrays_come_back() -> None:
    values = np.arange(7, dtype=np.float32)
    found = read_checkpoint(checkpoint({"w": tensor("0", 1, (2, 3), (3, 1)), "n": 3}, **{"0": values}))
    assert found["w"].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert found["n"] == 3


def test_a_tensor_that_lies_otherwise_is_refused() -> None:
    with pytest.raises(StorageError, match="strides"):
        read_checkpoint(checkpoint(tensor("0", 0, (2, 3), (1, 2)), **{"0": np.zeros(6, np.float32)}))


@pytest.mark.parametrize(
    "name", ["os system", "builtins eval", "torch load", "numpy fromfile", "codecs open", "sedpool.storage os.system"]
)
def test_no_other_name_is_called(name: str, tmp_path: Path) -> None:
    hurt = tmp_path / "hurt"
    with pytest.raises(StorageError, match=f"asks for {name.replace(' ', '.')}, which is not executed"):
        read_checkpoint(checkpoint(Named(name, f"touch {hurt}")))
    assert not hurt.exists()


@given(st.binary(max_size=200))
def test_anything_else_is_one_error(content: bytes) -> None:
    with pytest.raises(StorageError):
        read_checkpoint(content)


@given(st.binary(max_size=60))
def test_any_pickle_is_read_or_one_error(pickled: bytes) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    with suppress(StorageError):
        read_checkpoint(buffer.getvalue())
