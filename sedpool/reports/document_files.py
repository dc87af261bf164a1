"""A document as files: a page, Markdown, LaTeX, a CSV file for each table and a picture for each figure."""

from pathlib import Path

from sedpool import storage
from sedpool.plot.style import write_figure
from sedpool.reports.document import Document, slug
from sedpool.reports.document_csv import to_csv
from sedpool.reports.document_html import to_html
from sedpool.reports.document_latex import to_latex
from sedpool.reports.document_markdown import to_markdown
from sedpool.reports.page import mark_half_renewed
from sedpool.run_folder import RunFolder


def write_document(document: Document, folder: Path) -> Path:
    """Write a document in every format and return the page's path.

    Parameters
    ----------
    document : Document
        What to write.
    folder : Path
        Gets ``index.html``, ``report.md``, ``report.tex``, ``tables/<name>.csv`` and ``figures/<name>.png``; the page
        needs none of the others. Tables and figures of an earlier report are removed; other files in it stay.

    Raises
    ------
    StorageError
        If there is a link in place of ``tables`` or ``figures``.
    """
    for name in ("tables", "figures"):
        RunFolder(folder).subfolder(name)
    tables = {folder / "tables" / f"{slug(table.name)}.csv": table for table in document.tables}
    figures = {folder / "figures" / f"{slug(block.name)}.png": block.figure for block in document.figures}
    page = folder / "index.html"
    mark_half_renewed(page)
    for path, table in tables.items():
        storage.write_text(path, to_csv(table))
    for path, figure in figures.items():
        write_figure(figure, path)
    for path in {*folder.glob("tables/table-*.csv"), *folder.glob("figures/figure-*.png")} - {*tables, *figures}:
        path.unlink()
    storage.write_text(folder / "report.md", to_markdown(document))
    storage.write_text(folder / "report.tex", to_latex(document))
    storage.write_text(page, to_html(document))
    return page
