"""The paper's tables and figures in a report: where each is, or why it is missing; figures from published numbers."""

from collections.abc import Iterator, Sequence

import numpy as np

from sedpool.plot.class_scores import class_score_figure
from sedpool.reports.document import Cell, FigureBlock, Section, TableBlock, TableRow
from sedpool.reports.study_figures import PAPER_NUMBERS, figure_name
from sedpool.reproduction.published import TABLES, TITLES, read_class_wise

_SHOWN = {
    "durations": "how long the events of each class last",
    "class scores": "dynamic F1 of each class and method",
    "alpha": "learned α of each class and method",
    "example": "what each method hears in one clip",
}
_NO_NUMBERS = "no numbers published"


def paper_index(sections: Sequence[Section], scores: Sequence[str]) -> Section:
    """Write the section that lists the paper's tables and figures.

    Parameters
    ----------
    sections : sequence of Section
        The other sections of the report; their blocks of the paper have the paper's names.
    scores : sequence of str
        Titles of the sections with scores on other corpora than the paper's.
    """
    blocks = [block for section in sections for block in section.blocks if not isinstance(block, str)]
    rows = [
        *_table_rows([block for block in blocks if isinstance(block, TableBlock)], scores),
        TableRow("Figures 1, 6", [Cell("drawings of the method"), Cell("show no results"), Cell("show no results")]),
        TableRow("Figure 2", [Cell("bounds of the weight of one frame"), Cell("algebra"), _links(["Figure 2"])]),
        *_figure_rows([block.name for block in blocks]),
    ]
    block = TableBlock(
        "",
        "The paper's tables and figures",
        ("what it shows", "published numbers", "from runs, or by computing"),
        rows,
        row_title="in the paper",
        note="If the paper has a figure for each of its corpora, the same figure for another corpus has the number of "
        "that for URBAN-SED, followed by the name of the corpus.",
    )
    return Section("Where the paper's tables and figures are", [block])


def _table_rows(blocks: Sequence[TableBlock], scores: Sequence[str]) -> Iterator[TableRow]:
    """Write a row for each table of the paper."""
    by_name = {block.name: block for block in blocks}
    for corpus, number in TABLES.items():
        name = f"Table {number}"
        has_ours = any(row.title.endswith("ours, correct") for row in by_name[name].rows)
        ours = _links([name]) if has_ours else _instead(corpus, scores)
        yield TableRow(name, [Cell(f"{TITLES[corpus]}, all methods"), _links([name]), ours])


def _figure_rows(names: Sequence[str]) -> Iterator[TableRow]:
    """Write a row for each figure of the paper, sorted by number."""
    numbers = {
        number: (kind, corpus) for kind, of_corpora in PAPER_NUMBERS.items() for corpus, number in of_corpora.items()
    }
    for number, (kind, corpus) in sorted(numbers.items()):
        name = figure_name(kind, corpus)
        published = _links([published_name(name)]) if published_name(name) in names else Cell(_NO_NUMBERS)
        start = f"{figure_name(kind, 'urbansed')} ("
        others = [other for other in names if other.startswith(start) and other != published_name(start[:-2])]
        ours = _links([name]) if name in names else _instead(corpus, others)
        yield TableRow(f"Figure {number}", [Cell(f"{_SHOWN[kind]}, {TITLES[corpus]}"), published, ours])


def _links(names: Sequence[str]) -> Cell:
    return Cell(", ".join(names), links=tuple(names))


def _instead(corpus: str, names: Sequence[str]) -> Cell:
    """Say that there is no run on a corpus, and link to the same on other corpora."""
    reason = f"no run on the whole of {TITLES[corpus]}"
    return Cell(f"{reason}; the same on other data: {', '.join(names)}" if names else reason, links=tuple(names))


def published_figures() -> Iterator[FigureBlock]:
    """Draw dynamic F1 of each class, figures 7 and 10, from the published numbers."""
    table = read_class_wise().rename(columns={"f1": "estimate"})
    for corpus, rows in table.groupby("dataset", sort=False):
        unknown = dict.fromkeys(("low", "high", "own_stretched"), np.nan)
        yield FigureBlock(
            published_name(figure_name("class scores", str(corpus))),
            f"Dynamic F1 of each class, as published, {TITLES[str(corpus)]}",
            class_score_figure(rows.assign(**unknown)),
            "The authors' own numbers, by their evaluation, for the methods that they published them for; classes in "
            "alphabetical order. There are no intervals and no stretched tags, so these numbers are not compared with "
            "runs. A class without a mark was never detected.",
        )


def published_name(name: str) -> str:
    """Name a figure that shows published numbers."""
    return f"{name} (published)"
