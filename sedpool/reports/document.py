"""The content of reports, apart from how it looks: sections of paragraphs, tables and figures.

A `TableBlock` is the one form of a table: terminal, HTML, Markdown, LaTeX and CSV are written from it. A `Document` is
made once and written in every format by `sedpool.reports.document_files.write_document`, so that all show the same
numbers.
"""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress, count, islice
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sedpool.comparison.labels import DAGGER, DOUBLE_DAGGER, UNDEFINED, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
        Whether its difference from the best may be chance: marked by a dagger.
    links : tuple of str
        Names of blocks or titles of sections that occur in the text: links in formats that have links.
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
    """A row: its title and the cells after it.

    Attributes
    ----------
    title : str
        Text of the first column, without marks.
    cells : sequence of Cell
        One for each column after it.
    is_baseline : bool
        Whether the row belongs to a baseline: set apart.
    is_flagged : bool
        Whether it rests on runs that are not valid: marked by a double dagger.
    is_interval : bool
        Whether it holds an end of the intervals of the row above: indented.
    """

    title: str
    cells: Sequence[Cell]
    is_baseline: bool = False
    is_flagged: bool = False
    is_interval: bool = False

    @property
    def label(self) -> str:
        """The title with its mark, as readers see it."""
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
        Each with one cell for each column.
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
        """Check that rows and groups fit the columns."""
        wrong = [row.title for row in self.rows if len(row.cells) != len(self.columns)]
        if wrong:
            raise ValueError(f"{self.name or self.title}: rows with other than {len(self.columns)} cells: {wrong}")
        if self.groups and sum(span for _, span in self.groups) != len(self.columns):
            raise ValueError(f"{self.name or self.title}: groups {self.groups} do not span {len(self.columns)} columns")

    @property
    def full_columns(self) -> list[str]:
        """The columns' titles, each after that of its group, for tables with one header line."""
        if not self.groups:
            return list(self.columns)
        above = [group for group, span in self.groups for _ in range(span)]
        return [f"{group}: {column}" if group else column for group, column in zip(above, self.columns, strict=True)]

    @property
    def is_numeric(self) -> list[bool]:
        """Whether each column holds numbers, which are aligned at the right."""
        columns = zip(*(row.cells for row in self.rows), strict=True)
        found = [any(cell.value is not None for cell in column) for column in columns]
        return found or [True] * len(self.columns)

    @property
    def notes(self) -> list[str]:
        """The note, and the meaning of the marks that occur."""
        cells = [cell for row in self.rows for cell in row.cells]
        marks = {
            "Bold: the best of those compared in its column.": any(cell.best for cell in cells),
            f"{DAGGER}: not significantly worse than the best.": any(cell.with_best for cell in cells),
            f"{DOUBLE_DAGGER}: rests on runs that are not valid.": any(row.is_flagged for row in self.rows),
            "Set apart: baselines, which locate nothing and are not compared.": any(
                row.is_baseline for row in self.rows
            ),
        }
        return [note for note in (self.note, " ".join(mark for mark, occurs in marks.items() if occurs)) if note]

    def without_blank_columns(self) -> "TableBlock":
        """Drop the columns that are blank in every row."""
        return self.with_columns(
            [any(row.cells[index].text not in _BLANK for row in self.rows) for index in range(len(self.columns))]
        )

    def with_columns(self, kept: Sequence[bool]) -> "TableBlock":
        """Keep some of the columns, with their groups.

        Parameters
        ----------
        kept : sequence of bool
            Which of them, in order.
        """
        below, groups = iter(kept), []
        for title, span in self.groups:
            if n_kept := sum(islice(below, span)):
                groups.append((title, n_kept))
        return replace(
            self,
            columns=list(compress(self.columns, kept)),
            rows=[replace(row, cells=list(compress(row.cells, kept))) for row in self.rows],
            groups=groups,
        )


