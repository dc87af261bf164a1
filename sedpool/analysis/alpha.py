"""Does the pooling learn how long events last? α of each class against its typical event duration [1]_.

References
----------
.. [1] B. McFee, J. Salamon, J. P. Bello, "Adaptive pooling operators for weakly labeled sound event detection",
   IEEE/ACM TASLP 26(11), 2018, figures 3 to 5 beside 8 and 11: α falls as events grow longer.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

N_PERMUTATIONS = 9999


def alpha_and_duration(alpha: pd.DataFrame, durations: pd.DataFrame) -> pd.DataFrame:
    """Put α and event durations of every class side by side.

    Parameters
    ----------
    alpha : DataFrame
        ``event_label, alpha, bound`` in the epochs whose weights were kept, of one run or of several, which are
        averaged.
    durations : DataFrame
        Of `sedpool.datasets.statistics.duration_percentiles`.

    Returns
    -------
    table : DataFrame
        ``event_label, alpha, bound, n_events, q25, median, q75`` (durations in seconds), by median duration. Classes
        without events are left out.
    """
    names = {"events": "n_events", "duration_25": "q25", "duration_50": "median", "duration_75": "q75"}
    known = durations.dropna(subset="duration_50")[list(names)].rename(columns=names)
    means = alpha.groupby("event_label")[["alpha", "bound"]].mean()
    return means.join(known, how="inner").sort_values("median").reset_index()


def rank_correlation(table: pd.DataFrame) -> tuple[float, float]:
    """Compute Spearman's ρ of α and median duration, and its p-value; NaN where either is equal for all classes.

    The p-value is one-sided, that α falls as events grow longer, from permuting the classes: in all orders, or in
    `N_PERMUTATIONS` random ones where there are more. Values of α count as equal to four decimals: classes at CAP's
    bound differ by rounding alone.

    Examples
    --------
    >>> table = pd.DataFrame({"alpha": [3.0, 2.0, 1.5, 1.0, 0.9], "median": [0.5, 1.0, 2.0, 4.0, 3.0]})
    >>> rho, p_value = rank_correlation(table)
    >>> round(rho, 2), round(p_value, 3)  # 5 of the 120 orders have as low a ρ
    (-0.9, 0.042)
    """
    alpha = table["alpha"].round(4)
    if min(alpha.nunique(), table["median"].nunique()) < 2:
        return float("nan"), float("nan")
    ranks = table["median"].rank().to_numpy()
    scale = ranks.std() * alpha.rank().std(ddof=0) * len(table)

    def rho(alpha_ranks: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.float64]:
        return np.asarray(np.moveaxis(alpha_ranks, axis, -1) @ (ranks - ranks.mean()) / scale)

    found = stats.permutation_test(
        (alpha.rank().to_numpy(),),
        rho,
        permutation_type="pairings",
        alternative="less",
        n_resamples=N_PERMUTATIONS,
        vectorized=True,
        rng=0,
    )
    return float(found.statistic), float(found.pvalue)
