"""Recordings that soundscapes are made from: listed, divided among the splits, read once, and cut into excerpts.

The foreground is a folder with one sub-folder for each class; the background is a folder whose sub-folders, if any, are
kinds of background. Every file is read once before anything is made: unusable files are named, usable ones measured.
"""

import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from sedpool import audio, storage
from sedpool.audio.band import SR, band_edge
from sedpool.audio.loudness import MEASURES, rms
from sedpool.errors import AudioError, DataError
from sedpool.runtime import parallel
from sedpool.runtime.arrays import Float32Array
from sedpool.soundscapes.mixing import BACKGROUND_DB, Sound
from sedpool.soundscapes.sampling import Event
from sedpool.soundscapes.spec import SHORTEST_EVENT, SPLITS, SoundscapeSpec
from sedpool.soundscapes.splits import SplitRule, assign_splits, divide

_SILENCE = 1e-3  # of the peak: below it is padding, be it digital zeros or what a lossy codec makes of them
_HOP = round(0.010 * SR)  # samples of the grid on which levels are measured: 10 ms
_LOUD = 10 ** (-6 / 20)  # an excerpt counts as loud down to 6 dB below the loudest one
_FAINT = 10 ** (-40 / 20)  # an excerpt starts and ends where it rises above -40 dB relative to its own peak


@dataclass(frozen=True)
class Recording:
    """A usable file of a library.

    Attributes
    ----------
    path : str
        Where it is.
    name : str
        Its path within the library, with forward slashes.
    label : str
        Its class, or its kind of background.
    start, stop : int
        First sample and the one after the last, at 44.1 kHz, between leading and trailing silence.
    band : float
        Highest frequency in Hz that a background stands out of the noise floor at.
    """

    path: str
    name: str
    label: str
    start: int
    stop: int
    band: float = SR / 2


@dataclass(frozen=True)
class FileSources:
    """Events and backgrounds cut from recordings, each split from its own.

    Attributes
    ----------
    foreground : dict
        Recordings by (split, label).
    backgrounds : dict
        Recordings by split.
    skipped : tuple of str
        Files that could not be used, each with the reason.
    """

    foreground: dict[tuple[str, str], list[Recording]]
    backgrounds: dict[str, list[Recording]]
    skipped: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the events, in order."""
        return tuple(sorted({label for _, label in self.foreground}))

    def event(self, event: Event, split: str, rng: np.random.Generator) -> Sound:
        """Cut an excerpt of at most `event.duration` seconds from one of the split's recordings of its class."""
        recordings = self.foreground[split, event.label]
        recording = recordings[int(rng.integers(len(recordings)))]
        samples, length = _load(recording.path)[recording.start : recording.stop], round(event.duration * SR)
        first, last = excerpt(samples, length, rng, event.source_time)
        return Sound(samples[first:last], recording.name, (recording.start + first) / SR, event.label)

    def background(self, duration: float, split: str, rng: np.random.Generator) -> Sound:
        """Cut `duration` seconds from one of the split's backgrounds; every second of them is equally likely."""
        recordings, length = self.backgrounds[split], round(duration * SR)
        sizes = np.array([recording.stop - recording.start for recording in recordings], dtype=np.float64)
        recording = recordings[int(rng.choice(len(recordings), p=sizes / sizes.sum()))]
        first = recording.start + int(rng.integers(recording.stop - recording.start - length + 1))
        samples = _load(recording.path)[first : first + length]
        return Sound(samples, recording.name, first / SR, recording.label, recording.band)


@lru_cache(maxsize=256)  # usually all recordings of a split, which are drawn over and over
def _load(path: str) -> Float32Array:
    samples = audio.read(path, SR)
    samples.flags.writeable = False
    return samples


