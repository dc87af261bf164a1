"""What a report says, apart from how it looks: sections of paragraphs, tables and figures.

A `Document` is made once and written as HTML, Markdown, LaTeX and CSV by
`sedpool.reports.document_files.write_document`, so that the same numbers stand in all of them.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress, count

from matplotlib.figure import Figure

from sedpool.comparison.labels import DAGGER, DOUBLE_DAGGER, UNDEFINED, number

_BLANK = ("", UNDEFINED)


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    text : str
        What readers see, without marks.
    value, spread : float or None
        The number behind the text and, where it is a mean, its standard deviation, both in full precision.
    interval : (float, float) or None
        The ends of the interval that the text shows, likewise.
    best : bool
        Whether it is the best of its column: set in bold.
    with_best : bool
        Whether it cannot be told from the best: marked by a dagger.
    links : tuple of str
        Names of blocks or titles of sections that occur in the text, and are links where there can be any.
    """

    text: str
    value: float | None = None
    spread: float | None = None
    interval: tuple[float, float] | None = None
    best: bool = False
    with_best: bool = False
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableRow:
    """A title and the cells after it; rows of baselines are set apart, those that rest on flagged runs carry a mark."""

    title: str
    cells: Sequence[Cell]
    is_baseline: bool = False
    is_flagged: bool = False

    @property
    def label(self) -> str:
        """What readers see of the title."""
        return f"{self.title} {DOUBLE_DAGGER}" if self.is_flagged else self.title


@dataclass(frozen=True)
class TableBlock:
    """A table with its caption.

    Attributes
    ----------
    name : str
        Its number, e.g. ``"Table I"``; empty until `numbered` gives one.
    title : str
        What it shows.
    columns : sequence of str
        Titles of the columns after the rows' own titles.
    rows : sequence of TableRow
        As many cells each as there are columns.
    row_title : str
        Title of the first column, that of the rows' titles.
    groups : sequence of (str, int)
        Titles over neighbouring columns and how many each spans, from the first column to the last; empty for none.
    note : str
        What to know to read it, set below.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[TableRow]
    row_title: str = ""
    groups: Sequence[tuple[str, int]] = ()
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse rows and groups that do not fit the columns."""
        wrong = [row.title for row in self.rows if len(row.cells) != len(self.columns)]
        if wrong:
            raise ValueError(f"{self.name or self.title}: rows with other than {len(self.columns)} cells: {wrong}")
        if self.groups and sum(span for _, span in self.groups) != len(self.columns):
            raise ValueError(f"{self.name or self.title}: groups {self.groups} do not span {len(self.columns)} columns")

    @property
    def full_columns(self) -> list[str]:
        """Each column's title with that of its group before it, for tables of one header line."""
        if not self.groups:
            return list(self.columns)
        above = [group for group, span in self.groups for _ in range(span)]
        return [f"{group}: {column}" if group else column for group, column in zip(above, self.columns, strict=True)]

    @property
    def is_numeric(self) -> list[bool]:
        """Whether a column holds numbers: it is aligned at the right then."""
        columns = zip(*(row.cells for row in self.rows), strict=True)
        found = [any(cell.value is not None for cell in column) for column in columns]
        return found or [True] * len(self.columns)

    @property
    def notes(self) -> list[str]:
        """The note, and what the marks that occur mean."""
        cells = [cell for row in self.rows for cell in row.cells]
        marks = {
            "Bold: the best of those compared in its column.": any(cell.best for cell in cells),
            f"{DAGGER}: cannot be told from the best.": any(cell.with_best for cell in cells),
            f"{DOUBLE_DAGGER}: rests on runs that are not valid.": any(row.is_flagged for row in self.rows),
            "Set apart: baselines, which locate nothing and are not compared.": any(
                row.is_baseline for row in self.rows
            ),
        }
        return [note for note in (self.note, " ".join(mark for mark, occurs in marks.items() if occurs)) if note]

    def without_blank_columns(self) -> "TableBlock":
        """The same table without the columns in which no row says anything."""
        said = [any(row.cells[index].text not in _BLANK for row in self.rows) for index in range(len(self.columns))]
        spans = [span for _, span in self.groups]
        starts = [sum(spans[:index]) for index in range(len(spans))]
        groups = [(title, sum(said[at : at + span])) for (title, span), at in zip(self.groups, starts, strict=True)]
        return replace(
            self,
            columns=list(compress(self.columns, said)),
            rows=[replace(row, cells=list(compress(row.cells, said))) for row in self.rows],
            groups=[(title, span) for title, span in groups if span],
        )


