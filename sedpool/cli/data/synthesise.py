"""``sedpool data synthesise`` and ``render``: make soundscapes from recordings, and make them again from their JAMS."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sedpool.cli.parallel import Address, Jobs, Where, working

if TYPE_CHECKING:
    from sedpool.soundscapes.spec import SoundscapeSpec

Foreground = Annotated[Path, typer.Option(metavar="FOLDER", help="Labelled recordings: one sub-folder a class.")]
Background = Annotated[Path, typer.Option(metavar="FOLDER", help="Recordings to lie under the events.")]


def synthesise(
    foreground: Foreground,
    background: Background,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The corpus to make.")],
    spec: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="What a soundscape is drawn from: a YAML file, or a name.")
    ] = "default",
    train: Annotated[int, typer.Option(min=1, help="Number of soundscapes for training.")] = 1200,
    validate: Annotated[int, typer.Option(min=1, help="Number of soundscapes for validation.")] = 400,
    test: Annotated[int, typer.Option(min=1, help="Number of soundscapes for testing.")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="Of every draw: the same seed gives the same bytes.")] = 0,
    source_pattern: Annotated[
        str,
        typer.Option(
            metavar="REGEX",
            help="Finds in a file's name the (?P<source>...) that files cut from one recording share: no source is in "
            "two splits. By default every file is its own source.",
        ),
    ] = r"^(?P<source>.+)$",
    exclude_background: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Backgrounds to leave out; may be repeated.")
    ] = None,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Also write the background and every event alone.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse recordings that cannot be used.")] = False,
    jobs: Jobs = None,
    where: Where = "local",
    address: Address = None,
) -> None:
    """Make a corpus of soundscapes: audio, JAMS, text and TSV; an interrupted synthesis goes on where it stopped."""
    from sedpool.datasets.soundscapes import synthesise
    from sedpool.soundscapes.splits import SplitRule

    with working(where, address):
        made = synthesise(
            out,
            foreground,
            background,
            _spec(spec),
            sizes={"train": train, "validate": validate, "test": test},
            seed=seed,
            split_rule=SplitRule(source_pattern),
            exclude_backgrounds=exclude_background or (),
            isolated=isolated,
            strict=strict,
            n_jobs=jobs or -1,
        )
    typer.echo(f"{out}: " + (f"{train + validate + test} soundscapes" if made else "complete already"))
    typer.echo(f"train on it: sedpool train dataset=synthesised dataset.root={out}")


def _spec(name: str) -> "SoundscapeSpec":
    from sedpool.errors import ConfigError
    from sedpool.settings.compose import config_folder
    from sedpool.soundscapes.spec import read_spec

    kept = config_folder() / "soundscapes"
    if (kept / f"{name}.yaml").is_file():
        return read_spec(kept / f"{name}.yaml")
    if not Path(name).exists():
        names = ", ".join(sorted(path.stem for path in kept.glob("*.yaml")))
        raise ConfigError(f"--spec {name}: no such file; expected a YAML file or one of {names}")
    return read_spec(name)


def render(
    jams: Annotated[list[Path], typer.Argument(metavar="JAMS...", help="Files that Scaper or sedpool wrote.")],
    foreground: Foreground,
    background: Background,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to write the audio.")],
    dry: Annotated[bool, typer.Option("--dry", help="Leave out reverb, which sedpool cannot render.")] = False,
    jobs: Jobs = None,
    where: Where = "local",
    address: Address = None,
) -> None:
    """Render soundscapes again from their Scaper JAMS and the recordings that these name."""
    from sedpool.soundscapes.render import render_files

    with working(where, address):
        written = render_files(jams, foreground, background, out, dry=dry, n_jobs=jobs or -1)
    typer.echo(f"{out}: {len(written)} soundscapes")
