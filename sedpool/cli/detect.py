"""``sedpool detect``: find events in anybody's recordings with a trained run."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sedpool.cli.trust import TrustCode


def detect(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... AUDIO...",
            help="A run folder, or several, whose mean score then counts; then recordings: files, folders, patterns in "
            "quotes, or - for a list on standard input.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; a run that was interrupted goes on there.")
    ] = None,
    beside: Annotated[bool, typer.Option(help="Write each recording's results beside it.")] = False,
    format: Annotated[
        list[str] | None, typer.Option(help="tsv, csv, json, jams, audacity, raven or scores; may be repeated.")
    ] = None,
    decode: Annotated[
        Literal["tuned", "set"], typer.Option(help="Decode as tuned on validation, or as the run was set.")
    ] = "tuned",
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Probability from which a frame is active, for all classes.")
    ] = None,
    merge: Annotated[
        float | None, typer.Option(min=0, help="Join events of a class with at most so many seconds between them.")
    ] = None,
    min_duration: Annotated[
        float | None, typer.Option(min=0, help="Leave out events shorter than so many seconds.")
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out events whose highest probability is lower.")
    ] = 0.0,
    classes: Annotated[
        list[str] | None, typer.Option(help="Keep this class only; may be repeated, or several between commas.")
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="Keep so many events of each recording, the most confident.")
    ] = None,
    trust_code: TrustCode = False,
) -> None:
    """Detect events in recordings of any length, format and rate.

    Events are printed as a table between tabs, with the highest probability of each as its confidence. With --out or
    --beside they are written in the formats chosen, and the same command goes on where it was interrupted.

    Recordings that cannot be read are listed at the end; the exit status is then 1.
    """
