"""``sedpool data list``: which corpora there are, and which are on disk."""


def list_corpora() -> None:
    """List the corpora that sedpool reads, and where each is or would be."""
    from sedpool.datasets.catalog import CORPORA, default_root, is_on_disk
    from sedpool.reports.document import Cell, TableBlock, TableRow
    from sedpool.reports.terminal import print_table

    rows = []
    for corpus in CORPORA:
        root = default_root(corpus)
        texts = corpus.title, corpus.labels, str(root), "yes" if is_on_disk(root) else "–"
        rows.append(TableRow(corpus.name, [Cell(text) for text in texts]))
    print_table(TableBlock("", "", ("what", "labels", "folder", "on disk"), rows, row_title="name"))
