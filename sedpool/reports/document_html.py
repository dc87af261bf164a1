"""A document as one HTML page that needs no other file and no network."""

import re

from markupsafe import Markup, escape

from sedpool.reports.document import DAGGER, Document, FigureBlock, TableBlock, slug
from sedpool.reports.page import render
from sedpool.reports.style import data_uri

_LONGEST_LINE = 40  # characters after which text wraps
_BETWEEN_COLUMNS = 2.5  # in characters
_WIDE = 105  # characters


def to_html(document: Document) -> str:
    """The page: a table of contents, then the sections; figures are inside it.

    Wide tables scroll within their own box; on paper they are set as small as they must be to fit.
    """
    return render(
        "document.html",
        document=document,
        slug=slug,
        kind=_kind,
        data_uri=data_uri,
        dagger=DAGGER,
        breakable=_breakable,
        style_of=_style_of,
        n_characters=_n_characters,
    )


def _kind(block: str | TableBlock | FigureBlock) -> str:
    """How the template tells blocks apart."""
    return {TableBlock: "table", FigureBlock: "figure"}.get(type(block), "paragraph")


def _breakable(text: str) -> Markup:
    """Text that may be broken within long names: after an underscore, or a point before a letter."""
    return Markup(re.sub(r"(_|\.(?=[^\W\d]))", r"\1<wbr>", str(escape(text))))


def _style_of(table: TableBlock) -> str:
    """Classes of a table whose rows' titles must wrap, or that is set smaller to have room on a wide screen."""
    has_sentences = any(len(row.title) > _LONGEST_LINE for row in table.rows)
    return " ".join(["sentences"] * has_sentences + ["dense"] * (_n_characters(table) > _WIDE))


def _n_characters(table: TableBlock) -> int:
    """About how many characters side by side a table takes."""
    titles = [table.row_title, *(row.title for row in table.rows)]
    width = min(max(map(len, titles)), _LONGEST_LINE) + _BETWEEN_COLUMNS
    for index, column in enumerate(table.columns):
        words = column.replace("_", " ").split()
        lines = [line for row in table.rows for line in row.cells[index].text.split(" ± ")]
        width += min(max(map(len, [*words, *lines]), default=0), _LONGEST_LINE) + _BETWEEN_COLUMNS
    return round(width)
