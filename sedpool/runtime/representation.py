"""How detectors, runs and datasets show themselves in a notebook: short plain tables of escaped text."""

import html
from collections.abc import Iterable, Sequence


def html_table(title: str, rows: Iterable[Sequence[object]], header: Sequence[object] = ()) -> str:
    """Write a table as HTML; whatever names hold is text.

    Parameters
    ----------
    title : str
        Its caption.
    rows : iterable of sequence
        Cells from the left; the first of each row is its heading.
    header : sequence, optional
        Headings of the columns.
    """

    def cells(tag: str, values: Sequence[object]) -> str:
        texts = [str(value).encode(errors="backslashreplace").decode() for value in values]
        return "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts)

    head = f"<tr>{cells('th', header)}</tr>" if header else ""
    body = "".join(f"<tr>{cells('th', row[:1])}{cells('td', row[1:])}</tr>" for row in rows)
    return f"<table><caption>{html.escape(title)}</caption>{head}{body}</table>"
