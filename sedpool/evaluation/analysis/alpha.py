"""Does the pooling learn how long events last? α of each class against its typical event duration [1]_.

References
----------
.. [1] B. McFee, J. Salamon, J. P. Bello, "Adaptive pooling operators for weakly labeled sound event detection",
   IEEE/ACM TASLP 26(11), 2018, figures 3 to 5 beside 8 and 11: α falls as events grow longer.
"""

import pandas as pd
from scipy import stats


def alpha_and_duration(alpha: pd.DataFrame, events: pd.DataFrame, *, epoch: int) -> pd.DataFrame:
    """α and event durations of every class.

    Parameters
    ----------
    alpha : DataFrame
        ``epoch, event_label, alpha, bound``: the ``alpha.csv`` of a run.
    events : DataFrame
        Event table of the corpus, preferably of the training split.
    epoch : int
        The epoch whose weights were kept.

    Returns
    -------
    table : DataFrame
        ``event_label, alpha, bound, n_events, q25, median, q75`` (durations in seconds), by median duration. Classes
        without events are left out.
    """
    durations = (events["offset"] - events["onset"]).groupby(events["event_label"])
    summary = pd.DataFrame(
        {
            "n_events": durations.size(),
            "q25": durations.quantile(0.25),
            "median": durations.median(),
            "q75": durations.quantile(0.75),
        }
    ).reset_index()
    kept = alpha.loc[alpha["epoch"] == epoch, ["event_label", "alpha", "bound"]]
    return kept.merge(summary, on="event_label").sort_values("median", ignore_index=True)


def rank_correlation(table: pd.DataFrame) -> tuple[float, float]:
    """Spearman's ρ of α and median duration, and its two-sided p-value; NaN where either is the same for all classes.

    Values of α count as equal to four decimals: classes at CAP's bound differ by rounding alone.

    Examples
    --------
    >>> table = pd.DataFrame({"alpha": [3.0, 2.0, 1.5, 1.0, 0.9], "median": [0.5, 1.0, 2.0, 4.0, 3.0]})
    >>> round(rank_correlation(table)[0], 2)
    -0.9
    """
    alpha = table["alpha"].round(4)
    if min(alpha.nunique(), table["median"].nunique()) < 2:
        return float("nan"), float("nan")
    found = stats.spearmanr(alpha, table["median"])
    return float(found.statistic), float(found.pvalue)
