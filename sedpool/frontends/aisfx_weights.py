"""The weights of aisfx: taken out of the package that carries them, and kept as a plain file with a known hash."""

import io
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np

from sedpool import storage
from sedpool.errors import ConfigError, StorageError
from sedpool.frontends.catalog import AISFX, models_folder
from sedpool.frontends.checkpoint import read_checkpoint
from sedpool.runtime.arrays import Float32Array

_CHECKPOINT = "aisfx/models/checkpoint.pth"
_EPSILON = 1e-5  # of the batch normalisation

Weights = Mapping[str, Float32Array]


def weights_of_wheel(wheel: bytes) -> dict[str, Float32Array]:
    """Take the convolutions out of the package as it is distributed.

    Parameters
    ----------
    wheel : bytes
        The file, which was compared with its hash.

    Returns
    -------
    weights : dict of str to ndarray
        ``block1_1_kernel`` (time, frequency, filters in, filters out), ``block1_1_bias`` (filters out) and so on for
        two convolutions of each block; batch normalisation is in them.
    """
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        state, _ = read_checkpoint(archive.read(_CHECKPOINT))
    weights: dict[str, Float32Array] = {}
    for block in (1, 2, 3, 4):
        for index in (1, 2):
            prefix = f"embedding_net.conv_block{block}"
            kernel = state[f"{prefix}.conv{index}.weight"].astype(np.float64)
            norm = {
                name: state[f"{prefix}.bn{index}.{name}"].astype(np.float64)
                for name in ("weight", "bias", "running_mean", "running_var")
            }
            factor = norm["weight"] / np.sqrt(norm["running_var"] + _EPSILON)
            kernel = (kernel * factor[:, None, None, None]).transpose(2, 3, 1, 0)
            weights[f"block{block}_{index}_kernel"] = np.ascontiguousarray(kernel, dtype=np.float32)
            bias = norm["bias"] - norm["running_mean"] * factor
            weights[f"block{block}_{index}_bias"] = bias.astype(np.float32)
    return weights


def hash_of(weights: Weights) -> str:
    """Return the SHA-256 of weights by name, whatever file they lie in."""
    digest = sha256()
    for name, array in sorted(weights.items()):
        digest.update(f"{name} {array.shape} {array.dtype.str}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def weights_file() -> Path:
    """Return where the converted weights lie."""
    return models_folder() / f"{AISFX.name}.npz"


def write_weights(weights: Weights) -> Path:
    """Write converted weights to their place, which is returned.

    Raises
    ------
    StorageError
        If they are not those that every run of sedpool uses.
    """
    if hash_of(weights) != AISFX.sha256:
        raise StorageError(f"{AISFX.name}: converted to other weights than expected; nothing is kept")
    path = weights_file()
    with storage.atomic_path(path) as temporary:
        np.savez(temporary, **weights)  # type: ignore[arg-type]
    return path


def read_weights() -> dict[str, Float32Array]:
    """Read the converted weights.

    Raises
    ------
    ConfigError
        If they are not there.
    StorageError
        If they are damaged.
    """
    path = weights_file()
    require_weights()
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            weights = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        weights = {}
    if hash_of(weights) != AISFX.sha256:
        raise StorageError(f"{path}: damaged; get it again: {AISFX.command}")
    return weights


def require_weights() -> None:
    """See that the weights are there.

    Raises
    ------
    ConfigError
        If not; it says what to type.
    """
    if not weights_file().is_file():
        raise ConfigError(f"{weights_file()}: no weights of {AISFX.name} here; get them: {AISFX.command}")
