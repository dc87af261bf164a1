"""The same recipe on JAX and PyTorch, in environments without TensorFlow."""

import os
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest

from sedpool.run_folder import RunFolder
from tests.experiment.small import SMALL
from tests.training import other_backend, small_run
from tests.training.test_checkpoint import assert_same_run, kill_after

ROOT = Path(__file__).parents[2]
N_STEPS = 20
VARIABLES = {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}


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


def run_on(backend: str, python: str, script: str, *arguments: str | Path) -> str:
    """Run a script in a process of its own; what it says on standard error."""
    environment = os.environ | VARIABLES | {"KERAS_BACKEND": backend}
    done = subprocess.run([python, script, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_backends_agree(
    backend: str, python: str, given: dict[str, np.ndarray], ours: dict[str, np.ndarray], tmp_path: Path
) -> None:
    np.savez(tmp_path / "given.npz", **given)
    run_on(backend, python, other_backend.__file__, tmp_path)
    with np.load(tmp_path / "made.npz") as made:
        for name in ("frames", "clip", "shares"):
            assert made[name] == pytest.approx(ours[name], abs=1e-4)
        for name in ("losses", "mixed_losses"):
            assert made[name] == pytest.approx(ours[name], abs=1e-4)


@pytest.mark.parametrize("backend", ["jax", "torch"])
@pytest.mark.parametrize(
    ("settings", "earlier_rounds"),
    [
        (["training=self_train", "training.epochs=1"], ["0", "1"]),
        (["supervision=strong", "training.monitor=psds1"], []),
        (["supervision=mixed"], []),
    ],
)
def test_every_way_to_train_runs_on_every_backend(
    backend: str, settings: list[str], earlier_rounds: list[str], python: str, data_root: Path, tmp_path: Path
) -> None:
    folders = (f"data_root={data_root}", f"runs={tmp_path}", f"cache={tmp_path / 'features'}")
    run_on(backend, python, str(ROOT / "train.py"), *SMALL, *settings, *folders)
    run = RunFolder(next(path.parent for path in tmp_path.glob("*/metrics.json")))
    assert run.environment["backend"] == backend
    assert sorted(path.name for path in run.path.glob("rounds/*")) == earlier_rounds
    assert np.isfinite(run.history["val_loss"]).all()


def test_fault_28_a_run_killed_on_jax_ends_with_the_bits_of_an_uninterrupted_one(python: str, tmp_path: Path) -> None:
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    run_on("jax", python, small_run.__file__, alone)
    kill_after(0.1, killed, python, KERAS_BACKEND="jax", **VARIABLES)
    assert "going on from epoch" in run_on("jax", python, small_run.__file__, killed)
    assert_same_run(killed, alone)
