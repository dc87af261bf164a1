"""Which clips the patches of an epoch come from. Each rule is a pure function of its generator."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Sampling = Callable[[int, int, np.random.Generator], Indices]
"""(number of patches, number of clips, generator) to one clip per patch."""


def in_turn(n_patches: int, n_clips: int, generator: np.random.Generator) -> Indices:
    """Every clip once in random order, then every clip again, until there are enough."""
    rounds = -(-n_patches // n_clips)
    return np.concatenate([generator.permutation(n_clips) for _ in range(rounds)])[:n_patches]


def from_active_clips(n_active: int, rate: float, limit: int) -> Sampling:
    """Sample as the paper does: some clips are active; each gives a few patches and makes room for another.

    Each patch comes from an active clip drawn at random. A clip is active for a number of patches drawn from Poisson's
    distribution when it becomes active, and the one that follows is drawn from all clips alike (McFee, Salamon and
    Bello 2018, section IV.C; the authors used pescador's ``Mux``). One difference: the active clips are drawn anew at
    the start of an epoch, so that an epoch depends on its own generator only and can be resumed.

    Parameters
    ----------
    n_active : int
        Clips active at a time.
    rate : float
        Mean number of patches of a clip.
    limit : int
        Most patches of a clip.
    """

    def draw(n_patches: int, n_clips: int, generator: np.random.Generator) -> Indices:
        places = generator.integers(n_active, size=n_patches)
        left = np.zeros(n_active, dtype=np.int64)
        clips = np.zeros(n_active, dtype=np.int64)
        order = np.empty(n_patches, dtype=np.int64)
        for index, place in enumerate(places):
            while not left[place]:
                left[place] = min(generator.poisson(rate), limit)
                clips[place] = generator.integers(n_clips)
            left[place] -= 1
            order[index] = clips[place]
        return order

    return draw
