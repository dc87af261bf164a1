"""Tables I to III as sections of a report: published, ours beside them, and the details of the comparison."""

from dataclasses import replace

import pandas as pd

from sedpool.comparison.labels import BASELINE_TITLES, UNDEFINED
from sedpool.evaluation.paper_compat import CORPORA
from sedpool.reports.document import Cell, Section, TableBlock, TableRow, number_cell
from sedpool.reproduction.published import COLUMN_GROUPS, COLUMN_TITLES, COLUMNS, METHODS, TABLES, TITLES, read_tables
from sedpool.reproduction.published_comparison import ENOUGH_RUNS, TOLERANCE

_OURS = {"paper_compat": "ours, published evaluation", "correct": "ours, correct", "tuned": "ours, tuned"}


def published_comparison_sections(table: pd.DataFrame) -> list[Section]:
    """Lay out Tables I to III with ours, and below each the details of the comparison where anybody has run.

    Parameters
    ----------
    table : DataFrame
        Of `sedpool.reproduction.published_comparison.published_comparison`.
    """
    return [_corpus_section(corpus, table[(table["dataset"] == corpus) & table["augmented"]]) for corpus in CORPORA] + [
        _unaugmented_section(table[~table["augmented"]])
    ]


def _corpus_section(corpus: str, cells: pd.DataFrame) -> Section:
    methods = [method for method in METHODS if method in set(cells["method"])]
    ran = set(cells.loc[cells["n_runs"] > 0, "method"])
    rows, baselines = [], []
    for method in methods:
        own = cells[cells["method"] == method].set_index("column")
        rows.append(TableRow(f"{method}, published", _published_cells(corpus, own["published"])))
        if method in ran:
            is_flagged = bool(own["n_flagged"].any())
            rows += [
                TableRow(f"{method}, {title}", _number_cells(own[name]), is_flagged=is_flagged)
                for name, title in _OURS.items()
            ]
            title = f"{method}: {BASELINE_TITLES['clip_decisions_stretched']}"
            baselines.append(TableRow(title, _number_cells(own["own_stretched"]), is_baseline=True))
    note = (
        "Best published cells in bold, strong among them. Static F1 is a macro average, the others are micro averages. "
        "The paper has no stretched tags: they have no published row"
    )
    if ran:
        note += ", and none of ours is compared with its methods."
        true_tags = cells.groupby("column")["true_tags"].mean()
        baselines.append(TableRow(BASELINE_TITLES["oracle_tags_stretched"], _number_cells(true_tags), is_baseline=True))
    else:
        note += " and no rank here; what they give on the corpora of this study stands in the tables of its scores."
        note += " No run here was on this corpus, whole and as published, so that no cell of ours stands beside them."
    block = TableBlock(
        f"Table {TABLES[corpus]}",
        f"{TITLES[corpus]}: published" + (" and ours" if ran else ""),
        COLUMN_TITLES,
        [*rows, *baselines],
        row_title="method",
        groups=COLUMN_GROUPS,
        note=note,
    )
    details = [_details_block(f"Ledger {TABLES[corpus]}", cells[cells["n_runs"] > 0])] if ran else []
    return Section(f"Table {TABLES[corpus]}: {TITLES[corpus]}", [block, *details])


def _published_cells(corpus: str, values: "pd.Series[float]") -> list[Cell]:
    of_corpus = read_tables().query("dataset == @corpus")
    best = {column: of_corpus[column].agg("min" if column.endswith("error_rate") else "max") for column in COLUMNS}
    return [replace(published_cell(values[column]), best=values[column] == best[column]) for column in COLUMNS]


def published_cell(value: float) -> Cell:
    """A published number with the digits that it was published with: three, so that of numbers above 1 two decimals."""
    return number_cell(value, digits=2 if value >= 1 else 3)


def _number_cells(values: "pd.Series[float]") -> list[Cell]:
    return [number_cell(values[column]) for column in COLUMNS]


def _details_block(name: str, cells: pd.DataFrame) -> TableBlock:
    rows = [
        TableRow(
            f"{cell['method']}, {cell['column'].replace('_', ' ')}",
            is_flagged=cell["n_flagged"] > 0,
            cells=[
                published_cell(cell["published"]),
                number_cell(cell["paper_compat"]),
                _range(cell["low"], cell["high"], cell["interval"]),
                *(number_cell(cell[key]) for key in ("correct", "tuned", "spread")),
                Cell(f"{cell['n_runs']}"),
                Cell(UNDEFINED if pd.isna(cell["coverage"]) else f"{cell['coverage']:.1%}"),
                Cell(cell["verdict"]),
            ],
        )
        for cell in cells.to_dict("records")
    ]
    columns = (
        "published",
        "ours, published evaluation",
        "95 %",
        "correct",
        "tuned",
        "spread",
        "runs",
        "clips",
        "verdict",
    )
    note = (
        f"Inside: the published number lies in our interval ± {TOLERANCE}. The interval is that of further runs with "
        f"{ENOUGH_RUNS} seeds or splits and more, else that of the bootstrap over test clips; spread is the standard "
        "deviation over seeds or splits."
    )
    block = TableBlock(name, "Every cell, ours and the verdict", columns, rows, row_title="cell", note=note)
    return block.without_blank_columns()


def _range(low: float, high: float, kind: str) -> Cell:
    return Cell(f"{low:.3f} to {high:.3f} ({kind})", interval=(low, high)) if kind else Cell(UNDEFINED)


def _unaugmented_section(cells: pd.DataFrame) -> Section:
    block = _details_block("Ledger of runs without augmentation", cells)
    return Section("URBAN-SED without augmentation", ["Runs that the authors committed and did not print.", block])
