"""``sedpool pack``: a finished run as one file for others."""

from pathlib import Path
from typing import Annotated

import typer


def pack(
    run: Annotated[Path, typer.Argument(help="A finished run folder; or a package, to change what is stated of it.")],
    package: Annotated[Path, typer.Argument(help="The file to write, for example mine.sedpool.")],
    name: Annotated[str | None, typer.Option(help="What it is called; by default as the run folder.")] = None,
    author: Annotated[str | None, typer.Option(help="Who made it.")] = None,
    license: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE", help="Terms of use: a name, as CC-BY-4.0, or a text file, which goes into the package."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Pack a run into one file that every command takes in its place: weights, settings, decoding and a model card.

    It holds no recordings, no labels, no scores of single clips and nothing that could be executed. Equal runs make
    equal bytes.
    """
    from sedpool import storage
    from sedpool.errors import ConfigError, StorageError
    from sedpool.experiment.pack import pack_run
    from sedpool.inference.package import SUFFIX, open_run, unpack

    if package.exists() and not force:
        raise ConfigError(f"{package}: is there already; give another name, or --force to replace it")
    if package.is_file() and package.suffix != SUFFIX:
        try:
            unpack(package.read_bytes(), package)
        except StorageError:
            reason = "no package, and --force replaces nothing else"
            raise ConfigError(f"{package}: {reason}; give another name") from None
    licence, licence_text = license, None
    if license is not None and Path(license).is_file():
        try:
            licence_text = Path(license).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ConfigError(f"--license {license}: not a text in UTF-8; give a text file or a name") from None
        licence = next(filter(None, map(str.strip, licence_text.splitlines())), None)
        if licence is None:
            raise ConfigError(f"--license {license}: an empty file; expected the terms of use")
    with open_run(run) as opened:
        content = pack_run(opened, name=name, author=author, licence=licence, licence_text=licence_text)
    about, parts = unpack(content, package)
    storage.write_bytes(package, content)
    for part, held in parts.items():
        typer.echo(f"{len(held):>12,}  {part}")
    typer.echo(f"{len(content):>12,}  {package}: {about.name}, {len(about.classes)} classes")
    if about.licence is None:
        typer.echo("no terms of use stated: --license NAME or FILE tells others what they may do with it", err=True)
