"""What is identical to the bit and what is not: one small run, repeated with one thing changed each time.

Each run is a process of its own; weights, frame scores of the test clips and F1 are compared with those of the first
run. In each of these processes the first run's weights score the test recordings too. Backends that are not installed
are named and left out. The table goes into docs/numerical-trust.md; it takes some minutes. Run it from a clean
checkout.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
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
PAGE = ROOT / "docs/numerical-trust.md"
BEGIN, END = "<!-- measured -->", "<!-- end -->"
SETTINGS = (
    "model=tiny",
    "training.epochs=3",
    "training.batch_size=4",
    "training.threads=1",
    "dataset.n_train=24",
    "dataset.n_validate=8",
    "dataset.n_test=8",
    "tracking=none",
    "seed=0",
)
TRAIN_AND_SCORE = """
import sys
from pathlib import Path
from sedpool.experiment.main import main
scored = sys.argv.pop(1)
main()
import pandas as pd
import sedpool as sp
(first,) = Path(scored).with_name("first").glob("runs/*")
detector = sp.load(first)
(recordings,) = Path(sp.RunFolder(first).config["dataset"]["root"]).glob("*/audio/test")
pd.concat([detector.scores(path) for path in sorted(recordings.glob("*.wav"))]).to_parquet(scored)
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
    """Measure, and write the table into the page."""
    with TemporaryDirectory() as folder:
        table = "\n".join(measure(Path(folder)))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def measure(work: Path) -> Iterator[str]:
    """Train and score in a folder, and yield the lines of the table; rows are printed as soon as they are known."""
    first = trained(work / "first", Change("", ("jobs=1",)))
    facts = describe_environment(seed=0, threads=1, precision="float32")
    yield f"Commit `{facts['git_commit']}`, {facts['device']}, {facts['system']}, Python {facts['python']},"
    yield ", ".join(f"{name} {number}" for name, number in facts["packages"].items() if name != "sedpool") + "."
    yield f"`python scripts/numerical_trust.py`, which repeats `python train.py {' '.join(SETTINGS)}`:\n"
    yield "| changed | weights | frame scores | segment F1 | scores of the first run's weights |\n|---|---|---|---|---|"
    yield f"| nothing | – | – | {first.metrics['segment']['micro']['f1']:.4f} | – |"
    for number, change in enumerate(CHANGES):
        backend = change.environment.get("KERAS_BACKEND")
        if backend and not find_spec(backend):
            yield f"| {change.words} | not installed here | | | |"
            continue
        run = trained(work / str(number), change)
        cells = (
            difference(weights(first), weights(run)),
            difference(frames(first.scores), frames(run.scores)),
            f"{run.metrics['segment']['micro']['f1']:.4f}",
            difference(*(frames(read_scores(work / f"{name}.parquet")) for name in ("first", number))),
        )
        print(change.words, *cells, sep=" · ", flush=True)
        yield f"| {change.words} | {' | '.join(cells)} |"


def trained(folder: Path, change: Change) -> RunFolder:
    """Train one run in a process of its own, with features computed anew; there the first run's weights score too."""
    places = (f"data_root={folder.parent / 'data'}", f"cache={folder / 'features'}", f"runs={folder / 'runs'}")
    command = [sys.executable, "-c", TRAIN_AND_SCORE, f"{folder}.parquet", *SETTINGS, *places, *change.settings]
    done = subprocess.run(command, env=environment(change), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{change.words}: {done.stderr}")
    return RunFolder(done.stdout.splitlines()[-1])


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