@dataclass(frozen=True)
class FigureBlock:
    """A figure with its caption; `name`, `title` and `note` as a table's."""

    name: str
    title: str
    figure: "Figure"
    note: str = ""

    @property
    def notes(self) -> list[str]:
        """The note, if there is one, as a list like that of a table."""
        return [self.note] if self.note else []


@dataclass(frozen=True)
class Section:
    """A heading and the blocks under it; a string is a paragraph of plain text."""

    title: str
    blocks: Sequence[str | TableBlock | FigureBlock]


@dataclass(frozen=True)
class Document:
    """A report: its title, sections, and what they come to, as paragraphs of plain text before them all."""

    title: str
    sections: Sequence[Section]
    opening: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Check that no two blocks or sections share an address or file, and that every link has a target."""
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
    """Write a number in a cell, as ``mean ± spread`` if there is a spread; None and NaN are undefined.

    Examples
    --------
    >>> number_cell(0.51234).text, number_cell(0.5, 0.0123).text, number_cell(None).text
    ('0.512', '0.500 ± 0.012', '–')
    """
    value, spread = (None if one is None or math.isnan(one) else float(one) for one in (value, spread))
    text = number(value, digits)
    return Cell(text if spread is None else f"{text} ± {number(spread, digits)}", value, spread)


def frame_table(frame: pd.DataFrame, title: str = "", *, columns: Mapping[str, str] | None = None) -> TableBlock:
    """Turn a DataFrame into a table: its first column holds the titles of the rows.

    Floats have three digits and are undefined where NaN; True is a tick and False is blank.

    Parameters
    ----------
    frame : DataFrame
        One row for each row of the table.
    title : str
        The caption.
    columns : mapping of str to str, optional
        Titles of the columns to show, in order; by default all under their own names.

    Examples
    --------
    >>> table = frame_table(pd.DataFrame({"method": ["cap"], "F1": [0.51234], "best": [True]}))
    >>> table.row_title, table.columns, [cell.text for cell in table.rows[0].cells]
    ('method', ['F1', 'best'], ['0.512', '✓'])
    """
    titles = columns or {str(name): str(name) for name in frame.columns}
    rows = []
    for row_title, *values in frame[list(titles)].itertuples(index=False, name=None):
        cells = []
        for value in values:
            if isinstance(value, bool | np.bool_):
                cells.append(Cell("✓" if value else ""))
            elif isinstance(value, float):
                cells.append(number_cell(value))
            else:
                cells.append(Cell(str(value), value if isinstance(value, int) else None))
        rows.append(TableRow(str(row_title), cells))
    row_title, *rest = titles.values()
    return TableBlock("", title, rest, rows, row_title)


def numbered(sections: Sequence[Section], prefix: str = "") -> list[Section]:
    """Name the blocks that have no name ``Table <prefix>1``, ``Figure <prefix>1`` and so on, in order.

    Tables without rows, and sections without blocks, are left out.

    Parameters
    ----------
    sections : sequence of Section
        Blocks that have a name keep it.
    prefix : str
        Distinguishes the numbers from others, e.g. ``"S"`` beside those of a paper.
    """
    numbers = {"Table": count(1), "Figure": count(1)}
    found = []
    for section in sections:
        blocks = [block for block in section.blocks if not isinstance(block, TableBlock) or block.rows]
        for index, block in enumerate(blocks):
            if not isinstance(block, str) and not block.name:
                kind = "Table" if isinstance(block, TableBlock) else "Figure"
                blocks[index] = replace(block, name=f"{kind} {prefix}{next(numbers[kind])}")
        if blocks:
            found.append(replace(section, blocks=blocks))
    return found


def slug(name: str) -> str:
    """Turn a name into part of an address or file name: small letters, digits and hyphens.

    Examples
    --------
    >>> slug("Table I"), slug("α of each class")
    ('table-i', 'a-of-each-class')
    """
    latin = unicodedata.normalize("NFKD", name.lower().replace("α", "a")).encode("ascii", "ignore").decode("ascii")
    return "-".join(re.findall(r"[a-z0-9]+", latin))