def excerpt(samples: Float32Array, length: int, rng: np.random.Generator, time: float | None = None) -> tuple[int, int]:
    """Take an excerpt in which the labelled sound is audible.

    Where no time is given, or only a pause is there, its place is drawn: its energy is within 6 dB of the loudest
    excerpt of that length, so that it does not fall into a pause. It begins and ends with sound.

    Parameters
    ----------
    samples : ndarray of float32
        The recording.
    length : int
        Most samples to take.
    rng : Generator
        Draws the place.
    time : float, optional
        Seconds into the recording at which to start, or earlier if the excerpt would pass the end.

    Returns
    -------
    first, last : int
        The excerpt is ``samples[first:last]``, without silence at its ends.
    """
    if time is not None:
        start = min(round(time * SR), max(0, len(samples) - length))
        first, last = _tight(samples, start, min(start + length, len(samples)))
        if first < last:
            return first, last
    per_hop = np.add.reduceat(np.square(samples), np.arange(0, len(samples), _HOP))
    energy = np.concatenate(([0.0], np.cumsum(per_hop, dtype=np.float64)))
    starts = np.arange(max(len(samples) - length, 0) // _HOP + 1)
    stops = np.minimum(starts + -(-length // _HOP), len(per_hop))
    levels = np.sqrt(np.maximum(energy[stops] - energy[starts], 0.0))
    first = _HOP * int(rng.choice(np.flatnonzero(levels >= _LOUD * levels.max())))
    return _tight(samples, first, min(first + length, len(samples)))


def _tight(samples: Float32Array, first: int, last: int) -> tuple[int, int]:
    inner_first, inner_last = sounding(samples[first:last], _FAINT)
    return first + inner_first, first + inner_last


def sounding(samples: Float32Array, threshold: float) -> tuple[int, int]:
    """Return the extent of a recording without the silence around it.

    Parameters
    ----------
    samples : ndarray of float32
        The recording.
    threshold : float
        What counts as sound, relative to the peak.

    Returns
    -------
    first, last : int
        ``samples[first:last]`` reaches from the first to the last sample above the threshold; (0, 0) for silence.
    """
    magnitude = np.abs(samples)
    loud = np.flatnonzero(magnitude > threshold * magnitude.max())
    return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, 0)


def list_foreground(root: str | os.PathLike[str]) -> dict[str, str]:
    """Return the label of every audio file under `root`, which its first sub-folder gives, by its path within `root`.

    Raises
    ------
    DataError
        If the folder is missing or has no sub-folder with audio, or if two sub-folders give one label.
    """
    names = [name for name in audio.list_files(root, "foreground") if "/" in name]
    folders = sorted({name.split("/", 1)[0] for name in names})
    if not folders:
        raise DataError(f"foreground {root}: no audio in its sub-folders; expected one sub-folder for each class")
    labels = {folder: label_of(folder) for folder in folders}
    for folder, label in labels.items():
        same = [other for other in folders if labels[other] == label]
        if len(same) > 1:
            raise DataError(f"foreground {root}: {', '.join(same)} all give the label {label}; rename one: {folder}")
    return {name: labels[name.split("/", 1)[0]] for name in names}


def list_background(root: str | os.PathLike[str], exclude: Sequence[str]) -> dict[str, str]:
    """Return the kind of every background under `root` that `exclude` does not match, by its path within `root`.

    Raises
    ------
    DataError
        If the folder is missing, or no audio is left.
    """
    names = audio.list_files(root, "background")
    kept = [name for name in names if not any(fnmatch(name, pattern) for pattern in exclude)]
    if not kept:
        raise DataError(f"background {root}: all {len(names)} recordings are excluded by {', '.join(exclude)}")
    return {name: label_of(name.rsplit("/", 1)[0]) if "/" in name else "background" for name in kept}


def label_of(folder: str) -> str:
    """Return the label that a folder's name stands for.

    Examples
    --------
    >>> label_of("001 - Dog bark")
    'dog_bark'
    """
    return re.sub(r"\W+", "_", re.sub(r"^\d+\s*-\s*", "", folder)).strip("_").lower()


def inspect(
    root: str | os.PathLike[str], labels: dict[str, str], shortest: float, *, level: str | None = None, n_jobs: int
) -> tuple[list[Recording], list[str]]:
    """Read every file of a library once.

    Parameters
    ----------
    root : path-like
        The library.
    labels : dict of str to str
        Label of every file, by its path within the library.
    shortest : float
        Least length in seconds of a usable recording, silence around it not counted.
    level : str, optional
        How the level of backgrounds is measured; their band depends on it. None for events.
    n_jobs : int
        Number of worker processes.

    Returns
    -------
    usable : list of Recording
    broken : list of str
        ``path: reason`` of the others.
    """
    task = partial(_inspect, Path(root), shortest=shortest, level=level)
    results = list(parallel.each(task, list(labels.items()), n_jobs))
    usable = [result for result in results if isinstance(result, Recording)]
    return usable, [result for result in results if isinstance(result, str)]


def _inspect(root: Path, file: tuple[str, str], *, shortest: float, level: str | None) -> Recording | str:
    name, label = file
    path = root / name
    try:
        samples = audio.read(path, SR)
    except AudioError as error:
        return str(error)
    first, last = sounding(samples, _SILENCE)
    if rms(samples) == 0:
        return f"{path}: silent"
    if last - first < shortest * SR:
        return f"{path}: {(last - first) / SR:.3f} s of sound; expected at least {shortest} s"
    band = SR / 2
    if level is not None:
        sound = samples[first:last]
        band = band_edge(sound, BACKGROUND_DB + 20 * np.log10(rms(sound) / MEASURES[level](sound, SR)))
    return Recording(str(path), name, label, first, last, band)


@dataclass(frozen=True)
class SoundLibraries:
    """Two folders of recordings, with the split of every file.

    Attributes
    ----------
    foreground, background : Path
        The folders.
    labels, kinds : dict of str to str
        Label of every foreground recording and kind of every background, by its path within its folder.
    foreground_splits, background_splits : dict of str to str
        Split of every recording.
    """

    foreground: Path
    background: Path
    labels: dict[str, str]
    kinds: dict[str, str]
    foreground_splits: dict[str, str]
    background_splits: dict[str, str]

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the events, in order."""
        return tuple(sorted(set(self.labels.values())))

    def fingerprint(self) -> dict[str, dict[str, list[str]]]:
        """Return label, split and SHA-256 of every recording, which a made corpus depends on."""
        found = {}
        for role, folder, labels, assigned in (
            ("foreground", self.foreground, self.labels, self.foreground_splits),
            ("background", self.background, self.kinds, self.background_splits),
        ):
            hashes = storage.sha256_files(folder / name for name in labels)
            found[role] = {
                name: [labels[name], assigned[name], digest] for name, digest in zip(labels, hashes, strict=True)
            }
        return found


def divide_libraries(
    foreground: str | os.PathLike[str],
    background: str | os.PathLike[str],
    split_rule: SplitRule,
    exclude_backgrounds: Sequence[str],
    seed: int,
) -> SoundLibraries:
    """Divide the recordings of two folders among the splits.

    Parameters
    ----------
    foreground, background : path-like
        The folders.
    split_rule : SplitRule
        How foreground recordings are divided; backgrounds are assigned by its shares, each kind separately.
    exclude_backgrounds : sequence of str
        Globs of backgrounds to leave out.
    seed : int
        Seed of the random assignment.
    """
    labels, kinds = list_foreground(foreground), list_background(background, exclude_backgrounds)
    foreground_rng, background_rng = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(2))
    background_splits: dict[str, str] = {}
    for kind in sorted(set(kinds.values())):
        background_splits |= assign_splits(
            [name for name in kinds if kinds[name] == kind], split_rule.shares, background_rng
        )
    return SoundLibraries(
        Path(foreground),
        Path(background),
        labels,
        kinds,
        divide(labels, split_rule, foreground_rng),
        background_splits,
    )


def read_libraries(libraries: SoundLibraries, spec: SoundscapeSpec, *, strict: bool, n_jobs: int) -> FileSources:
    """Read every recording once, and keep those that can be used.

    Raises
    ------
    DataError
        If a class or the background lacks a usable recording in a split, or, if `strict`, a recording cannot be used.
    """
    events, bad_events = inspect(libraries.foreground, libraries.labels, SHORTEST_EVENT, n_jobs=n_jobs)
    beds, bad_beds = inspect(libraries.background, libraries.kinds, spec.duration, level=spec.level, n_jobs=n_jobs)
    skipped = (*bad_events, *bad_beds)
    if strict:
        report_skipped(skipped, strict=True)
    by_class: dict[tuple[str, str], list[Recording]] = {}
    for recording in events:
        by_class.setdefault((libraries.foreground_splits[recording.name], recording.label), []).append(recording)
    by_split: dict[str, list[Recording]] = {}
    for recording in beds:
        by_split.setdefault(libraries.background_splits[recording.name], []).append(recording)
    because = f" ({len(skipped)} recordings cannot be used: {_shortened(skipped)})" if skipped else ""
    for split in SPLITS:
        if split not in by_split:
            raise DataError(f"background {libraries.background}: no usable recording for {split}{because}")
        for label in libraries.classes:
            if (split, label) not in by_class:
                raise DataError(f"foreground {libraries.foreground}: no usable {label} for {split}{because}")
    return FileSources(by_class, by_split, skipped)


def report_skipped(skipped: Sequence[str], *, strict: bool) -> None:
    """Warn of recordings that were left out, or refuse them if `strict`."""
    if skipped and strict:
        raise DataError(f"{len(skipped)} recordings cannot be used: {_shortened(skipped)}; mend or remove them")
    if skipped:
        warnings.warn(f"recordings skipped: {len(skipped)} ({_shortened(skipped)})", stacklevel=2)


def _shortened(skipped: Sequence[str]) -> str:
    return "; ".join(skipped[:3]) + ("; ..." if len(skipped) > 3 else "")