@dataclass(frozen=True)
class FigureBlock:
    """A figure with its caption; `name`, `title` and `note` as a table's."""

    name: str
    title: str
    figure: Figure
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; a string is a paragraph of plain text."""

    title: str
    blocks: Sequence[str | TableBlock | FigureBlock]


@dataclass(frozen=True)
class Document:
    """A report: its title and sections."""

    title: str
    sections: Sequence[Section]

    def __post_init__(self) -> None:
        """Refuse two blocks or sections that would have the same address or file, and links to nothing."""
        known = [[block.name for block in self.blocks], [section.title for section in self.sections]]
        for names in known:
            addresses = [slug(name) for name in names]
            if "" in addresses or len(set(addresses)) < len(addresses):
                raise ValueError(f"{self.title}: names must differ and not be empty; got {names}")
        cells = (cell for table in self.tables for row in table.rows for cell in row.cells)
        if lost := {name for cell in cells for name in cell.links} - set(chain(*known)):
            raise ValueError(f"{self.title}: links to what is not here: {', '.join(sorted(lost))}")

    @property
    def blocks(self) -> list[TableBlock | FigureBlock]:
        """Every table and figure, in order."""
        return [block for section in self.sections for block in section.blocks if not isinstance(block, str)]

    @property
    def tables(self) -> list[TableBlock]:
        """Every table, in order."""
        return [block for block in self.blocks if isinstance(block, TableBlock)]

    @property
    def figures(self) -> list[FigureBlock]:
        """Every figure, in order."""
        return [block for block in self.blocks if isinstance(block, FigureBlock)]


def number_cell(value: float | None, spread: float | None = None, *, digits: int = 3) -> Cell:
    """The cell of a number, ``mean ± spread`` where there is a spread; None and NaN are undefined.

    Examples
    --------
    >>> number_cell(0.51234).text, number_cell(0.5, 0.0123).text, number_cell(None).text
    ('0.512', '0.500 ± 0.012', '–')
    """
    value, spread = (None if one is None or math.isnan(one) else float(one) for one in (value, spread))
    text = number(value, digits)
    return Cell(text if spread is None else f"{text} ± {number(spread, digits)}", value, spread)


def numbered(sections: Sequence[Section], prefix: str = "") -> list[Section]:
    """The sections, their blocks without a name called ``Table <prefix>1``, ``Figure <prefix>1`` and so on, in order.

    Parameters
    ----------
    sections : sequence of Section
        Blocks that have a name keep it.
    prefix : str
        Tells the numbers from others, e.g. ``"S"`` beside those of a paper.
    """
    tables, figures = count(1), count(1)
    return [
        replace(section, blocks=[_named(block, tables, figures, prefix) for block in section.blocks])
        for section in sections
    ]


def _named(
    block: str | TableBlock | FigureBlock, tables: Iterator[int], figures: Iterator[int], prefix: str
) -> str | TableBlock | FigureBlock:
    if isinstance(block, str) or block.name:
        return block
    if isinstance(block, TableBlock):
        return replace(block, name=f"Table {prefix}{next(tables)}")
    return replace(block, name=f"Figure {prefix}{next(figures)}")


def slug(name: str) -> str:
    """A name as part of an address or a file's name: small letters, digits and hyphens.

    Examples
    --------
    >>> slug("Table I"), slug("α of each class")
    ('table-i', 'a-of-each-class')
    """
    latin = unicodedata.normalize("NFKD", name.lower().replace("α", "a")).encode("ascii", "ignore").decode("ascii")
    return "-".join(re.findall(r"[a-z0-9]+", latin))
