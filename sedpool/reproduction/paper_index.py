"""Where each table and figure of the paper is in a report, or why it is not there."""

from collections.abc import Iterator, Sequence

from sedpool.reports.document import Cell, Section, TableBlock, TableRow
from sedpool.reports.study_figures import PAPER_NUMBERS, figure_name
from sedpool.reproduction.published import TABLES, TITLES
from sedpool.reproduction.published_figures import published_name

_SHOWN = {
    "durations": "how long the events of each class last",
    "class scores": "dynamic F1 of each class and method",
    "alpha": "learned α of each class and method",
    "example": "what each method hears in one clip",
}
_NO_NUMBERS = "no numbers published"


def paper_index(sections: Sequence[Section], scores: Sequence[str]) -> Section:
    """The section that lists the paper's tables and figures.

    Parameters
    ----------
    sections : sequence of Section
        The others of the report, blocks of the paper under their names.
    scores : sequence of str
        Titles of those with scores on other corpora than the paper's.
    """
    names = [block.name for section in sections for block in section.blocks if not isinstance(block, str)]
    rows = [
        *_tables(sections, scores),
        TableRow("Figures 1, 6", [Cell("drawings of the method"), Cell("show no results"), Cell("show no results")]),
        TableRow("Figure 2", [Cell("bounds of the weight of one frame"), Cell("algebra"), _links(["Figure 2"])]),
        *_figures(names),
    ]
    block = TableBlock(
        "",
        "The paper's tables and figures",
        ("what it shows", "published numbers", "from runs, or by computing"),
        rows,
        row_title="in the paper",
        note="A figure that the paper has of its own corpora stands under its number for URBAN-SED, with the name of "
        "the corpus that it is of here.",
    )
    return Section("Where the paper's tables and figures are", [block])


def _tables(sections: Sequence[Section], scores: Sequence[str]) -> Iterator[TableRow]:
    blocks = {block.name: block for section in sections for block in section.blocks if isinstance(block, TableBlock)}
    for corpus, number in TABLES.items():
        name = f"Table {number}"
        has_ours = any(row.title.endswith("ours, correct") for row in blocks[name].rows)
        ours = _links([name]) if has_ours else _instead(corpus, scores)
        yield TableRow(name, [Cell(f"{TITLES[corpus]}, all methods"), _links([name]), ours])


def _figures(names: Sequence[str]) -> Iterator[TableRow]:
    """A row each, by number."""
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
    """That nobody has run on a corpus, and what stands for it."""
    reason = f"no run on the whole of {TITLES[corpus]}"
    return Cell(f"{reason}; the same on other data: {', '.join(names)}" if names else reason, links=tuple(names))
