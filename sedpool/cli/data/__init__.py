"""``sedpool data``: the corpora, a file a command."""

import typer

from sedpool.cli.data import download, listing

app = typer.Typer(no_args_is_help=True)
app.command("list")(listing.list_corpora)
app.command()(download.download)


@app.callback()
def data() -> None:
    """Know, fetch, check and prepare corpora, and make new ones."""
