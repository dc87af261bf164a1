"""The demo corpus: soundscapes of the ten URBAN-SED classes from synthesised sounds, made on first use.

It needs no download, takes seconds to make and poses the paper's problem: events that last from a quarter of a second
to most of the clip, and that are loud only in parts.
"""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from sedpool import storage
from sedpool.audio.band import SR
from sedpool.datasets.base import Dataset
from sedpool.datasets.layout import read_layout
from sedpool.datasets.urbansed import CLASSES
from sedpool.soundscapes import synthesis
from sedpool.soundscapes.mixing import Sound
from sedpool.soundscapes.sampling import Event
from sedpool.soundscapes.spec import Distribution, EventSpec, SoundscapeSpec
from sedpool.soundscapes.writing import Plan, make_corpus

CLIP_DURATION = 10.0
CLASS_DURATIONS: dict[str, tuple[float, float]] = {
    "air_conditioner": (3.0, 8.0),
    "car_horn": (0.3, 1.2),
    "children_playing": (1.5, 5.0),
    "dog_bark": (0.8, 3.0),
    "drilling": (1.5, 4.0),
    "engine_idling": (3.0, 8.0),
    "gun_shot": (0.25, 0.9),
    "jackhammer": (1.5, 4.0),
    "siren": (2.5, 6.0),
    "street_music": (2.5, 6.0),
}


class ProceduralSources:
    """Synthesised events over coloured noise; every draw is new, so that splits share no sound."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the events."""
        return CLASSES

    @property
    def skipped(self) -> tuple[str, ...]:
        """Empty, since no recordings are read."""
        return ()

    def event(self, event: Event, split: str, rng: np.random.Generator) -> Sound:
        """Synthesise an event of the length that `event` states."""
        samples = synthesis.SYNTHESISERS[event.label](round(event.duration * SR), rng)
        return Sound(samples, f"procedural/{event.label}", 0.0, event.label)

    def background(self, duration: float, split: str, rng: np.random.Generator) -> Sound:
        """Synthesise a background of `duration` seconds."""
        return Sound(synthesis.coloured_noise(round(duration * SR), rng), "procedural/noise", 0.0, "noise")


def make_demo(
    root: str | os.PathLike[str],
    *,
    seed: int = 0,
    n_train: int = 600,
    n_validate: int = 200,
    n_test: int = 200,
    n_jobs: int = -1,
) -> Path:
    """Make the demo corpus unless it exists.

    Parameters
    ----------
    root : path-like
        Parent folder of made corpora.
    seed : int
        Seed of every draw; the same seed gives the same bytes.
    n_train, n_validate, n_test : int
        Number of soundscapes of each split.
    n_jobs : int
        Number of worker processes, -1 for one per core.

    Returns
    -------
    folder : Path
        The corpus, in URBAN-SED's layout.
    """
    sizes = {"train": n_train, "validate": n_validate, "test": n_test}
    snr = Distribution("uniform", (6.0, 30.0))
    classes = {label: EventSpec(Distribution("uniform", ends), snr) for label, ends in CLASS_DURATIONS.items()}
    other = EventSpec(Distribution("uniform", (0.25, 8.0)), snr)
    spec = SoundscapeSpec(Distribution("uniform", (1, 9)), other, classes, duration=CLIP_DURATION, level="rms")
    plan = Plan("demo", seed, sizes, spec, {"kind": "procedural"})
    return make_corpus(root, plan, ProceduralSources, n_jobs=n_jobs)


def load_demo(
    root: str | os.PathLike[str],
    split: str | None = None,
    *,
    seed: int = 0,
    n_train: int = 600,
    n_validate: int = 200,
    n_test: int = 200,
    n_jobs: int = -1,
) -> Dataset:
    """Load the demo corpus, making it first where it does not exist.

    Parameters
    ----------
    root : path-like
        Parent folder of made corpora.
    split : {"train", "validate", "test"}, optional
        The part to load; all by default.
    seed, n_train, n_validate, n_test, n_jobs : int
        See `make_demo`.
    """
    folder = make_demo(root, seed=seed, n_train=n_train, n_validate=n_validate, n_test=n_test, n_jobs=n_jobs)
    dataset = read_layout(folder, "demo", CLASSES, clip_duration=CLIP_DURATION, split=split)
    plan = storage.read_json(folder / "corpus.json")["plan"]
    return replace(dataset, manifest=replace(dataset.manifest, plan=plan))
