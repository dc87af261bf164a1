"""Throughput of two jobs at once against one after the other: what processes that share a machine cost each other."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TRAIN = Path(__file__).parents[2] / "train.py"
N_JOBS = 4


def measure(epochs: int, turns: int) -> list[dict[str, object]]:
    """One row per number of jobs at once: median seconds of a sweep of four jobs, and its throughput."""
    with tempfile.TemporaryDirectory() as folder:
        _sweep(Path(folder), "first", epochs=1, n_jobs=1)  # makes the corpus and computes its features
        seconds: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(turns):  # they take turns, so that other load falls on both
            for n_jobs, times in seconds.items():
                began = time.perf_counter()
                _sweep(Path(folder), f"{turn}-{n_jobs}", epochs=epochs, n_jobs=n_jobs)
                times.append(time.perf_counter() - began)
    medians = {n_jobs: statistics.median(times) for n_jobs, times in seconds.items()}
    return [
        {
            "jobs at once": str(n_jobs),
            "seconds": median,
            "jobs per hour": N_JOBS * 3600 / median,
            "times one after the other": medians[1] / median,
            "times its share of the processors": medians[1] / median / min(n_jobs, os.cpu_count() or 1),
        }
        for n_jobs, median in medians.items()
    ]


def _sweep(folder: Path, name: str, *, epochs: int, n_jobs: int) -> None:
    settings = [
        "seed=0,1,2,3",
        f"training.epochs={epochs}",
        f"training.early_stopping_patience={epochs}",
        "training.threads=1",
        "tracking=none",
        f"data_root={folder / 'data'}",
        f"runs={folder / name}",
        f"launcher.jobs={n_jobs}",
    ]
    subprocess.run([sys.executable, str(TRAIN), "-m", *settings], check=True, capture_output=True)
