"""What the published tables say about themselves: ranks, best cells, differences, and whether the numbers agree.

F1, precision, recall and error rate of one evaluation depend on each other, so that a table can be checked against
itself; and class-wise counts must add up to the averages. Static F1 cannot be checked: it is a macro average beside
micro averages of precision and recall.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sedpool.comparison.labels import UNDEFINED
from sedpool.evaluation.paper_compat import CORPORA
from sedpool.reports.document import Cell, Section, TableBlock, TableRow
from sedpool.reproduction.published import (
    COLUMN_GROUPS,
    COLUMN_TITLES,
    COLUMNS,
    METHODS,
    TITLES,
    WEAK,
    read_class_wise,
    read_tables,
)

ROUNDING = 0.0005
"""Half a unit of the third decimal, to which the tables are rounded."""

_INDEX = ["dataset", "method"]


def published_statistics_section() -> Section:
    """Write the section about what the published tables alone show."""
    f1, errors, sums = f1_agreement(), error_rate_agreement(), class_wise_agreement()
    off = [f"{row['method']} ({TITLES[row['dataset']]})" for row in f1[~f1["agrees"]].to_dict("records")]
    below = f1[f1["dataset"] == "medleydb"]["difference"]
    paragraphs = [
        f"Dynamic F1 follows from precision and recall within rounding in {int(f1['agrees'].sum())} of {len(f1)} rows, "
        f"but not in {', '.join(off)}. All {int((below < 0).sum())} of {len(below)} rows of Table III lie below "
        "the F1 of their precision and recall, as a mean of F1 over splits does: F1 was averaged over splits there, "
        "not computed from the segments of all splits together.",
        f"{int(errors['agrees'].sum())} of {len(errors)} error rates are possible with their precision and recall.",
        f"Class-wise counts add up to the tables in {int(sums['agrees'].sum())} of the {len(sums)} rows that have "
        "such counts.",
    ]
    blocks = []
    for title, table, form in (
        ("Ranks in dynamic F1", ranks("dynamic_f1"), "{:g}"),
        ("Dynamic F1 less that of mean", differences("dynamic_f1", "mean"), "{:+.3f}"),
        ("Dynamic F1 less that of strong", differences("dynamic_f1", "strong"), "{:+.3f}"),
    ):
        rows = [
            TableRow(
                TITLES[str(corpus)],
                [Cell(UNDEFINED) if math.isnan(value) else Cell(form.format(value), value) for value in values],
            )
            for corpus, values in table.iterrows()
        ]
        blocks.append(TableBlock("", title, list(table.columns), rows, row_title="corpus"))
    best = [
        TableRow(TITLES[str(corpus)], [Cell(name) for name in names]) for corpus, names in best_cells(WEAK).iterrows()
    ]
    title = "Best of the weakly trained methods"
    blocks.append(TableBlock("", title, COLUMN_TITLES, best, row_title="corpus", groups=COLUMN_GROUPS))
    return Section("What the published tables say about themselves", [*paragraphs, *blocks])


def ranks(column: str, methods: Sequence[str] = METHODS) -> pd.DataFrame:
    """Rank the methods in a column of each table: 1 is the best, and equal methods share the mean of their ranks.

    Parameters
    ----------
    column : str
        One of `sedpool.reproduction.published.COLUMNS`; the lowest error rate is the best.
    methods : sequence of str
        Methods to rank.

    Returns
    -------
    ranks : DataFrame
        One row per corpus, one column per method; NaN where the table lacks it.
    """
    return _wide(column)[list(methods)].rank(axis=1, ascending=column.endswith("error_rate"))


def best_cells(methods: Sequence[str] = METHODS) -> pd.DataFrame:
    """Find the best of some methods in every column; join the names of methods that are equally good.

    Returns
    -------
    best : DataFrame
        One row per corpus, the columns `sedpool.reproduction.published.COLUMNS`.
    """
    return pd.DataFrame(
        {
            column: ranks(column, methods).apply(lambda row: ", ".join(row.index[row == row.min()]), axis=1)
            for column in COLUMNS
        }
    )


def differences(column: str, baseline: str) -> pd.DataFrame:
    """Subtract the value of one method from those of all methods in a column of each table.

    Returns
    -------
    differences : DataFrame
        One row per corpus, one column per method; NaN where the table lacks one of the two.
    """
    wide = _wide(column)
    return wide.sub(wide[baseline], axis=0).round(3)


def _wide(column: str) -> pd.DataFrame:
    table = read_tables().pivot_table(index="dataset", columns="method", values=column)
    return table.reindex(index=list(CORPORA), columns=list(METHODS))


def f1_agreement() -> pd.DataFrame:
    """Check whether each dynamic F1 follows from its precision and recall.

    All three are micro averages, so that F1 = 2 P R / (P + R) up to rounding if they are computed from the same
    segments. A mean of the F1 of several test sets lies below the F1 of their mean P and R instead, because F1 is a
    concave function of P and R.

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
    """Check whether each error rate is possible with its precision and recall.

    Per reference segment there are 1 − R missed and R (1 − P) / P false ones. A miss and a false alarm in one segment
    count as one substitution, so that the error rate lies between the larger of the two and their sum.

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
    """Check whether the class-wise counts that the authors committed add up to the tables.

    Returns
    -------
    table : DataFrame
        ``dataset, method``; for F1, precision and recall the micro average over the classes less the cell of the
        table; and ``agrees``: whether all three are within rounding.
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
