"""The same recipe on JAX and PyTorch, in environments without TensorFlow."""

import os
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.training import other_backend

ROOT = Path(__file__).parents[2]
N_STEPS = 20


@pytest.fixture(scope="module")
def python() -> str:
    """Interpreter with JAX and PyTorch."""
    path = os.environ.get("SEDPOOL_BACKENDS_PYTHON")
    if not path:
        pytest.skip("set SEDPOOL_BACKENDS_PYTHON to a Python with sedpool's dependencies, jax and torch to run this")
    return path


@pytest.fixture(scope="module")
def given() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(-40, 10, (N_STEPS, 8, 64, 32)).astype("float32")
    weights = other_backend.small_network().network.get_weights()
    return {
        "x": x,
        "y": (rng.random((N_STEPS, 8, 3)) < 0.5).astype("float32"),
        **{f"weight{index}": weight for index, weight in enumerate(weights)},
    }


@pytest.fixture(scope="module")
def ours(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    keras.config.set_dtype_policy("float32")
    return other_backend.losses_and_outputs(given)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_backends_agree(
    backend: str, python: str, given: dict[str, np.ndarray], ours: dict[str, np.ndarray], tmp_path: Path
) -> None:
    np.savez(tmp_path / "given.npz", **given)
    environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    command = [python, other_backend.__file__, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "made.npz") as made:
        for name in ("frames", "clip", "shares"):
            assert made[name] == pytest.approx(ours[name], abs=1e-4)
        assert made["losses"] == pytest.approx(ours["losses"], abs=1e-4)
