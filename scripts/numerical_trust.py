"""What is identical to the bit and what is not: one small run, repeated with one thing changed each time.

Each run is a command of its own; weights, frame scores of the test clips and F1 are compared with those of the first
run. Then the first run's weights score the same recordings in each of these ways. Backends that are not installed are
named and left out. The table is printed as Markdown, for docs/numerical-trust.md; it takes some minutes. Run it from a
clean checkout.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import typer

from sedpool.run_folder import RunFolder
from sedpool.runtime.environment import describe_environment
from sedpool.scores import read_scores

ROOT = Path(__file__).parents[1]
SETTINGS = (
    "model=tiny",
    "augment=light",
    "training.epochs=3",
    "training.batch_size=8",
    "training.threads=1",
    "dataset.n_train=48",
    "dataset.n_validate=16",
    "dataset.n_test=16",
    "tracking=none",
    "seed=0",
)
SCORE = """
import sys
from pathlib import Path
from sedpool.runtime.backend import import_backend
import_backend(int(sys.argv[4]))
import pandas as pd
import sedpool as sp
detector = sp.load(sys.argv[1])
paths = sorted(Path(sys.argv[2]).rglob("*.wav"))
pd.concat([detector.scores(path) for path in paths]).to_parquet(sys.argv[3])
"""


class Change(NamedTuple):
    """What is done differently: in words, as settings, and as environment variables."""

    words: str
    settings: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}


CHANGES = (
    Change("the same command again, in another folder"),
    Change("features computed in 2 processes in place of 1", ("jobs=2",)),
    Change("2 threads in place of 1", ("training.threads=2",)),
    Change("without oneDNN", environment={"TF_ENABLE_ONEDNN_OPTS": "0"}),
    Change("oneDNN held to AVX2", environment={"ONEDNN_MAX_CPU_ISA": "AVX2"}),
    Change("oneDNN held to SSE 4.1", environment={"ONEDNN_MAX_CPU_ISA": "SSE41"}),
    Change("NumPy without AVX2 and AVX-512", environment={"NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4"}),
    Change("bfloat16", ("training.precision=mixed_bfloat16",)),
    Change("JAX", environment={"KERAS_BACKEND": "jax"}),
    Change("PyTorch", environment={"KERAS_BACKEND": "torch"}),
    Change("another seed, for comparison", ("seed=1",)),
)


def main() -> None:
    """Print the table."""
    with TemporaryDirectory() as folder:
        measure(Path(folder))


def measure(work: Path) -> None:
    """Train and score in a folder, and print each row as soon as it is known."""
    first = train(work / "first", Change("", ("jobs=1",)))
    facts = describe_environment(seed=0, threads=1, precision="float32")
    print(f"Commit `{facts['git_commit']}`, seed 0, {facts['device']}, {facts['system']}, Python {facts['python']},")
    print(", ".join(f"{name} {number}" for name, number in facts["packages"].items() if name != "sedpool") + ".\n")
    print(f"`python scripts/numerical_trust.py`, which gives `python train.py {' '.join(SETTINGS)}`.\n")
    print("| changed | weights | frame scores | segment F1 | scores of the first run's weights |")
    print("|---|---|---|---|---|")
    print(f"| nothing | – | – | {first.metrics['segment']['micro']['f1']:.4f} | – |", flush=True)
    expected = score(first, work / "first.parquet", Change(""))
    for number, change in enumerate(CHANGES):
        backend = change.environment.get("KERAS_BACKEND")
        if backend and not find_spec(backend):
            print(f"| {change.words} | not installed here | | | |", flush=True)
            continue
        run = train(work / str(number), change)
        trained = (difference(weights(first), weights(run)), difference(frames(first.scores), frames(run.scores)))
        f1 = run.metrics["segment"]["micro"]["f1"]
        is_of_training = any(not setting.startswith("training.threads") for setting in change.settings)
        again = "" if is_of_training else difference(expected, score(first, work / f"{number}.parquet", change))
        print(f"| {change.words} | {trained[0]} | {trained[1]} | {f1:.4f} | {again} |", flush=True)


def train(folder: Path, change: Change) -> RunFolder:
    """Train one run in a process of its own; features are computed anew."""
    places = (f"data_root={folder.parent / 'data'}", f"cache={folder / 'features'}", f"runs={folder / 'runs'}")
    command = [sys.executable, str(ROOT / "train.py"), *SETTINGS, *places, *change.settings]
    done = subprocess.run(command, env=environment(change), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{change.words}: {done.stderr}")
    return RunFolder(done.stdout.splitlines()[-1])


def score(run: RunFolder, path: Path, change: Change) -> list[Any]:
    """Score the corpus's test recordings with a trained run, in a process of its own."""
    (recordings,) = Path(run.config["dataset"]["root"]).glob("*/audio/test")
    threads = "2" if "training.threads=2" in change.settings else "1"
    command = [sys.executable, "-c", SCORE, str(run.path), str(recordings), str(path), threads]
    subprocess.run(command, env=environment(change), check=True)
    return frames(read_scores(path))


def environment(change: Change) -> dict[str, str]:
    """Return the environment of a process, which imports this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **change.environment}


def weights(run: RunFolder) -> list[Any]:
    """Return the arrays of a run's weights."""
    with np.load(run.file("weights.npz"), allow_pickle=False) as arrays:
        return [arrays[name] for name in sorted(arrays.files)]


def frames(scores: Any) -> list[Any]:
    """Return the probabilities of frames."""
    return [scores.iloc[:, 3:].to_numpy()]


def difference(ours: list[Any], theirs: list[Any]) -> str:
    """Say whether arrays are the same to the bit, or by how much they differ at most."""
    if [one.shape for one in ours] != [one.shape for one in theirs]:
        return "of another shape"
    if all(one.tobytes() == other.tobytes() for one, other in zip(ours, theirs, strict=True)):
        return "identical"
    return f"up to {max(float(np.abs(one - other).max()) for one, other in zip(ours, theirs, strict=True)):.1e}"


if __name__ == "__main__":
    typer.run(main)
