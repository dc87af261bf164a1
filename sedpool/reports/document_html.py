"""HTML pages that need no other file and no network: a whole document, and what its tables look like on any page."""

import re
from typing import Any

from markupsafe import Markup, escape

from sedpool.comparison.labels import DAGGER
from sedpool.plot.style import data_uri
from sedpool.reports.document import Cell, Document, TableBlock, slug
from sedpool.reports.page import render

_LONGEST_LINE = 40  # characters after which text wraps
_BETWEEN_COLUMNS = 2.5  # in characters
_WIDE = 105  # characters
_WIDER_THAN_PAPER = 135  # characters: with more, upright A4 would have them below 7 points
_WIDEST = 200  # characters: with more, A4 laid crosswise would have them below 7 points, and the table is cut in pieces
_COLUMN_OF_TEXT = 18  # characters in a line of a column of sentences, at least
_BREAKS = r"(?<=_)|(?<=\.)(?=[^\W\d])"  # after an underscore, or a point before a letter


def to_html(document: Document) -> str:
    """Write the page: a table of contents, then the sections; figures are inside it.

    Wide tables scroll within their own box; on paper they are set smaller, and the widest on pages laid crosswise.
    """
    return html_page("document.html", document=document)


def html_page(template: str, **content: Any) -> str:
    """Fill in a page template, which may show a `TableBlock` by ``table_of`` of ``table.html``.

    Parameters
    ----------
    template : str
        File name.
    **content
        Values by the names that the template uses.
    """
    return render(
        template,
        slug=slug,
        data_uri=data_uri,
        dagger=DAGGER,
        breakable=_breakable,
        linked=_linked,
        parts=_parts,
        n_characters=_n_characters,
        pieces=_pieces,
        longest_line=_LONGEST_LINE,
        wide=_WIDE,
        wider_than_paper=_WIDER_THAN_PAPER,
        **content,
    )


def _breakable(text: str) -> Markup:
    """Allow line breaks within long names: after an underscore, or a point before a letter."""
    return Markup(re.sub(_BREAKS, "<wbr>", str(escape(text))))


def _linked(cell: Cell) -> Markup:
    """Turn the names in the text of a cell into links."""
    if not cell.links:
        return _breakable(cell.text)
    names = "|".join(re.escape(name) for name in sorted(cell.links, key=len, reverse=True))
    parts = re.split(f"({names})", cell.text)
    return Markup("").join(
        Markup('<a href="#{}">{}</a>').format(slug(part), part) if part in cell.links else _breakable(part)
        for part in parts
    )


def _parts(text: str) -> tuple[str, str]:
    """Split a number from its deviation or interval, which stands below it.

    Examples
    --------
    >>> _parts("0.512 ± 0.012"), _parts("+0.1 [+0.0, +0.2]"), _parts("0.512")
    (('0.512', '± 0.012'), ('+0.1', '[+0.0, +0.2]'), ('0.512', ''))
    """
    number, *rest = re.split(r" (?=[±\[])", text, maxsplit=1)
    return number, "".join(rest)


def _n_characters(table: TableBlock) -> int:
    """Estimate how many characters side by side a table takes when columns of text wrap."""
    return round(sum(_widths(table)))


def _pieces(table: TableBlock) -> list[TableBlock]:
    """Cut a table that is too wide for any page into some that are not, each with the titles of the rows."""
    first, *widths = _widths(table)
    pieces, taken = [0], first
    for index, width in enumerate(widths):
        if taken + width > _WIDEST and index > pieces[-1]:
            pieces.append(index)
            taken = first
        taken += width
    ends = [*pieces[1:], len(widths)]
    if len(pieces) == 1:
        return [table]
    return [
        table.with_columns([start <= index < end for index in range(len(widths))])
        for start, end in zip(pieces, ends, strict=True)
    ]


def _widths(table: TableBlock) -> list[float]:
    """Estimate how many characters the titles of the rows and each column take, with the space after them."""
    titles = [table.row_title, *(row.label for row in table.rows)]
    found = [min(max(map(len, titles)), _LONGEST_LINE) + _BETWEEN_COLUMNS]
    for index, (column, is_numeric) in enumerate(zip(table.columns, table.is_numeric, strict=True)):
        widths = [_longest_piece(column)]
        for text in (row.cells[index].text for row in table.rows):
            if is_numeric:
                widths.append(max(map(len, _parts(text))))
            else:  # sentences keep a minimum width, so that they do not become towers
                widths.append(max(_longest_piece(text), min(len(text), _COLUMN_OF_TEXT) if " " in text else 0))
        found.append(max(widths) + _BETWEEN_COLUMNS)
    return found


def _longest_piece(text: str) -> int:
    """Measure the longest part of a text that cannot be broken."""
    return max(map(len, re.split(f"{_BREAKS}| ", text)))
