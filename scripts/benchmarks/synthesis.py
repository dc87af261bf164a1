"""Soundscapes made and written in a second, against a renderer that does the same the straightforward way.

That renderer is after Scaper's documentation: each event's recording is read when it is needed, loudness is
pyloudnorm's, annotations are jams objects. Both draw the same events, write wav, JAMS and text, and share the work
among as many processes.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jams
import joblib
import numpy as np
import numpy.typing as npt
import pyloudnorm
import soundfile as sf

from sedpool import audio
from sedpool.datasets.soundscapes import ESC_FOLDS, ESC_PATTERN
from sedpool.settings.compose import config_folder
from sedpool.soundscapes.sampling import Event, draw_events, generator
from sedpool.soundscapes.sources import FileSources, divide_libraries, read_libraries
from sedpool.soundscapes.spec import SoundscapeSpec, read_spec
from sedpool.soundscapes.splits import SplitRule
from sedpool.soundscapes.writing import Plan, write_corpus

SR = 44100

Samples = npt.NDArray[np.float32]


def measure(foreground: Path, background: Path, n: int, jobs: int, turns: int) -> list[dict[str, object]]:
    """One row a renderer: median seconds for `n` soundscapes, soundscapes a second, and how much faster it is."""
    spec = read_spec(config_folder() / "soundscapes" / "default.yaml")
    libraries = divide_libraries(foreground, background, SplitRule(ESC_PATTERN, ESC_FOLDS), ["*running_tap*"], seed=0)
    sources = read_libraries(libraries, spec, strict=False, n_jobs=jobs)
    labels = {path: libraries.labels[path] for path, split in libraries.foreground_splits.items() if split == "train"}
    beds = [libraries.background / name for name, split in libraries.background_splits.items() if split == "train"]

    def ours(folder: Path, read: Callable[[], FileSources]) -> None:
        write_corpus(folder / "made", Plan("made", 0, {"train": n}, spec, {}), read, n_jobs=jobs)

    def plain(folder: Path) -> None:
        tasks = (joblib.delayed(_plain)(folder, index, spec, libraries.foreground, labels, beds) for index in range(n))
        joblib.Parallel(n_jobs=jobs)(tasks)

    renderers: dict[str, Callable[[Path], None]] = {
        "sedpool": lambda folder: ours(folder, lambda: sources),
        "sedpool, reading the recordings": lambda folder: ours(
            folder, lambda: read_libraries(libraries, spec, strict=False, n_jobs=jobs)
        ),
        "plain": plain,
    }
    _seconds(plain)  # starts the processes, and fills the caches of the disk
    seconds: dict[str, list[float]] = {name: [] for name in renderers}
    for _ in range(turns):  # they take turns, so that other load falls on all of them
        for name, renderer in renderers.items():
            seconds[name].append(_seconds(renderer))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return [
        {
            "renderer": name,
            "jobs": jobs,
            "soundscapes": n,
            "seconds": median,
            "per_second": n / median,
            "vs_plain": medians["plain"] / median,
        }
        for name, median in medians.items()
    ]


def _seconds(renderer: Callable[[Path], None]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        renderer(Path(folder))
        return time.perf_counter() - began


def _plain(
    folder: Path, index: int, spec: SoundscapeSpec, foreground: Path, labels: dict[str, str], beds: list[Path]
) -> None:
    rng = generator(0, "train", index)
    events = draw_events(spec, sorted(set(labels.values())), rng)
    bed = audio.read(beds[int(rng.integers(len(beds)))], SR)
    mixed = _at(np.resize(bed, round(spec.duration * SR)), -50.0)
    annotation = jams.Annotation(namespace="scaper", duration=spec.duration)
    lines = []
    for event in events:
        names = [name for name, label in labels.items() if label == event.label]
        name = names[int(rng.integers(len(names)))]
        samples = audio.read(foreground / name, SR)[: round(event.duration * SR)]
        first = round(event.onset * SR)
        mixed[first : first + len(samples)] += _at(_faded(samples), -50.0 + event.snr)[: len(mixed) - first]
        annotation.append(time=event.onset, duration=event.duration, value=_value(event, name), confidence=1.0)
        lines.append(f"{event.onset}\t{event.offset}\t{event.label}\n")
    sf.write(folder / f"{index}.wav", mixed, SR, subtype="PCM_16")
    document = jams.JAMS(annotations=[annotation])
    document.file_metadata.duration = spec.duration
    document.save(str(folder / f"{index}.jams"))
    (folder / f"{index}.txt").write_text("".join(lines))


def _at(samples: Samples, level: float) -> Samples:
    """Scale samples to `level` LUFS."""
    repeats = int(np.ceil(0.5 * SR / len(samples)))
    loudness = max(pyloudnorm.Meter(SR).integrated_loudness(np.tile(samples, repeats)), -70.0)
    return samples * np.float32(10 ** ((level - loudness) / 20))


def _faded(samples: Samples) -> Samples:
    n = min(441, len(samples) // 2)
    ramp: Samples = np.sin(np.linspace(0, np.pi / 2, n, dtype=np.float32))
    return samples * np.concatenate((ramp, np.ones(len(samples) - 2 * n, np.float32), ramp[::-1]))


def _value(event: Event, name: str) -> dict[str, object]:
    return {
        "label": event.label,
        "source_file": name,
        "source_time": 0.0,
        "event_time": event.onset,
        "event_duration": event.duration,
        "snr": event.snr,
        "role": "foreground",
        "pitch_shift": None,
        "time_stretch": None,
    }
