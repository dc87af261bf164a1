"""How a made corpus is written: whole or not at all, once for each recipe.

A corpus is made in a temporary folder and renamed when it is complete. Its name ends with the hash of everything that
determines it, so that the same settings find it again and other settings never do.
"""

import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
import soundfile as sf
from filelock import FileLock
from rich.console import Console
from rich.progress import track

from sedpool import storage
from sedpool.datasets import scaper_jams
from sedpool.datasets.soundscapes import mixer
from sedpool.datasets.soundscapes.band import FLOOR_DB, SR
from sedpool.datasets.soundscapes.mixer import Soundscape, Sources
from sedpool.datasets.soundscapes.specs import Recipe, draw_events, generator
from sedpool.errors import ConfigError, DataError

FORMAT = 1
"""Raise it whenever the same recipe gives other bytes."""
_CHUNK = 8  # soundscapes a task: few enough for an even load, enough to hide the cost of a task


@dataclass(frozen=True)
class Plan:
    """All that determines a made corpus.

    Attributes
    ----------
    name : str
        Name of the corpus.
    seed : int
        Seed of every draw.
    sizes : mapping of str to int
        Number of soundscapes of each split.
    recipe : Recipe
        What the events are drawn from.
    sources : mapping
        What the sounds are drawn from, e.g. a fingerprint of the recordings; JSON values.
    """

    name: str
    seed: int
    sizes: Mapping[str, int]
    recipe: Recipe
    sources: Mapping[str, Any]

    def __post_init__(self) -> None:
        for split, size in self.sizes.items():
            if size < 1:
                raise ConfigError(f"{self.name}: {size} soundscapes for {split}; expected at least 1")
        if self.seed < 0:
            raise ConfigError(f"{self.name}: seed {self.seed}; expected 0 or more")

    def settings(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        levels = {"sr": SR, "background_db": mixer.BACKGROUND_DB, "floor_db": FLOOR_DB, "fade": mixer.FADE}
        return {"format": FORMAT, **asdict(self), "mixer": {**levels, "snr_definition": mixer.SNR_DEFINITION}}


def make_corpus(root: str | os.PathLike[str], plan: Plan, prepare: Callable[[], Sources], *, n_jobs: int = -1) -> Path:
    """Write a corpus in URBAN-SED's layout unless it exists.

    Parameters
    ----------
    root : path-like
        Parent folder of made corpora.
    plan : Plan
        What to make.
    prepare : callable
        Returns the sources of the sounds, which are copied to the workers; called only where the corpus is to be made.
    n_jobs : int
        Number of worker processes, -1 for one a core; the bytes do not depend on it.

    Returns
    -------
    folder : Path
        ``root/<name>-<hash of the plan>``.
    """
    folder = Path(root) / f"{plan.name}-{storage.hash_value(plan.settings())[:12]}"
    if (folder / "corpus.json").is_file():
        return folder
    with _lock(folder):
        if not (folder / "corpus.json").is_file():
            _make(folder, plan, prepare(), n_jobs)
    return folder


def _lock(folder: Path) -> AbstractContextManager[Any]:
    """Held while a corpus is made, so that of several processes one makes it and the others wait."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(folder.with_name(f".{folder.name}.lock")).acquire()
    except OSError as error:
        raise DataError(f"{folder.parent}: corpora cannot be made here ({error}); choose a root to write in") from None


def _make(folder: Path, plan: Plan, sources: Sources, n_jobs: int) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _make_folders(temporary, plan.sizes)
        tasks = (joblib.delayed(_write_chunk)(temporary, plan, sources, chunk) for chunk in _chunks(plan.sizes))
        done = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks)
        total = sum(-(-size // _CHUNK) for size in plan.sizes.values())
        for _ in track(done, f"making {folder.name}", total, console=Console(stderr=True), transient=True):
            pass
        storage.write_json(temporary / "corpus.json", {**plan.settings(), "skipped": list(sources.skipped)})
        temporary.chmod(0o755)
        os.rename(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _make_folders(root: Path, sizes: Mapping[str, int]) -> None:
    for kind, split in itertools.product(("audio", "annotations"), sizes):
        (root / kind / split).mkdir(parents=True)


def _chunks(sizes: Mapping[str, int]) -> Iterator[list[tuple[str, int]]]:
    for split, size in sizes.items():
        for start in range(0, size, _CHUNK):
            yield [(split, index) for index in range(start, min(start + _CHUNK, size))]


def _write_chunk(root: Path, plan: Plan, sources: Sources, chunk: Sequence[tuple[str, int]]) -> None:
    for split, index in chunk:
        rng = generator(plan.seed, split, index)
        specs = draw_events(plan.recipe, sources.classes, rng)
        soundscape = mixer.mix(specs, plan.recipe, sources, split, rng)
        _write(root, split, f"soundscape_{split}_{index:05d}", soundscape, plan)


def _write(root: Path, split: str, stem: str, soundscape: Soundscape, plan: Plan) -> None:
    # Plain writes: the folder is renamed only when it is complete, so that no file needs to be safe by itself.
    sf.write(root / "audio" / split / f"{stem}.wav", soundscape.samples, SR, subtype="PCM_16")
    annotations = root / "annotations" / split
    document = scaper_jams.document(plan.recipe.duration, _values(soundscape, plan.recipe), _sandbox(soundscape, plan))
    (annotations / f"{stem}.jams").write_text(json.dumps(document), encoding="utf-8", newline="\n")
    lines = [f"{spec.onset!r}\t{spec.onset + spec.duration!r}\t{spec.label}\n" for spec, _ in soundscape.events]
    (annotations / f"{stem}.txt").write_text("".join(lines), encoding="utf-8", newline="\n")


def _values(soundscape: Soundscape, recipe: Recipe) -> list[dict[str, Any]]:
    values = [_value(soundscape.background, "background", 0.0, recipe.duration, 0.0)]
    for spec, sound in soundscape.events:
        values.append(_value(sound, "foreground", spec.onset, spec.duration, spec.snr))
    return values


def _value(sound: mixer.Sound, role: str, onset: float, duration: float, snr: float) -> dict[str, Any]:
    return {
        "label": sound.label,
        "source_file": sound.source_file,
        "source_time": sound.source_time,
        "event_time": onset,
        "event_duration": duration,
        "snr": snr,
        "role": role,
        "pitch_shift": None,
        "time_stretch": None,
    }


def _sandbox(soundscape: Soundscape, plan: Plan) -> dict[str, Any]:
    return {
        "duration": plan.recipe.duration,
        "ref_db": mixer.BACKGROUND_DB,
        "n_channels": 1,
        "fade_in_len": mixer.FADE,
        "fade_out_len": mixer.FADE,
        "seed": plan.seed,
        "peak_gain": soundscape.gain,
        "background_band": soundscape.background.band,
        "sr": SR,
        "floor_db": FLOOR_DB,
        "snr_definition": mixer.SNR_DEFINITION,
    }
