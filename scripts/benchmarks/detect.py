"""How fast, and in how much memory, are long recordings detected in? Against a plain loop that a user would write.

The loop reads windows of ten seconds with soundfile, computes their log-mel spectrograms with librosa and predicts them
in batches of 32. It is timed as it is, and with its features computed by two threads.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile as sf

from sedpool.features.logmel import LogMel
from sedpool.inference.decode import Decoder
from sedpool.inference.recordings import Method, Recording, detect_recording
from sedpool.inference.trained_detector import TrainedDetector
from sedpool.models.backbones import compact_cnn, paper_cnn
from sedpool.models.detector import build_detector
from sedpool.pooling import AutoPool
from sedpool.runtime.backend import configure

SR = 44100
PATCH = 430
CLASSES = tuple(f"class{number}" for number in range(10))
BATCH = 32


def trained(network: str) -> TrainedDetector:
    """Make a detector whose weights were never trained, which costs as much as one whose were."""
    configure(seed=0, threads=None, precision="float32")
    backbone = {"compact": compact_cnn, "paper": paper_cnn}[network]()
    detector = build_detector(backbone, AutoPool(axis=1), classes=CLASSES, patch_frames=PATCH)
    decoder = Decoder(threshold=0.9, median_filter=1.0)
    return TrainedDetector(detector, None, LogMel(reference="fixed"), Path(), PATCH, decoder)  # type: ignore[arg-type]


def noise(path: Path, seconds: int, **options: Any) -> Path:
    """Write noise whose level changes, a minute at a time."""
    rng = np.random.default_rng(0)
    sr, channels = options.pop("sr", SR), options.pop("channels", 1)
    with sf.SoundFile(path, "w", sr, channels, **options) as file:
        for _ in range(seconds // 60):
            samples = rng.normal(0, 0.05, (60 * sr, channels)).astype(np.float32)
            samples *= rng.uniform(0.1, 1, (60, 1)).repeat(sr, axis=0).astype(np.float32)
            for first in range(0, len(samples), sr):  # libsndfile dies of long Ogg blocks
                file.write(samples[first : first + sr])
    return path


def silence(path: Path, hours: int) -> Path:
    """Write a WAV file of digital silence that takes no room on the disk."""
    size = hours * 3600 * SR * 2
    with sf.SoundFile(path, "w", SR, 1, format="RF64" if size >= 2**32 else "WAV", subtype="PCM_16"):
        pass
    head = bytearray(path.read_bytes())
    if size < 2**32:
        head[4:8], head[40:44] = (len(head) + size - 8).to_bytes(4, "little"), size.to_bytes(4, "little")
    else:  # the sizes of RIFF and data in the chunk ds64, and the number of samples
        at = head.index(b"ds64") + 8
        for place, value in ((at, len(head) + size - 8), (at + 8, size), (at + 16, size // 2)):
            head[place : place + 8] = value.to_bytes(8, "little")
    path.write_bytes(head)
    with path.open("rb+") as file:
        file.truncate(len(head) + size)
    return path


def ours(detector: TrainedDetector, path: Path) -> None:
    """Detect as ``sedpool detect`` does."""
    with ThreadPoolExecutor() as executor:
        detect_recording(Method((detector,), detector.decoder), Recording(path.name, path), executor=executor)


def plain_loop(detector: TrainedDetector, path: Path, threads: int = 1) -> None:
    """Score windows that overlap as ours do, in batches."""
    windows, step = detector.windows, detector.detector.min_frames * 1024
    length, hop = windows.length * step, windows.hop * step

    def features(samples: np.ndarray) -> np.ndarray:
        mel = librosa.feature.melspectrogram(y=samples, sr=SR, n_fft=2048, hop_length=1024, n_mels=128)
        return np.asarray(librosa.power_to_db(mel).T[: length // 1024], np.float32)

    def batches() -> Iterator[list[np.ndarray]]:
        with sf.SoundFile(path) as file:
            batch = []
            for block in file.blocks(length, overlap=length - hop, dtype="float32", fill_value=0):
                batch.append(block)
                if len(batch) == BATCH:
                    yield batch
                    batch = []
            if batch:
                yield batch

    with ThreadPoolExecutor(threads) as pool:
        for batch in batches():
            detector.detector.network.predict_on_batch(np.stack(list(pool.map(features, batch))))


def compare(network: str, path: Path, seconds: float, turns: int) -> list[dict[str, object]]:
    """Time ours and the loop in turns."""
    detector = trained(network)
    overlap = 1 - detector.windows.hop / detector.windows.length
    candidates: dict[str, Callable[[], None]] = {
        "sedpool detect": lambda: ours(detector, path),
        "plain loop": lambda: plain_loop(detector, path),
        "plain loop, two threads": lambda: plain_loop(detector, path, threads=2),
    }
    short = path.with_name("short.wav")
    noise(short, 60)
    for run in (ours, plain_loop):
        run(detector, short)  # compile
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(turns):
        for name, run_candidate in candidates.items():
            began = time.perf_counter()
            run_candidate()
            taken[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    return [
        {
            "network": network,
            "name": name,
            "overlap": overlap,
            "seconds": value,
            "x real time": seconds / value,
            "vs plain loop": medians["plain loop"] / value,
        }
        for name, value in medians.items()
    ]


def measure(turns: int, minutes: int) -> list[dict[str, object]]:
    """Time both networks on one recording; without torch's or librosa's start."""
    with tempfile.TemporaryDirectory() as folder:
        path = noise(Path(folder, "a.wav"), 60 * minutes)
        return [row for network in ("compact", "paper") for row in compare(network, path, 60.0 * minutes, turns)]


def measure_formats(turns: int, minutes: int) -> list[dict[str, object]]:
    """Time the compact network on one recording in several formats."""
    formats: dict[str, dict[str, Any]] = {
        "wav": {},
        "flac": {},
        "mp3": {},
        "ogg": {},
        "48 kHz stereo wav": {"sr": 48000, "channels": 2},
    }
    detector, rows = trained("compact"), []
    with tempfile.TemporaryDirectory() as folder:
        ours(detector, noise(Path(folder, "warm.wav"), 60))
        for name, options in formats.items():
            path = noise(Path(folder, f"a.{name.split()[-1]}"), 60 * minutes, **options)
            taken = []
            for _ in range(turns):
                began = time.perf_counter()
                ours(detector, path)
                taken.append(time.perf_counter() - began)
            seconds = statistics.median(taken)
            rows.append({"format": name, "seconds": seconds, "x real time": 60.0 * minutes / seconds})
    return rows


def measure_memory(hours: tuple[int, ...] = (1, 24)) -> list[dict[str, object]]:
    """Detect in silent recordings of different lengths, each in a process of its own; peak memory and time."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for length in hours:
            path = silence(Path(folder, f"{length}h.wav"), length)
            program = (
                "import sys, time, resource; sys.path.insert(0, 'scripts')\n"
                "from pathlib import Path\n"
                "from benchmarks.detect import ours, trained\n"
                "detector = trained('compact'); detector.windows\n"
                "began = time.perf_counter(); ours(detector, Path(sys.argv[1]))\n"
                "print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
            )
            output = subprocess.run(
                [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
            ).stdout
            seconds, mib = map(float, output.split()[-2:])
            rows.append({"hours": length, "seconds": seconds, "x real time": 3600 * length / seconds, "peak MiB": mib})
    return rows
