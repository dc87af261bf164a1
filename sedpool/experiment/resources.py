"""What a sweep, an extraction or a detection will take: from finished runs, or from a short step that is timed here."""

import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pandas as pd

from sedpool import audio
from sedpool.comparison.labels import counted
from sedpool.errors import AudioError, ConfigError, DataError
from sedpool.experiment.jobs import Progress, all_progress, kind_of
from sedpool.experiment.launchers.schedule import duration, measure_together
from sedpool.experiment.run import build_dataset
from sedpool.features.store import FeatureStore
from sedpool.inference.recordings import Method, Recording, detect_recording
from sedpool.run_folder import RunFolder
from sedpool.settings.compose import compose
from sedpool.settings.instantiate import build
from sedpool.settings.overrides import sweep_combinations

_CLIPS = 16  # that a short extraction computes
_RECORDINGS, _SECONDS = 4, 60.0  # that a short detection reads, and of each
_UNIT = 1 << 10 if sys.platform != "darwin" else 1  # bytes in which the system counts memory


@dataclass(frozen=True)
class Work:
    """Items of work, each of which one process does at a time.

    Attributes
    ----------
    what : str
        In words, e.g. ``18 runs``.
    seconds : tuple of float
        Of each item in a process of its own.
    at_most : tuple of float
        Likewise, if none stops early.
    disk : float or None
        Bytes that are written; None if unknown.
    read : float
        Bytes that are read from where the recordings lie.
    memory : int
        Bytes that a process takes.
    watt_hours : float or None
        Of all items; None where nothing meters them.
    basis : str
        What was measured.
    """

    what: str
    seconds: tuple[float, ...]
    at_most: tuple[float, ...]
    disk: float | None
    read: float
    memory: int
    watt_hours: float | None
    basis: str

    def report(self, machines: int, jobs: int, folder: Path) -> list[str]:
        """Return what it takes on so many machines like this one, and what limits it, a line each.

        Parameters
        ----------
        machines, jobs : int
            How many machines, and processes at a time on each.
        folder : Path
            Where results go.
        """
        places = machines * jobs
        about, most = (max(sum(each) / places, max(each, default=0.0)) for each in (self.seconds, self.at_most))
        exists = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        free, total = shutil.disk_usage(exists).free, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        limits = []
        if self.disk is not None and self.disk > free:
            limits.append(f"disk: {size(free)} are free in {exists}")
        if jobs * self.memory > total:
            limits.append(
                f"memory: this machine has {size(total)}; it has room for {int(total // self.memory)} at a time"
            )
        if places >= len(self.seconds):
            limits.append(f"the longest of them: {counted(places, 'place')} for {len(self.seconds)}, more do not help")
        if self.read:
            limits.append(f"reading, where recordings come at less than {size(self.read / about)} a second")
        if len(limits) == bool(self.read):
            limits.insert(0, "computing: twice the machines take half the time")
        time_left = f"about {duration(about)}" + (f", at most {duration(most)}" if most > 1.02 * about else "")
        energy = "unknown; pip install 'sedpool[energy]' meters it"
        return [
            f"{self.what} on {counted(machines, 'machine')}, {jobs} at a time on each",
            f"time: {time_left} ({duration(sum(self.seconds))} of one process)",
            f"disk: {'unknown before a run of this kind has finished' if self.disk is None else size(self.disk)}",
            f"memory: {size(self.memory)} a process, {size(jobs * self.memory)} a machine",
            f"energy: {energy if self.watt_hours is None else f'{self.watt_hours / 1000:.3g} kWh'}",
            f"from: {self.basis}; the rest is in proportion",
            *(f"limit: {limit}" for limit in limits),
        ]


def size(n_bytes: float) -> str:
    """Return a number of bytes in words.

    Examples
    --------
    >>> size(1536), size(2.5e9)
    ('2 kB', '2.5 GB')
    """
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.3g} {unit}"
    return f"{n_bytes / 1e3:.0f} kB"


def sweep_work(overrides: Sequence[str], jobs: int) -> Work:
    """Return what the runs of a sweep take, from finished ones of their kind, otherwise from steps that are timed here.

    Parameters
    ----------
    overrides : sequence of str
        As ``sedpool train -m`` takes them.
    jobs : int
        Processes at a time, while steps are timed.
    """
    configs = [compose(words) for words in sweep_combinations(overrides)]
    runs_folder = Path(configs[0]["runs"])
    try:
        finished = [run for run in all_progress(runs_folder) if run.state == "done" and run.seconds]
    except ConfigError:
        finished = []
    by_kind: dict[str, list[Progress]] = {}
    for run in finished:
        by_kind.setdefault(run.kind, []).append(run)
    timed: dict[str, float] = {}
    seconds, at_most, disk, energy = [], [], list[float | None](), list[float | None]()
    for config in configs:
        kind = kind_of(config)
        same = by_kind.get(kind, [])
        if kind not in timed and (not same or not timed):  # one is timed in any case, for its memory
            timed[kind] = measure_together(config, jobs)
        epoch = median(second for run in same for second in run.seconds) if same else timed[kind]
        budget = config["training"]["epochs"] * (1 + config["training"]["self_training_rounds"])
        usual = fmean(len(run.seconds) for run in same) if same else budget
        seconds.append(epoch * min(usual, budget))
        at_most.append(epoch * budget)
        disk.append(fmean(_bytes_below(run.folder.path) for run in same) if same else None)
        energy.append(_watt_hours([run.folder for run in same]))
    known = sum(kind_of(config) in by_kind for config in configs)
    parts = [f"{known} by finished runs of their kind in {runs_folder}"] if known else []
    parts += [f"{len(configs) - known} by steps timed here"] if known < len(configs) else []
    return Work(
        counted(len(configs), "run"),
        tuple(seconds),
        tuple(at_most),
        None if None in disk else sum(one for one in disk if one is not None),
        0.0,
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _UNIT,
        None if None in energy else sum(one for one in energy if one is not None),
        ", ".join(parts),
    )


