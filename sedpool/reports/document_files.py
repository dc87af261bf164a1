"""A document as the files of a folder: a page, Markdown, LaTeX, a CSV file a table and a picture a figure."""

from pathlib import Path

from sedpool import storage
from sedpool.reports.document import Document, slug
from sedpool.reports.document_csv import to_csv
from sedpool.reports.document_html import to_html
from sedpool.reports.document_latex import to_latex
from sedpool.reports.document_markdown import to_markdown

_DPI = 150


def write_document(document: Document, folder: Path) -> Path:
    """Write a document in every format and return the page's path.

    Parameters
    ----------
    document : Document
        What to write.
    folder : Path
        Gets ``index.html``, ``report.md``, ``report.tex``, ``tables/<name>.csv`` and ``figures/<name>.png``; the page
        needs none of the others. Other files in it stay.
    """
    for table in document.tables:
        storage.write_text(folder / "tables" / f"{slug(table.name)}.csv", to_csv(table))
    for block in document.figures:
        with storage.atomic_path(folder / "figures" / f"{slug(block.name)}.png") as temporary:
            block.figure.savefig(temporary, dpi=_DPI)
    storage.write_text(folder / "report.md", to_markdown(document))
    storage.write_text(folder / "report.tex", to_latex(document))
    storage.write_text(folder / "index.html", to_html(document))
    return folder / "index.html"
