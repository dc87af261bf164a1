"""What can be checked from the published tables alone: ranks, best cells, differences, and whether the numbers agree.

F1, precision, recall and error rate of one evaluation are tied to each other, so that a table can be checked against
itself; and class-wise counts add up to the averages. Static F1 is a macro average beside micro precision and recall,
and is tied to nothing.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sedpool.evaluation.paper_compat import CORPORA
from sedpool.reproduction.published import COLUMNS, METHODS, read_class_wise, read_tables

ROUNDING = 0.0005
"""Half a unit of the third decimal, to which the tables are rounded."""

_INDEX = ["dataset", "method"]


def ranks(column: str, methods: Sequence[str] = METHODS) -> pd.DataFrame:
    """Rank of every method in a column of each table, 1 being the best, equals sharing theirs.

    Parameters
    ----------
    column : str
        One of `sedpool.reproduction.published.COLUMNS`; of error rates the lowest is the best.
    methods : sequence of str
        Whom to rank.

    Returns
    -------
    ranks : DataFrame
        One row a corpus, one column a method; NaN where the table lacks it.
    """
    return _wide(column)[list(methods)].rank(axis=1, ascending=column.endswith("error_rate"))


def best_cells(methods: Sequence[str] = METHODS) -> pd.DataFrame:
    """The best of some methods in every column, joined where they share the place.

    Returns
    -------
    best : DataFrame
        One row a corpus, one column of `sedpool.reproduction.published.COLUMNS`.
    """
    return pd.DataFrame({column: ranks(column, methods).apply(_leaders, axis=1) for column in COLUMNS})


def _leaders(row: "pd.Series[float]") -> str:
    return ", ".join(row.index[row == row.min()])


def differences(column: str, baseline: str) -> pd.DataFrame:
    """By how much every method exceeds one of them in a column.

    Returns
    -------
    differences : DataFrame
        One row a corpus, one column a method; NaN where the table lacks one of the two.
    """
    wide = _wide(column)
    return wide.sub(wide[baseline], axis=0).round(3)


def _wide(column: str) -> pd.DataFrame:
    table = read_tables().pivot_table(index="dataset", columns="method", values=column)
    return table.reindex(index=list(CORPORA), columns=list(METHODS))


def f1_agreement() -> pd.DataFrame:
    """Whether each dynamic F1 is what its precision and recall make it.

    All three are micro averages, so that F1 = 2 P R / (P + R) up to rounding, if they come from one pool of segments. A
    mean of several test sets' F1 lies below the F1 of their mean P and R instead, for that is a concave function.

    Returns
    -------
    table : DataFrame
        ``dataset, method, f1, implied`` (2 P R / (P + R)), ``difference, tolerance`` (what rounding can do) and
        ``agrees``.
    """
    table = read_tables()
    precision, recall = table["dynamic_precision"], table["dynamic_recall"]
    implied = 2 * precision * recall / (precision + recall)
    # The derivatives of F1 are 2 R² / (P + R)² and 2 P² / (P + R)².
    slope = 2 * (precision**2 + recall**2) / (precision + recall) ** 2
    tolerance = ROUNDING * (1 + slope)
    difference = table["dynamic_f1"] - implied
    agrees = difference.abs() <= tolerance
    return table[_INDEX].assign(
        f1=table["dynamic_f1"], implied=implied, difference=difference, tolerance=tolerance, agrees=agrees
    )


def error_rate_agreement() -> pd.DataFrame:
    """Whether each error rate is possible with its precision and recall.

    Per reference segment there are 1 − R missed and R (1 − P) / P false ones. A miss and a false alarm at once are one
    substitution, so that the error rate lies between the larger of the two and their sum.

    Returns
    -------
    table : DataFrame
        ``dataset, method, error_rate, least, most, agrees``.
    """
    table = read_tables()
    precision, recall = table["dynamic_precision"], table["dynamic_recall"]
    missed, false = 1 - recall, recall * (1 - precision) / precision
    least, most = np.maximum(missed, false), missed + false
    rate = table["dynamic_error_rate"]
    # Rates above 1 have two decimals.
    slack = 10 * ROUNDING * (rate >= 1) + 2 * ROUNDING / precision
    agrees = (least - slack <= rate) & (rate <= most + slack)
    return table[_INDEX].assign(error_rate=rate, least=least, most=most, agrees=agrees)


def class_wise_agreement() -> pd.DataFrame:
    """Whether the class-wise counts that the authors committed add up to the tables.

    Returns
    -------
    table : DataFrame
        ``dataset, method`` and for F1, precision and recall the micro average of the classes, less the table's cell;
        ``agrees`` if all three are within rounding.
    """
    classes = read_class_wise()
    classes["right"] = (classes["recall"] * classes["n_ref"]).round()
    sums = classes.groupby(_INDEX)[["right", "n_ref", "n_sys"]].sum()
    pooled = pd.DataFrame(
        {
            "dynamic_f1": 2 * sums["right"] / (sums["n_ref"] + sums["n_sys"]),
            "dynamic_precision": sums["right"] / sums["n_sys"],
            "dynamic_recall": sums["right"] / sums["n_ref"],
        }
    )
    table = pooled - read_tables().set_index(_INDEX).loc[pooled.index, list(pooled.columns)]
    return table.assign(agrees=(table.abs() <= ROUNDING).all(axis=1)).reset_index()
