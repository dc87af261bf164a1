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
    from sedpool.frontends.catalog import AISFX, models_folder
    from sedpool.reports.document import Cell, TableBlock, TableRow
    from sedpool.reports.terminal import print_table

    path = weights_file()
    texts = {AISFX.name: ("512 values per frame of 186, 93, 46 or 23 ms", AISFX.licence, path)}
    texts |= {own.name: ("your own", "–", own) for own in sorted(models_folder().glob("*.onnx"))}
    rows = [
        TableRow(name, [Cell(what), Cell(terms), Cell(str(file)), Cell("yes" if file.is_file() else "–")])
        for name, (what, terms, file) in texts.items()
    ]
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


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="An ONNX file, or the wheel of aisfx.")],
    sr: Annotated[int, typer.Option(min=1, help="Hz; sampling rate that a network of your own expects.")] = 16000,
    force: Annotated[bool, typer.Option("--force", help="Replace a network of that name.")] = False,
) -> None:
    """Keep a network of your own where every run and package finds it by its name, and say what it does."""
    from sedpool import storage
    from sedpool.errors import ConfigError
    from sedpool.frontends.catalog import AISFX, models_folder
    from sedpool.frontends.onnx_network import OnnxEmbedding

    if file.suffix == ".whl":
        get(AISFX.name, file)
        return
    if file.suffix != ".onnx" or not file.is_file():
        raise ConfigError(f"{file}: expected an ONNX file (.onnx), or the wheel of {AISFX.name} (.whl)")
    network, kept = OnnxEmbedding(str(file), sr), models_folder() / file.name
    period, sha256 = 1000 / network.frame_rate, network.front_end.sha256
    if kept.is_file() and storage.sha256_file(kept) != sha256 and not force:
        raise ConfigError(f"{kept}: another network of that name; give this one another, or --force to replace that")
    storage.write_bytes(kept, file.read_bytes())
    typer.echo(f"{kept}: {network.n_features} values per frame of {period:.3g} ms at {sr} Hz; sha256 {sha256}")
    typer.echo(f"train on it: sedpool train model=onnx model.path={file.name} features.sr={sr}")
