"""Finding 6: softmax pooling approaches mean as bags grow. Algebra (equation 7), verified numerically.

With p in [0, 1] the weight of a frame lies between 1 / (1 + e (m − 1)) and e / (e + m − 1): both ends go to 0 as 1 / m
does, so that no frame stays apart from the 1 / m of the mean. What does not follow, and does not hold, is that the two
*outputs* meet: a class that is active in a given share of ever longer bags keeps them apart, by up to 0.245.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import softmax

from sedpool.pooling.bounds import weight_bounds
from sedpool.reproduction.effects import Verdict

BAG_SIZES = (2, 5, 10, 26, 100, 1000, 10_000)
_ROUNDING = 1e-9
N_BAGS = 200


def softmax_against_mean(bag_sizes: Sequence[int] = BAG_SIZES, *, seed: int = 0) -> pd.DataFrame:
    """How far softmax pooling is from the mean in bags of several sizes, found by trying bags.

    Tried are random bags and the extreme ones: k frames at 1 and the others at 0, for every k up to 100 and a hundred
    more.

    Returns
    -------
    table : DataFrame
        ``bag_size``; ``weight_gap``, the largest |weight − 1/m| of any frame in any bag, and ``weight_bound``, that by
        `sedpool.pooling.bounds.weight_bounds`; ``one_frame``, the difference of the two outputs where one frame is
        active; ``any_share``, the largest difference of the outputs in any bag.
    """
    generator = np.random.default_rng(seed)
    return pd.DataFrame([_tried(size, generator) for size in bag_sizes])


def _tried(size: int, generator: np.random.Generator) -> dict[str, float]:
    n_active = np.unique(np.concatenate([np.arange(min(size, 100) + 1), np.linspace(0, size, 100).astype(int)]))
    extremes = [(np.arange(size) < active).astype(float) for active in n_active]
    bags = np.stack([*extremes, *generator.beta(0.3, 0.3, size=(N_BAGS, size))])
    weights = softmax(bags, axis=1)
    gaps = (weights * bags).sum(axis=1) - bags.mean(axis=1)
    smallest, largest = weight_bounds(1.0, size)
    return {
        "bag_size": size,
        "weight_gap": float(np.abs(weights - 1 / size).max()),
        "weight_bound": float(max(largest - 1 / size, 1 / size - smallest)),
        "one_frame": float(gaps[n_active.searchsorted(1)]),
        "any_share": float(gaps.max()),
    }


def weights_approach_mean(table: pd.DataFrame) -> Verdict:
    """Whether the weights do what equation 7 says: within its bounds, reaching them, and ever nearer to the mean's.

    Parameters
    ----------
    table : DataFrame
        Of `softmax_against_mean`.
    """
    meets_bound = np.allclose(table["weight_gap"], table["weight_bound"], atol=_ROUNDING)
    falls = bool((np.diff(table["weight_gap"]) < 0).all()) and table["weight_gap"].iloc[-1] < 1e-3
    return "held" if meets_bound and falls else "not held"
