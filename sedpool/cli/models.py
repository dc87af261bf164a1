"""``sedpool models``: the pretrained networks that detectors can build on."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def models() -> None:
    """Know and get pretrained networks, whose embeddings detectors can build on."""


@app.command("list")
def list_models() -> None:
    """List the pretrained networks, their terms, and which are here."""
    from sedpool.frontends.aisfx_weights import weights_file
    from sedpool.frontends.catalog import AISFX
    from sedpool.reports.document import Cell, TableBlock, TableRow
    from sedpool.reports.terminal import print_table

    path = weights_file()
    texts = "512 values per frame of 186, 93, 46 or 23 ms", AISFX.licence, str(path), "yes" if path.is_file() else "–"
    rows = [TableRow(AISFX.name, [Cell(text) for text in texts])]
    print_table(TableBlock("", "", ("what", "terms", "file", "here"), rows, row_title="name"))
    typer.echo(f"{AISFX.name}: {AISFX.attribution}; {AISFX.caution}")


@app.command()
def get(
    name: Annotated[str, typer.Argument(help="aisfx")],
    file: Annotated[Path | None, typer.Argument(help="Its wheel, where there is no network.")] = None,
) -> None:
    """Get a pretrained network: downloaded by pip, checked by its hash, converted once; nothing is installed."""
    from sedpool.errors import ConfigError
    from sedpool.frontends.aisfx_weights import read_weights, weights_file
    from sedpool.frontends.catalog import AISFX

    if name != AISFX.name:
        raise ConfigError(f"{name}: no such network; expected {AISFX.name}, or a file of your own: sedpool models add")
    if file is None and weights_file().is_file():
        read_weights()
        typer.echo(f"{weights_file()}: complete already")
    else:
        from sedpool.frontends.fetch import add_aisfx, fetch_aisfx

        typer.echo(f"{fetch_aisfx() if file is None else add_aisfx(file)}: written")
    typer.echo(f"Terms: {AISFX.licence}. Name its makers wherever you pass it or results on: {AISFX.attribution}.")
    typer.echo(f"Note: {AISFX.caution}.")
