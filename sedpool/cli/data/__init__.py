"""``sedpool data``: one file per command about corpora."""

import typer

from sedpool.cli.data import check, download, info, listing, prepare, synthesise

app = typer.Typer(no_args_is_help=True)
app.command("list")(listing.list_corpora)
app.command()(info.info)
app.command()(download.download)
app.command(context_settings=check.PASSED_ON)(check.check)
app.command("validate", deprecated=True, context_settings=check.PASSED_ON)(check.check)
app.command()(prepare.prepare)
app.command()(synthesise.synthesise)
app.command()(synthesise.render)


@app.callback()
def data() -> None:
    """Know, fetch, check and prepare corpora, and make new ones."""
