"""A document as GitHub's Markdown, its figures beside it."""

import re

from sedpool.comparison.labels import DAGGER
from sedpool.reports.document import Document, TableBlock, slug
from sedpool.reports.page import render

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&$])")
_LIST_OR_RULE = re.compile(r"^(\d*)([-+=](?=[\s=-]|$)|(?<=\d)[.)](?=\s|$))")


def to_markdown(document: Document) -> str:
    """Write the document; figures are read from the folder ``figures`` beside it."""
    return render("document.md", document=document, slug=slug, text=markdown_text, table=markdown_table)


def markdown_table(table: TableBlock) -> str:
    """Write a table with one header line, without its caption and notes."""
    lines = [
        [markdown_text(title) for title in (table.row_title, *table.full_columns)],
        ["---", *("--:" if numeric else "---" for numeric in table.is_numeric)],
    ]
    for row in table.rows:
        title = markdown_text(row.label)
        cells = [f"*{title}*" if row.is_baseline else title]
        for cell in row.cells:
            text = markdown_text(cell.text)
            if cell.links:
                names = "|".join(re.escape(markdown_text(name)) for name in sorted(cell.links, key=len, reverse=True))
                text = re.sub(names, lambda found: f"[{found[0]}](#{slug(found[0])})", text)
            cells.append((f"**{text}**" if cell.best else text) + (f" {DAGGER}" if cell.with_best else ""))
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def markdown_text(text: str) -> str:
    """Escape plain text so that Markdown shows it as it is, on one line."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _LIST_OR_RULE.sub(r"\1\\\2", escaped)
