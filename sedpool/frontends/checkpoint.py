"""Reading a PyTorch checkpoint without PyTorch, and without running anything that is in it.

A checkpoint is a zip archive of a pickle and raw arrays. A pickle may call any function there is; this one gets what a
checkpoint of plain arrays needs, and every other name is refused.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sedpool.errors import StorageError

_KINDS = {"FloatStorage": np.float32, "LongStorage": np.int64}


def _tensor(storage: npt.NDArray[Any], offset: int, size: Sequence[int], stride: Sequence[int], *_: Any) -> Any:
    """Return the array that a tensor is; only those that lie in their storage as C has them."""
    count = int(np.prod(size))
    if list(stride) != [int(np.prod(size[axis + 1 :])) for axis in range(len(size))]:
        raise StorageError(f"a tensor of shape {tuple(size)} has strides {tuple(stride)}; expected a contiguous one")
    return storage[offset : offset + count].reshape(size)


_ALLOWED: Mapping[tuple[str, str], Any] = {
    ("_codecs", "encode"): str.encode,
    ("collections", "OrderedDict"): OrderedDict,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "scalar"): lambda dtype, data: np.frombuffer(data, dtype)[0],
    ("torch", "FloatStorage"): "FloatStorage",
    ("torch", "LongStorage"): "LongStorage",
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{folder}/data.pkl")))
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise StorageError(f"the checkpoint asks for {module}.{name}, which is not executed; get the weights again")
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> npt.NDArray[Any]:
        _, kind, key, *_ = pid
        return np.frombuffer(self._archive.read(f"{self._folder}/data/{key}"), _KINDS[kind])


def read_checkpoint(content: bytes) -> Any:
    """Return what a checkpoint holds, with arrays in place of tensors.

    Parameters
    ----------
    content : bytes
        The file, as ``torch.save`` writes it.

    Raises
    ------
    StorageError
        If it is no such file, or names anything that plain arrays do not need; nothing of it is executed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (pickled,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
            return _Unpickler(archive, pickled.removesuffix("/data.pkl")).load()
    except StorageError:
        raise
    except Exception as error:  # a damaged pickle can end in any
        raise StorageError(f"no readable checkpoint ({' '.join(str(error).split())}); get the weights again") from None
