"""A document as one HTML page that needs no other file and no network."""

import re

from markupsafe import Markup, escape

from sedpool.comparison.labels import DAGGER
from sedpool.plot.style import data_uri
from sedpool.reports.document import Cell, Document, FigureBlock, TableBlock, slug
from sedpool.reports.page import render

_LONGEST_LINE = 40  # characters after which text wraps
_BETWEEN_COLUMNS = 2.5  # in characters
_WIDE = 105  # characters
_WIDER_THAN_PAPER = 135  # characters: with more, upright A4 would have them below 7 points
_COLUMN_OF_TEXT = 18  # characters in a line of a column of sentences, at least


_BREAKS = r"(?<=_)|(?<=\.)(?=[^\W\d])"  # after an underscore, or a point before a letter


def to_html(document: Document) -> str:
    """The page: a table of contents, then the sections; figures are inside it.

    Wide tables scroll within their own box; on paper they are set smaller, and the widest on pages laid crosswise.
    """
    return render(
        "document.html",
        document=document,
        slug=slug,
        kind=_kind,
        data_uri=data_uri,
        dagger=DAGGER,
        breakable=_breakable,
        linked=_linked,
        style_of=_style_of,
        n_characters=_n_characters,
        needs_wide_page=_needs_wide_page,
        parts=_parts,
    )


def _kind(block: str | TableBlock | FigureBlock) -> str:
    """How the template tells blocks apart."""
    return {TableBlock: "table", FigureBlock: "figure"}.get(type(block), "paragraph")


def _breakable(text: str) -> Markup:
    """Text that may be broken within long names: after an underscore, or a point before a letter."""
    return Markup(re.sub(_BREAKS, "<wbr>", str(escape(text))))


def _linked(cell: Cell) -> Markup:
    """The text of a cell with its links."""
    if not cell.links:
        return _breakable(cell.text)
    names = "|".join(re.escape(name) for name in sorted(cell.links, key=len, reverse=True))
    parts = re.split(f"({names})", cell.text)
    return Markup("").join(
        Markup('<a href="#{}">{}</a>').format(slug(part), part) if part in cell.links else _breakable(part)
        for part in parts
    )


def _style_of(table: TableBlock) -> str:
    """Classes of a table whose rows' titles must wrap, or that is set smaller to have room on a wide screen."""
    has_sentences = any(len(row.title) > _LONGEST_LINE for row in table.rows)
    return " ".join(["sentences"] * has_sentences + ["dense"] * (_n_characters(table) > _WIDE))


def _parts(text: str) -> tuple[str, str]:
    """A number, and its deviation or interval, which stands below it.

    Examples
    --------
    >>> _parts("0.512 ± 0.012"), _parts("+0.1 [+0.0, +0.2]"), _parts("0.512")
    (('0.512', '± 0.012'), ('+0.1', '[+0.0, +0.2]'), ('0.512', ''))
    """
    number, *rest = re.split(r" (?=[±\[])", text, maxsplit=1)
    return number, "".join(rest)


def _needs_wide_page(table: TableBlock) -> bool:
    return _n_characters(table) > _WIDER_THAN_PAPER


def _n_characters(table: TableBlock) -> int:
    """About how many characters side by side a table takes, where columns of text wrap."""
    titles = [table.row_title, *(row.label for row in table.rows)]
    width = min(max(map(len, titles)), _LONGEST_LINE) + _BETWEEN_COLUMNS
    for index, (column, is_numeric) in enumerate(zip(table.columns, table.is_numeric, strict=True)):
        texts = [row.cells[index].text for row in table.rows]
        widths = [max(map(len, _parts(text))) if is_numeric else _least_width(text) for text in texts]
        width += max([_longest_piece(column), *widths]) + _BETWEEN_COLUMNS
    return round(width)


def _least_width(text: str) -> int:
    """Characters in a line of text that wraps, where sentences shall not become towers."""
    return max(_longest_piece(text), min(len(text), _COLUMN_OF_TEXT) if " " in text else 0)


def _longest_piece(text: str) -> int:
    """The longest part of a text within which it is not broken."""
    return max(map(len, re.split(f"{_BREAKS}| ", text)))
