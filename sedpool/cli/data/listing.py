"""``sedpool data list``: which corpora there are, and which are on disk."""


def list_corpora() -> None:
    """List the corpora that sedpool reads, and where each is or would be."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from sedpool.datasets.catalog import CORPORA, default_root, is_on_disk

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("name", "what", "labels", "folder", "on disk"):
        table.add_column(heading, overflow="fold")
    for corpus in CORPORA:
        root = default_root(corpus)
        table.add_row(corpus.name, corpus.title, corpus.labels, str(root), "yes" if is_on_disk(root) else "–")
    Console().print(table)
