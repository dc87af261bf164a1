"""What ``sedpool evaluate`` may be asked."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer


class MetricKind(StrEnum):
    """Kinds of metrics that can be asked for."""

    clip = "clip"
    ranking = "ranking"
    segment = "segment"
    event = "event"
    onset = "onset"
    intersection = "intersection"
    psds = "psds"


TAGGING = frozenset({MetricKind.clip, MetricKind.ranking})
"""Metrics that no time enters."""

_FORMATS = "any format of docs/labels.md (DCASE, CSV, JAMS, Audacity, Raven, ...), or a folder of them"

Reference = Annotated[Path, typer.Option("--reference", "-r", help=f"True events: {_FORMATS}.")]
Estimated = Annotated[
    Path | None,
    typer.Option(
        "--estimated",
        "-e",
        help="Detected events, in any of these formats; a folder of sedpool detect; or a run folder.",
    ),
]
Scores = Annotated[
    Path | None,
    typer.Option(
        help="Frame scores: parquet, a folder of sedpool detect, or one with a TSV for each clip; or clip scores."
    ),
]
MetricKinds = Annotated[
    list[MetricKind], typer.Option("--metric", "-m", help="What to score; may be given several times.")
]
Durations = Annotated[
    Path | None, typer.Option(help="Lengths of the clips: a table filename, duration, or a folder of audio.")
]
Classes = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LABEL,...|FILE",
        help="Classes that count, of more or fewer than the reference has: labels, or a file with one per line. Events "
        "of others are left out and counted. By default those of the reference.",
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        metavar="MEANING=NAME,...",
        help="Columns of the reference's tables where they are not recognised: onset=Start,event_label=3.",
    ),
]
Unit = Annotated[
    str | None,
    typer.Option(metavar="s|ms|samples:RATE", help="Unit of the times in the reference's tables, if not seconds."),
]
MinConfidence = Annotated[
    float | None, typer.Option(min=0, max=1, help="Leaves out events of a lower confidence, true and detected ones.")
]
Annotators = Annotated[
    str | None,
    typer.Option(
        metavar="union|majority|NAME", help="What counts where the reference has several annotations of a clip."
    ),
]
Tiers = Annotated[
    list[str] | None, typer.Option(help="Tier of the reference's TextGrids and ELAN files; may be given several times.")
]
PointDuration = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="How long points on these tiers last; default: not read.")
]
ZeroLength = Annotated[
    Literal["error", "drop", "keep"],
    typer.Option(
        help="Rows of tables and lists that end when they start are an error, left out, or counted as sed_eval does."
    ),
]
LabelFrom = Annotated[
    Literal["text", "tier"],
    typer.Option(help="Labels in the reference's TextGrids and ELAN files are the texts, or the names of the tiers."),
]
LabelMap = Annotated[
    Path | None,
    typer.Option(
        "--map",
        help="Table with the columns from and to, which renames and merges labels, those of the estimate too; "
        "to is empty: unknown; -: dropped; from *: all others.",
    ),
]
Unknown = Annotated[
    Path | None,
    typer.Option(
        help="Times that count neither way: a table filename, onset, offset (without: the whole clip), event_label "
        "(without: all)."
    ),
]
PastEnd = Annotated[
    Literal["cut", "extend"], typer.Option(help="Events past a clip's end are cut, or make the clip longer.")
]
Threshold = Annotated[
    float | None,
    typer.Option(min=0, max=1, show_default="0.5", help="Decodes the scores where no detected events are given."),
]
BoxFilter = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=600,
        metavar="SECONDS",
        help="Decodes the scores as boxes, from where they rise to where they fall, each measured over so many "
        "seconds; psds is that of the boxes too.",
    ),
]
OperatingPoints = Annotated[
    Path | None, typer.Option(help="Folder of detected events at many thresholds, one file each, for psds.")
]
Scenarios = Annotated[
    list[str] | None,
    typer.Option(
        "--psds",
        metavar="dtc=SHARE,gtc=SHARE,...",
        help="A scenario of psds beside DCASE's two, with cttc, alpha_ct, alpha_st and max_efpr too; may be given "
        "several times.",
    ),
]
Resolution = Annotated[float, typer.Option(min=1e-3, help="Length of a segment in seconds.")]
Collar = Annotated[float, typer.Option(min=0, help="Seconds that onset and offset may be off.")]
OffsetToleranceRatio = Annotated[
    float, typer.Option("--offset-share", min=0, max=1, help="Or this share of the event's length, for the offset.")
]
Official = Annotated[
    bool,
    typer.Option(
        "--official", help="Ask sed_eval itself too, which is slow: show its numbers, and fail if it counts otherwise."
    ),
]
Intervals = Annotated[bool, typer.Option("--intervals", help="Say how sure each number is: 95 % intervals.")]
Resamples = Annotated[
    int | None, typer.Option(show_default="1000", help="Resamples of the clips that intervals come from.")
]
Seed = Annotated[int | None, typer.Option(show_default="0", help="Of these resamples.")]
Sources = Annotated[
    Path | None,
    typer.Option(help="Recordings that clips were made from: a table filename, source. Widens the intervals."),
]
Json = Annotated[str | None, typer.Option(metavar="FILE", help="Write all numbers as JSON; - prints nothing else.")]
Csv = Annotated[str | None, typer.Option(metavar="FILE", help="Write one row per metric and class; - likewise.")]
Html = Annotated[str | None, typer.Option(metavar="FILE", help="Write a page that needs no other file; - likewise.")]
Jams = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Write one JAMS file per clip: detected events and the clip's numbers."),
]
