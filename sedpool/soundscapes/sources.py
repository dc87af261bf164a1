"""Where the sounds of a soundscape come from when they are real: folders of recordings.

The foreground is a folder with one sub-folder a class; the background is a folder whose sub-folders, if any, are kinds
of background. Every file is read once, before anything is made: what cannot be used is named, and what can is measured.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import joblib
import numpy as np

from sedpool import audio
from sedpool.audio.band import SR, band_edge
from sedpool.audio.loudness import MEASURES, rms
from sedpool.errors import AudioError, DataError
from sedpool.runtime.arrays import Float32Array
from sedpool.soundscapes.mixing import BACKGROUND_DB, Sound
from sedpool.soundscapes.sampling import Event

_SILENCE = 1e-3  # of the peak: what pads a recording, be it digital zeros or a lossy codec's idea of them
_HOP = round(0.010 * SR)  # grid on which levels are measured: 10 ms
_LOUD = 10 ** (-6 / 20)  # an excerpt is as good as the loudest one down to 6 dB below it
_FAINT = 10 ** (-40 / 20)  # an excerpt starts and ends where it rises above -40 dB of its own peak


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


class FileSources:
    """Events and backgrounds cut from recordings, each split from its own.

    Parameters
    ----------
    foreground : dict
        Recordings by (split, label).
    background : dict
        Recordings by split.
    skipped : tuple of str
        Files that could not be used, each with the reason.
    """

    def __init__(
        self,
        foreground: dict[tuple[str, str], list[Recording]],
        background: dict[str, list[Recording]],
        skipped: tuple[str, ...],
    ) -> None:
        self._foreground = foreground
        self._background = background
        self._skipped = skipped

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the events, in order."""
        return tuple(sorted({label for _, label in self._foreground}))

    @property
    def skipped(self) -> tuple[str, ...]:
        """Recordings that cannot be used, each with the reason."""
        return self._skipped

    def event(self, event: Event, split: str, rng: np.random.Generator) -> Sound:
        """Cut an excerpt of at most `event.duration` seconds from one of the split's recordings of its class."""
        recordings = self._foreground[split, event.label]
        recording = recordings[int(rng.integers(len(recordings)))]
        samples, length = _load(recording.path)[recording.start : recording.stop], round(event.duration * SR)
        first, last = (0, 0) if event.source_time is None else excerpt_at(samples, event.source_time, length)
        if first == last:  # nothing is asked for, or there is but a pause
            first, last = excerpt(samples, length, rng)
        return Sound(samples[first:last], recording.name, (recording.start + first) / SR, event.label)

    def background(self, duration: float, split: str, rng: np.random.Generator) -> Sound:
        """Cut `duration` seconds from one of the split's backgrounds; every second of them is equally likely."""
        recordings, length = self._background[split], round(duration * SR)
        sizes = np.array([recording.stop - recording.start for recording in recordings], dtype=np.float64)
        recording = recordings[int(rng.choice(len(recordings), p=sizes / sizes.sum()))]
        first = recording.start + int(rng.integers(recording.stop - recording.start - length + 1))
        samples = _load(recording.path)[first : first + length]
        return Sound(samples, recording.name, first / SR, recording.label, recording.band)


@lru_cache(maxsize=256)  # the recordings of a split, as a rule: they are drawn over and over
def _load(path: str) -> Float32Array:
    samples = audio.read(path, SR)
    samples.flags.writeable = False
    return samples


def excerpt(samples: Float32Array, length: int, rng: np.random.Generator) -> tuple[int, int]:
    """Draw an excerpt that is worth its label.

    Its energy is within 6 dB of the most that any excerpt of that length has, so that it does not fall into a pause,
    and it begins and ends with sound.

    Parameters
    ----------
    samples : ndarray of float32
        The recording.
    length : int
        Most samples to take.
    rng : Generator
        Draws the place.

    Returns
    -------
    first, last : int
        The excerpt is ``samples[first:last]``.
    """
    per_hop = np.add.reduceat(np.square(samples), np.arange(0, len(samples), _HOP))
    energy = np.concatenate(([0.0], np.cumsum(per_hop, dtype=np.float64)))
    starts = np.arange(max(len(samples) - length, 0) // _HOP + 1)
    stops = np.minimum(starts + -(-length // _HOP), len(per_hop))
    levels = np.sqrt(np.maximum(energy[stops] - energy[starts], 0.0))
    first = _HOP * int(rng.choice(np.flatnonzero(levels >= _LOUD * levels.max())))
    return _tight(samples, first, min(first + length, len(samples)))


def excerpt_at(samples: Float32Array, time: float, length: int) -> tuple[int, int]:
    """Excerpt that starts `time` seconds into the recording, or earlier where the recording ends before it would.

    Returns
    -------
    first, last : int
        The excerpt is ``samples[first:last]``, without silence at its ends; empty where there is nothing else.
    """
    first = min(round(time * SR), max(0, len(samples) - length))
    return _tight(samples, first, min(first + length, len(samples)))


def _tight(samples: Float32Array, first: int, last: int) -> tuple[int, int]:
    inner_first, inner_last = sounding(samples[first:last], _FAINT)
    return first + inner_first, first + inner_last


def sounding(samples: Float32Array, threshold: float) -> tuple[int, int]:
    """Extent of a recording without the silence around it.

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
    """Label of every audio file under `root`, by its path within it; the label comes from the first sub-folder.

    Raises
    ------
    DataError
        If the folder is missing or has no sub-folder with audio, or if two sub-folders give one label.
    """
    names = [name for name in audio.list_files(root, "foreground") if "/" in name]
    folders = sorted({name.split("/", 1)[0] for name in names})
    if not folders:
        raise DataError(f"foreground {root}: no audio in its sub-folders; expected one sub-folder a class")
    labels = {folder: label_of(folder) for folder in folders}
    for folder, label in labels.items():
        same = [other for other in folders if labels[other] == label]
        if len(same) > 1:
            raise DataError(f"foreground {root}: {', '.join(same)} all give the label {label}; rename one: {folder}")
    return {name: labels[name.split("/", 1)[0]] for name in names}


def list_background(root: str | os.PathLike[str], exclude: Sequence[str]) -> dict[str, str]:
    """Kind of every background under `root` by its path within it, without those that match a glob of `exclude`.

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
    """Label that a folder's name stands for.

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
    tasks = (joblib.delayed(_inspect)(Path(root), name, label, shortest, level) for name, label in labels.items())
    results = joblib.Parallel(n_jobs=n_jobs)(tasks)
    usable = [result for result in results if isinstance(result, Recording)]
    return usable, [result for result in results if isinstance(result, str)]


def _inspect(root: Path, name: str, label: str, shortest: float, level: str | None) -> Recording | str:
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
    band = SR / 2 if level is None else _band(samples[first:last], level)
    return Recording(str(path), name, label, first, last, band)


def _band(samples: Float32Array, level: str) -> float:
    return band_edge(samples, BACKGROUND_DB + 20 * np.log10(rms(samples) / MEASURES[level](samples, SR)))
