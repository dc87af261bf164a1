"""A document as GitHub's Markdown, its figures beside it."""

import re

from sedpool.comparison.labels import DAGGER
from sedpool.reports.document import Cell, Document, FigureBlock, TableBlock, TableRow, slug

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&$])")
_LIST_OR_RULE = re.compile(r"^(\d*)([-+=](?=[\s=-]|$)|(?<=\d)[.)](?=\s|$))")


def to_markdown(document: Document) -> str:
    """The text; figures are read from the folder ``figures`` beside it."""
    lines = [f"# {_escaped(document.title)}"]
    for section in document.sections:
        lines += [f"## {_escaped(section.title)}", *(_block(block) for block in section.blocks)]
    return "\n\n".join(lines) + "\n"


def _block(block: str | TableBlock | FigureBlock) -> str:
    if isinstance(block, str):
        return _escaped(block)
    caption = f'<a id="{slug(block.name)}"></a>**{_escaped(block.name)}.** {_escaped(block.title)}'
    if isinstance(block, TableBlock):
        return "\n\n".join([caption, _table(block), *map(_escaped, block.notes)])
    picture = f"![{_escaped(block.title)}](figures/{slug(block.name)}.png)"
    return "\n\n".join([caption, picture, *([_escaped(block.note)] if block.note else [])])


def _table(table: TableBlock) -> str:
    header = [table.row_title, *table.full_columns]
    rule = ["---", *("--:" if numeric else "---" for numeric in table.is_numeric)]
    return "\n".join(_line(cells) for cells in ([*map(_escaped, header)], rule, *map(_row, table.rows)))


def _row(row: TableRow) -> list[str]:
    title = _escaped(row.label)
    return [f"*{title}*" if row.is_baseline else title, *map(_cell, row.cells)]


def _cell(cell: Cell) -> str:
    text = _escaped(cell.text)
    if cell.links:
        names = "|".join(re.escape(_escaped(name)) for name in sorted(cell.links, key=len, reverse=True))
        text = re.sub(names, lambda found: f"[{found[0]}](#{slug(found[0])})", text)
    return (f"**{text}**" if cell.best else text) + (f" {DAGGER}" if cell.with_best else "")


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escaped(text: str) -> str:
    """Plain text that Markdown shows as it is, on one line."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _LIST_OR_RULE.sub(r"\1\\\2", escaped)
