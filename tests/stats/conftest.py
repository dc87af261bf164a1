"""Counts of clips that are easy or hard as a whole, as real ones are."""

import numpy as np
import pytest

from sedpool.evaluation.counts import ClipCounts

CLASSES = ("dog", "siren", "drill", "never")


def made_counts(n_clips, seed, *, skill=0.7, prefix="clip"):
    generator = np.random.default_rng(seed)
    chance = np.clip(generator.normal(skill, 0.2, (n_clips, 1)), 0.05, 0.95)
    n_ref = generator.poisson(1.5, (n_clips, len(CLASSES)))
    n_ref[:, -1] = 0
    right = generator.binomial(n_ref, chance)
    extra = generator.poisson(0.3, n_ref.shape)
    extra[:, -1] = 0
    missed, added = (n_ref - right).sum(axis=1), extra.sum(axis=1)
    swapped = np.minimum(missed, added)
    return ClipCounts(
        tuple(f"{prefix}{index}" for index in range(n_clips)),
        CLASSES,
        true_positives=right,
        n_ref=n_ref,
        n_sys=right + extra,
        substitutions=swapped,
        deletions=missed - swapped,
        insertions=added - swapped,
    )


@pytest.fixture
def counts():
    return made_counts(40, seed=0)
