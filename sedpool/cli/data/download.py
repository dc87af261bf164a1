"""``sedpool data download``: fetch a corpus."""

from sedpool.cli.data.names import Name, Root


def download(name: Name, root: Root = None) -> None:
    """Fetch a corpus, or say how to get it; an interrupted download goes on where it stopped."""
    import typer

    from sedpool.datasets import catalog

    corpus = catalog.find(name)
    folder = root or catalog.default_root(corpus)
    if corpus.files:
        from sedpool.datasets.download import download

        fetched = download(corpus, folder)
        typer.echo(f"{folder}: " + (f"fetched {', '.join(fetched)}" if fetched else "complete already"))
    if corpus.steps:
        typer.echo(corpus.steps)
