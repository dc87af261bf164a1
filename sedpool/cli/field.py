"""What ``sedpool detect`` offers for field work: times of recordings, a summary by hour, snippets to listen to."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sedpool.inference.recordings import Detected

TimePattern = Annotated[
    str | None,
    typer.Option(
        help="When recordings begin, if their names say it in another way than recorders do: such as %d-%m-%Y/%Hh%M "
        "(strptime), found anywhere in the path."
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option(help="Zone to give times in, such as Europe/Berlin or +02:00; also that of names without a zone."),
]
Summary = Annotated[
    bool,
    typer.Option(
        "--summary",
        help="Count detections by recording, hour and class, with the hours listened: summary.tsv under --out; without "
        "it, printed in place of the events.",
    ),
]
Clips = Annotated[
    int | None, typer.Option(min=1, help="Write so many snippets of each class to listen to, under --out in clips/.")
]
By = Annotated[
    Literal["confidence", "random"] | None,
    typer.Option(show_default="confidence", help="Which --clips: the most confident events, or any."),
]


def refuse_idle(clips: int | None, by: str | None, out: str | None) -> None:
    """Refuse options that would do nothing.

    Raises
    ------
    ConfigError
        If snippets have no folder to go to, or are not asked for although it is said which.
    """
    from sedpool.errors import ConfigError

    if clips is not None and out is None:
        raise ConfigError("--clips: give --out FOLDER too, where the snippets go")
    if by is not None and clips is None:
        raise ConfigError(f"--by {by}: it does nothing without --clips; say how many")


def write_summary(found: "Sequence[Detected]", classes: "Sequence[str]", out: Path | None) -> None:
    """Write ``summary.tsv`` into a folder, or print it; say which recordings have no known time."""
    from sedpool import storage
    from sedpool.analysis.hourly import hourly_detections
    from sedpool.inference.results import all_events
    from sedpool.text_tables import table_text

    durations = {one.recording.filename: one.duration for one in found}
    starts = {one.recording.filename: one.recording.start for one in found}
    table = hourly_detections(all_events(found), durations, starts, classes)
    text = table_text(table)
    if out is None:
        sys.stdout.write(text)
    else:
        storage.write_text(out / "summary.tsv", text)
        typer.echo(f"summary: {out / 'summary.tsv'}", err=True)
    untimed = [filename for filename, start in starts.items() if start is None]
    if untimed:
        hours = sum(durations[filename] for filename in untimed) / 3600
        typer.echo(
            f"warning: neither name nor metadata says when {len(untimed)} of {len(found)} recordings begin "
            f"({hours:.2f} h; the first is {untimed[0]}): they stand in the summary without an hour; --time-pattern "
            "reads other names",
            err=True,
        )


def write_asked(
    found: "Sequence[Detected]",
    classes: "Sequence[str]",
    out: Path | None,
    *,
    summary: bool,
    clips: int | None,
    by: Literal["confidence", "random"],
) -> None:
    """Write or print the summary, and write snippets, as far as they are asked for."""
    if summary:
        write_summary(found, classes, out)
    if clips is not None and out is not None:
        write_clips(found, clips, by, out)


def write_clips(found: "Sequence[Detected]", n: int, by: Literal["confidence", "random"], out: Path) -> None:
    """Write snippets of each class, and a table of them."""
    from sedpool.inference.results import all_events, recording_infos
    from sedpool.inference.snippets import choose_events, write_snippets

    chosen = choose_events(all_events(found), n, by)
    typer.echo(f"snippets: {write_snippets(chosen, recording_infos(found), out / 'clips')}", err=True)
