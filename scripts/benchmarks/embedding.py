"""Embeddings of aisfx against its own network in PyTorch, and detection with them against real time.

Ours and PyTorch's take turns, a process of PyTorch for each turn, so that whatever else the machine does falls on both.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.detect import noise, ours
from sedpool.frontends import Aisfx
from sedpool.inference.decode import Decoder
from sedpool.inference.trained_detector import TrainedDetector
from sedpool.models import build_detector, embedding_head
from sedpool.pooling import AutoPool
from sedpool.runtime.backend import configure, import_backend

FRAMES = 856  # of the spectrogram: 20 s
SECONDS = FRAMES * 1024 / 44100


def measure(turns: int, minutes: int, threads: int, wheel: Path, torch_python: str | None) -> list[dict[str, object]]:
    """Return one row per candidate: seconds of sound that a second embeds or detects in."""
    import_backend(threads)
    configure(seed=0, threads=threads, precision="float32")
    spectrogram = np.random.default_rng(0).random((FRAMES, 96), dtype=np.float32)
    taken: dict[str, list[float]] = {}
    for turn in range(turns + 1):
        for period in (186, 93, 46, 23):
            began = time.perf_counter()
            for _ in range(3):
                Aisfx(period).embed(spectrogram)
            if turn:  # the first builds the network
                taken.setdefault(f"sedpool, {period} ms", []).append((time.perf_counter() - began) / 3)
        if turn:
            script = [str(Path(__file__).with_name("torch_embedding.py")), str(wheel), str(FRAMES), str(threads), "3"]
            done = subprocess.run([torch_python or sys.executable, "-P", *script], capture_output=True, check=True)
            for name, values in json.loads(done.stdout.splitlines()[-1]).items():
                taken.setdefault(name, []).append(statistics.mean(values))
    seconds = {name: statistics.median(values) for name, values in taken.items()}
    rows: list[dict[str, object]] = [
        {"what": name, "times_real_time": SECONDS / value, "vs_pytorch": seconds["PyTorch"] / value, "overlap": np.nan}
        for name, value in seconds.items()
    ]
    head = embedding_head()
    detector = build_detector(head, AutoPool(axis=1), classes=[f"class{number}" for number in range(10)])
    one = TrainedDetector(detector, None, Aisfx(93), Path(), 107, Decoder(threshold=0.9))  # type: ignore[arg-type]
    overlap = 1 - one.windows.hop / one.windows.length
    with tempfile.TemporaryDirectory() as folder:
        path, times = noise(Path(folder, "noise.wav"), minutes * 60), []
        for _ in range(turns + 1):
            began = time.perf_counter()
            ours(one, path)
            times.append(time.perf_counter() - began)
    speed = minutes * 60 / statistics.median(times[1:])
    return [*rows, {"what": "detect, 93 ms", "times_real_time": speed, "vs_pytorch": np.nan, "overlap": overlap}]
