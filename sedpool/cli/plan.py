"""``sedpool plan``: what work will take, before it is begun."""

from pathlib import Path
from typing import Annotated

import typer

from sedpool.cli.data.loading import Overrides, configuration
from sedpool.cli.data.names import Name, Root

app = typer.Typer(help="Say what a sweep, an extraction or a detection will take.", no_args_is_help=True)

Machines = Annotated[int, typer.Option(min=1, help="Machines like this one.")]
AtATime = Annotated[int, typer.Option(min=1, help="Processes at a time on each machine.")]


@app.command()
def sweep(
    overrides: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="As for sedpool train -m.")],
    machines: Machines = 1,
    jobs: AtATime = 1,
) -> None:
    """State time, disk, memory and energy of the runs of a sweep, from finished runs or a few steps timed here."""
    from sedpool.experiment.resources import sweep_work
    from sedpool.settings.compose import compose

    folder = Path(compose([word for word in overrides if word.startswith("runs=")])["runs"])
    typer.echo("\n".join(sweep_work(overrides, jobs).report(machines, jobs, folder)))


@app.command()
def extraction(
    name: Name, overrides: Overrides = None, root: Root = None, machines: Machines = 1, jobs: AtATime = 1
) -> None:
    """State time, disk, memory and energy of the features of a corpus, from those of a few clips."""
    from sedpool.experiment.resources import extraction_work

    config = configuration(name, root, overrides)
    typer.echo("\n".join(extraction_work(config).report(machines, jobs, Path(config["cache"]))))


@app.command()
def detection(
    run: Annotated[str, typer.Argument(help="A run folder, a package, or demo.")],
    audio: Annotated[list[str], typer.Argument(help="Recordings: files, folders or patterns.")],
    hours: Annotated[
        float | None, typer.Option(min=0, help="How much there will be, if the recordings are examples.")
    ] = None,
    machines: Machines = 1,
    jobs: AtATime = 1,
    out: Annotated[Path, typer.Option(help="Where the results would go.")] = Path(),
) -> None:
    """State time, disk, memory and energy of detecting in recordings, from pieces of a few of them."""
    from sedpool.runtime.backend import import_backend

    import_backend(threads=1)
    from sedpool.experiment.detection import load_method
    from sedpool.experiment.resources import detection_work
    from sedpool.inference.recordings import find_recordings

    method = load_method([run], tuned=True, trust_code=False)
    work = detection_work(method, find_recordings(audio), hours)
    typer.echo("\n".join(work.report(machines, jobs, out)))