def extraction_work(config: Mapping[str, Any]) -> Work:
    """Return what the features of a corpus take, from those of a few clips, which are computed here."""
    extractor, dataset = build(config, "features"), build_dataset(config).available()
    clips = dataset.clips
    if not len(clips):
        raise DataError(f"dataset {dataset.name}: no clip has audio on disk; complete it")
    paths = dict(zip(clips["filename"], clips["path"], strict=True))
    sample = list(paths)[:: max(1, len(paths) // _CLIPS)][:_CLIPS]
    with tempfile.TemporaryDirectory() as folder:
        warm = FeatureStore(Path(folder, "warm"), extractor)
        warm.prepare({sample[0]: paths[sample[0]]}, windows=dataset.windows)  # loads libraries, compiles networks
        store = FeatureStore(folder, extractor)
        took, energy = _metered(
            lambda: store.prepare({name: paths[name] for name in sample}, windows=dataset.windows, n_jobs=1)
        )
        written = _bytes_below(store.folder)
    lengths = dataset.durations
    tried, total = sum(lengths[name] for name in sample), sum(lengths[name] for name in paths)
    seconds = tuple(took * lengths[name] / tried for name in paths)
    return Work(
        f"features of {counted(len(paths), 'clip')}, {duration(total)} of sound",
        seconds,
        seconds,
        written * total / tried,
        float(sum(os.stat(path).st_size for path in set(paths.values()))),
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT,
        energy and energy * total / tried,
        f"{counted(len(sample), 'clip')} computed here in {took:.1f} s",
    )


def detection_work(method: Method, recordings: Sequence[Recording], hours: float | None) -> Work:
    """Return what detecting takes, from pieces of a few recordings.

    Parameters
    ----------
    method : Method
        How.
    recordings : sequence of Recording
        Files of this machine.
    hours : float or None
        How much there will be, if these are only examples; None if these are all.

    Raises
    ------
    DataError
        If none can be read.
    """
    lengths: dict[Recording, float] = {}
    for recording in recordings:
        try:
            lengths[recording] = audio.duration(recording.path)
        except AudioError:  # it is named when it is to be detected in
            continue
    if not lengths:
        raise DataError(f"none of the {len(recordings)} recordings can be read on this machine")
    sample = list(lengths)[:: max(1, len(lengths) // _RECORDINGS)][:_RECORDINGS]
    with tempfile.TemporaryDirectory() as folder:
        pieces = [Recording(f"{number}.wav", Path(folder, f"{number}.wav")) for number in range(len(sample))]
        for recording, piece in zip(sample, pieces, strict=True):
            audio.copy_part(recording.path, piece.path, onset=0.0, duration=min(_SECONDS, lengths[recording]))
        detect_recording(method, pieces[0])  # compiles the networks
        events: list[pd.DataFrame] = []
        took, energy = _metered(lambda: events.extend(detect_recording(method, piece).events for piece in pieces))
    tried, given = sum(min(_SECONDS, lengths[one]) for one in sample), sum(lengths.values())
    factor = 1.0 if hours is None else 3600 * hours / given
    number = max(1, round(factor * len(lengths)))
    seconds = tuple(took / tried * factor * given / number for _ in range(number))
    if hours is None:
        seconds = tuple(took / tried * length for length in lengths.values())
    row = len("street/recording_20240601_053000.wav\t1234.567\t1234.567\tsome_event\t0.987\n")
    return Work(
        f"{counted(number, 'recording')}, {duration(factor * given)} of sound",
        seconds,
        seconds,
        2 * row * sum(map(len, events)) * factor * given / tried,
        factor * sum(one.path.stat().st_size for one in lengths),
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT,
        energy and energy * factor * given / tried,
        f"{tried:.0f} s of {counted(len(sample), 'recording')}, detected in here in {took:.1f} s",
    )


def _metered(step: Callable[[], object]) -> tuple[float, float | None]:
    """Return the seconds that a step takes, and the watt-hours where CodeCarbon is installed."""
    from sedpool.training.energy import energy_meter

    meter, logs = energy_meter(), dict[str, float]()
    if meter:
        meter.on_epoch_begin(0)
    began = time.perf_counter()
    step()
    took = time.perf_counter() - began
    if meter:
        meter.on_epoch_end(0, logs)
    return took, logs.get("energy_wh")


def _watt_hours(runs: Sequence[RunFolder]) -> float | None:
    """Return the mean energy of finished runs; None if none was metered."""
    found = [run.history["energy_wh"].sum() for run in runs if "energy_wh" in run.history]
    return float(fmean(found)) if found else None


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
