"""The ``sedpool`` command: joins the sub-commands, and turns our errors into one line."""

import os
import sys
import warnings
from typing import Annotated, Any

import typer
import typer.core

from sedpool.cli import (
    analyse,
    compare,
    data,
    detect,
    export,
    jobs,
    live,
    models,
    pack,
    plan,
    report,
    reproduce,
    track,
    train,
    tune,
    ui,
)
from sedpool.cli.evaluate.command import evaluate
from sedpool.errors import SedpoolError

DEBUG = "HYDRA_FULL_ERROR"
INTERRUPTED = 130  # the exit status into which Typer turns Ctrl-C


class _Commands(typer.core.TyperGroup):
    """The commands, which know where one is that was looked for at the wrong place."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        for name, group in self.commands.items():
            if args[0] not in self.commands and args[0] in getattr(group, "commands", ()):
                ctx.fail(f"No such command '{args[0]}'. Did you mean 'sedpool {name} {args[0]}'?")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(context_settings=train.PASSED_ON)(train.train)
app.command()(detect.detect)
app.command()(live.listen)
app.command()(pack.pack)
app.command()(analyse.analyse)
app.command()(track.track)
app.command()(tune.tune)
app.command()(export.export)
app.command()(compare.compare)
app.command()(report.report)
app.command()(ui.ui)
app.command()(reproduce.reproduce)
app.command()(jobs.jobs)
app.command()(evaluate)
app.add_typer(data.app, name="data")
app.add_typer(models.app, name="models")
app.add_typer(plan.app, name="plan")


@app.callback()
def settings(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Train sound event detectors from weak labels, locate events, score them."""
    if debug:
        os.environ[DEBUG] = "1"
    warnings.formatwarning = lambda message, *_, **__: f"warning: {message}\n"


def main() -> None:
    """Run the command line; an error that a user can mend ends in one line and status 1, an interruption in 130."""
    os.environ["MPLBACKEND"] = "agg"  # figures become files; a name that matplotlib does not know would stop it
    try:
        app()
    except (SedpoolError, OSError) as error:  # an OSError, such as a folder that cannot be written, names its file
        if os.environ.get(DEBUG) == "1":
            raise
        sys.exit(f"error: {error}")
    except SystemExit as stop:
        if stop.code == INTERRUPTED and sys.argv[0] != "sedpool train":  # which has said so
            print("interrupted; the same command goes on where it can", file=sys.stderr)
        raise
