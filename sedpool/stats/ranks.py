"""Which of many methods are better, over several data sets, splits or seeds? Friedman's test and what follows it [1]_.

A table has one row per block (a data set, split or seed that all methods saw) and one column per method; larger values
are better. Within a block only the order counts.

References
----------
.. [1] J. Demšar, "Statistical comparisons of classifiers over multiple data sets", Journal of Machine Learning Research
   7, 2006.
.. [2] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6,
   1979.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from sedpool.errors import EvaluationError
from sedpool.runtime.arrays import Float64Array
from sedpool.stats.power import smallest_p_friedman

N_PERMUTATIONS = 9999


@dataclass(frozen=True)
class Friedman:
    """Outcome of Friedman's test.

    Attributes
    ----------
    statistic : float
        χ², corrected for ties.
    p_value : float
        From exchanging values within blocks: with few blocks, the χ² distribution is far off.
    smallest_p : float
        The smallest p-value possible with this number of blocks and methods.
    """

    statistic: float
    p_value: float
    smallest_p: float


def average_ranks(table: pd.DataFrame) -> pd.Series:
    """Average the ranks of every method, 1 being the best; ties share their ranks.

    Examples
    --------
    >>> average_ranks(pd.DataFrame({"cap": [0.5, 0.6], "max": [0.4, 0.6]})).to_dict()
    {'cap': 1.25, 'max': 1.75}
    """
    return _checked(table).rank(axis=1, ascending=False).mean()


def friedman(table: pd.DataFrame, *, n_permutations: int = N_PERMUTATIONS, seed: int = 0) -> Friedman:
    """Test whether all methods are equally good.

    Parameters
    ----------
    table : DataFrame
        One row per block, one column per method; at least two of each.
    n_permutations : int
        Random exchanges within blocks; where all are fewer, those are tried instead and p is exact.
    seed : int
        Seed of the exchanges.

    Raises
    ------
    EvaluationError
        If the table is too small or has a gap.
    """
    ranks = _checked(table).rank(axis=1).to_numpy()
    n_blocks, n_methods = ranks.shape
    smallest = smallest_p_friedman(n_methods, n_blocks)
    if (ranks == ranks[:, :1]).all():
        return Friedman(0.0, 1.0, smallest)  # nothing but ties
    found = stats.permutation_test(
        tuple(ranks.T),
        _chi_square,
        permutation_type="samples",
        alternative="greater",
        n_resamples=n_permutations,
        vectorized=True,
        rng=seed,
    )
    return Friedman(float(found.statistic), float(found.pvalue), smallest)


def _chi_square(*columns: Float64Array, axis: int = -1) -> Float64Array:
    """Compute Friedman's χ² of ranks, one array per method, blocks along `axis`, as scipy does."""
    ranks = np.stack([np.moveaxis(column, axis, -1) for column in columns])  # (methods, ..., blocks)
    n_methods = len(ranks)
    centred = ranks - (n_methods + 1) / 2
    spread = (centred**2).sum(axis=(0, -1)) / (n_methods - 1)  # less where ranks are tied
    return np.asarray((centred.sum(axis=-1) ** 2).sum(axis=0) / spread)


def critical_difference(n_methods: int, n_blocks: int, *, confidence_level: float = 0.95) -> float:
    """Compute Nemenyi's critical difference: closer average ranks do not differ significantly (Demšar, 3.2.2).

    Examples
    --------
    >>> round(critical_difference(4, 14), 2)
    1.25
    """
    quantile = stats.studentized_range.ppf(confidence_level, n_methods, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(n_methods * (n_methods + 1) / (6 * n_blocks)))


def pairwise(table: pd.DataFrame, *, control: str | None = None) -> pd.DataFrame:
    """Compare methods two by two by their average ranks, with Holm's correction [2]_.

    Parameters
    ----------
    table : DataFrame
        One row per block, one column per method.
    control : str, optional
        Compare every other method with this one only, which costs less power than all pairs.

    Returns
    -------
    comparisons : DataFrame
        ``first, second, rank_difference, z, p_value, p_holm``; a negative difference says that the first is better.
    """
    ranks = average_ranks(table)
    standard_error = np.sqrt(len(ranks) * (len(ranks) + 1) / (6 * len(table)))
    if control is None:
        pairs = list(combinations(ranks.index, 2))
    else:
        pairs = [(control, other) for other in ranks.index if other != control]
    comparisons = pd.DataFrame(pairs, columns=["first", "second"])
    comparisons["rank_difference"] = [float(ranks[first] - ranks[second]) for first, second in pairs]
    comparisons["z"] = comparisons["rank_difference"] / standard_error
    comparisons["p_value"] = 2 * stats.norm.sf(comparisons["z"].abs())
    comparisons["p_holm"] = holm(comparisons["p_value"])
    return comparisons


def holm(p_values: npt.ArrayLike) -> Float64Array:
    """Adjust p-values by Holm's step-down procedure, in the order given [2]_.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values)
    stepped = values[order] * np.arange(values.size, 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted


def indistinguishable(ranks: pd.Series, distance: float) -> list[tuple[str, ...]]:
    """Find the largest groups of methods whose average ranks lie within `distance`, best first: bars of a CD figure.

    Examples
    --------
    >>> indistinguishable(pd.Series({"cap": 1.0, "auto": 1.8, "max": 2.9}), 1.0)
    [('cap', 'auto')]
    """
    ordered = ranks.sort_values()
    groups: list[tuple[str, ...]] = []
    for rank in ordered:
        members = tuple(ordered.index[(ordered >= rank) & (ordered <= rank + distance)])
        if len(members) > 1 and not (groups and set(members) <= set(groups[-1])):
            groups.append(members)
    return groups


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    n_blocks, n_methods = table.shape
    if n_blocks < 2 or n_methods < 2:
        raise EvaluationError(f"ranks of {n_methods} methods over {n_blocks} blocks; expected at least two of each")
    if table.isna().to_numpy().any():
        row, column = (int(index[0]) for index in np.nonzero(table.isna().to_numpy()))
        raise EvaluationError(
            f"ranks: {table.columns[column]} has no value in block {table.index[row]}; every method needs every block"
        )
    return table
