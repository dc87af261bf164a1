"""Finding 6: softmax pooling approaches mean as bags grow. Algebra (equation 7), verified numerically.

For p in [0, 1], the weight of a frame lies between 1 / (1 + e (m − 1)) and e / (e + m − 1): both ends go to 0 as 1 / m
does, so that the weight of every frame approaches 1 / m, that of the mean. It does not follow, and is not true, that
the two *outputs* meet: if a class is active in a fixed share of ever longer bags, they stay apart by up to 0.245.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import softmax

from sedpool.pooling.bounds import weight_bounds
from sedpool.reports.document import TableBlock, TableRow, number_cell
from sedpool.reproduction.contrasts import OTHER_CLAIMS
from sedpool.reproduction.effects import Verdict

BAG_SIZES = (2, 5, 10, 26, 100, 1000, 10_000)
_ROUNDING = 1e-9
N_BAGS = 200


def softmax_against_mean(bag_sizes: Sequence[int] = BAG_SIZES, *, seed: int = 0) -> pd.DataFrame:
    """Search bags of several sizes for the largest distance of softmax pooling from the mean.

    The bags are random ones, and extreme ones with k frames at 1 and the others at 0: for every k up to 100 and 100
    values of k over the whole bag.

    Returns
    -------
    table : DataFrame
        ``bag_size``; ``weight_gap``, the largest |weight − 1/m| of any frame in any bag, and ``weight_bound``, the
        largest by `sedpool.pooling.bounds.weight_bounds`; ``one_frame``, the difference of the two outputs if one frame
        is active; ``any_share``, the largest difference of the outputs in any bag.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for size in bag_sizes:
        n_active = np.unique(np.concatenate([np.arange(min(size, 100) + 1), np.linspace(0, size, 100).astype(int)]))
        extremes = [(np.arange(size) < active).astype(float) for active in n_active]
        bags = np.stack([*extremes, *generator.beta(0.3, 0.3, size=(N_BAGS, size))])  # (bags, frames)
        weights = softmax(bags, axis=1)
        gaps = (weights * bags).sum(axis=1) - bags.mean(axis=1)
        smallest, largest = weight_bounds(1.0, size)
        rows.append(
            {
                "bag_size": size,
                "weight_gap": float(np.abs(weights - 1 / size).max()),
                "weight_bound": float(max(largest - 1 / size, 1 / size - smallest)),
                "one_frame": float(gaps[n_active.searchsorted(1)]),
                "any_share": float(gaps.max()),
            }
        )
    return pd.DataFrame(rows)


def weights_approach_mean(table: pd.DataFrame) -> Verdict:
    """Check that the weights behave as equation 7 says: they reach its bounds, and approach those of the mean.

    Parameters
    ----------
    table : DataFrame
        The result of `softmax_against_mean`.
    """
    meets_bound = np.allclose(table["weight_gap"], table["weight_bound"], atol=_ROUNDING)
    falls = bool((np.diff(table["weight_gap"]) < 0).all()) and table["weight_gap"].iloc[-1] < 1e-3
    return "held" if meets_bound and falls else "not held"


def softmax_block(table: pd.DataFrame) -> TableBlock:
    """Write `softmax_against_mean` as a table of the report, one row per bag size."""
    rows = [
        TableRow(f"{row['bag_size']:g}", [number_cell(row[name], digits=4) for name in table.columns[1:]])
        for row in table.to_dict("records")
    ]
    return TableBlock(
        "",
        f"Finding 6: {OTHER_CLAIMS['6']}",
        ("largest |weight − 1/m|", "the same by equation 7", "outputs, one active frame", "outputs, any share active"),
        rows,
        row_title="frames m",
        note=f"{weights_approach_mean(table).capitalize()}, as algebra and in numbers. The finding is about single "
        "weights: if a class is active in a fixed share of ever longer bags, the outputs of softmax pooling and mean "
        "stay apart by up to 0.245.",
    )
