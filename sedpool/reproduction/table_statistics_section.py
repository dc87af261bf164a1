"""What the published tables say of themselves, as a section of a report."""

import math

import pandas as pd

from sedpool.comparison.labels import UNDEFINED
from sedpool.reports.document import Cell, Section, TableBlock, TableRow
from sedpool.reproduction.published import COLUMN_GROUPS, COLUMN_TITLES, TITLES, WEAK
from sedpool.reproduction.table_statistics import (
    best_cells,
    class_wise_agreement,
    differences,
    error_rate_agreement,
    f1_agreement,
    ranks,
)


def table_statistics_section() -> Section:
    """What can be checked from the published tables alone."""
    f1, errors, sums = f1_agreement(), error_rate_agreement(), class_wise_agreement()
    off = [f"{row['method']} ({TITLES[row['dataset']]})" for row in f1[~f1["agrees"]].to_dict("records")]
    below = f1[f1["dataset"] == "medleydb"]["difference"]
    said = [
        f"Dynamic F1 follows from precision and recall within rounding in {int(f1['agrees'].sum())} of {len(f1)} rows; "
        f"not in {', '.join(off)}. All {int((below < 0).sum())} of {len(below)} in Table III lie below, as a mean of "
        "F1 over splits does: it is no F1 of pooled segments.",
        f"{int(errors['agrees'].sum())} of {len(errors)} error rates are possible with their precision and recall.",
        f"Class-wise counts add up to the tables in {int(sums['agrees'].sum())} of {len(sums)} rows that have them.",
    ]
    blocks = [
        _method_block("Ranks in dynamic F1", ranks("dynamic_f1"), "{:g}"),
        _method_block("Dynamic F1 less that of mean", differences("dynamic_f1", "mean"), "{:+.3f}"),
        _method_block("Dynamic F1 less that of strong", differences("dynamic_f1", "strong"), "{:+.3f}"),
        TableBlock(
            "",
            "Best of the weakly trained methods",
            COLUMN_TITLES,
            [
                TableRow(TITLES[str(corpus)], [Cell(name) for name in row])
                for corpus, row in best_cells(WEAK).iterrows()
            ],
            row_title="corpus",
            groups=COLUMN_GROUPS,
        ),
    ]
    return Section("What the published tables say of themselves", [*said, *blocks])


def _method_block(title: str, table: pd.DataFrame, form: str) -> TableBlock:
    rows = [
        TableRow(
            TITLES[str(corpus)],
            [Cell(UNDEFINED) if math.isnan(value) else Cell(form.format(value), value) for value in row],
        )
        for corpus, row in table.iterrows()
    ]
    return TableBlock("", title, list(table.columns), rows, row_title="corpus")
