"""Wrong weak labels, for studies of what label noise costs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sedpool.datasets.dataset import Dataset, nonzero
from sedpool.errors import ConfigError

Rate = float | Mapping[str, float]


def add_label_noise(
    dataset: Dataset, *, drop: Rate = 0.0, add: Rate = 0.0, seed: int = 0, splits: Sequence[str] = ("train",)
) -> Dataset:
    """Drop tags that are right and add tags that are wrong, each by an independent draw.

    Parameters
    ----------
    dataset : Dataset
        Its events stay as they are.
    drop : float or mapping of str to float
        Probability that a class a clip has is dropped from its tags, for all classes or by name (0 for the others).
    add : float or mapping of str to float
        Probability that a class a clip lacks is added.
    seed : int
        Seed of the draws. With the same seed, what a low rate drops or adds a higher rate does too.
    splits : sequence of str
        The splits whose tags change.

    Returns
    -------
    noisy : Dataset
        With ``tags_dropped`` and ``tags_added`` in the manifest's notes.

    Raises
    ------
    ConfigError
        If a rate is no probability or names an unknown class, or `seed` is negative.
    """
    if seed < 0:
        raise ConfigError(f"label noise: seed={seed}; expected 0 or more")
    tags = dataset.tags.to_numpy()
    # The name keeps the draws apart from whatever else the same seed drew, the corpus itself perhaps.
    draws = np.random.default_rng(np.random.SeedSequence([seed, *b"label noise"])).random(tags.shape)
    chosen = dataset.clips["split"].isin(splits).to_numpy()[:, np.newaxis]
    dropped = chosen & tags & (draws < _rates(drop, "drop", dataset.classes))
    added = chosen & ~tags & (draws < _rates(add, "add", dataset.classes))
    notes = nonzero(tags_dropped=int(dropped.sum()), tags_added=int(added.sum()))
    manifest = replace(dataset.manifest, notes=dataset.manifest.notes | notes)
    return replace(dataset, tags=dataset.tags ^ (dropped | added), manifest=manifest)


def _rates(rate: Rate, name: str, classes: Sequence[str]) -> npt.NDArray[np.float64]:
    """Rate of every class, shape (classes,)."""
    by_class = dict(rate) if isinstance(rate, Mapping) else dict.fromkeys(classes, rate)
    if unknown := sorted(set(by_class) - set(classes)):
        raise ConfigError(f"label noise: {name} names {unknown[0]}; expected some of {', '.join(classes)}")
    if wrong := [value for value in by_class.values() if not 0 <= value <= 1]:
        raise ConfigError(f"label noise: {name}={wrong[0]}; expected a probability, from 0 to 1")
    return np.array([by_class.get(label, 0.0) for label in classes])
