"""``sedpool evaluate``: score anybody's detections against anybody's labels."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    import pandas as pd

    from sedpool.evaluation.material import Material


class Metric(StrEnum):
    """What can be scored."""

    clip = "clip"
    segment = "segment"
    event = "event"
    onset = "onset"
    intersection = "intersection"
    psds = "psds"


_FORMATS = "DCASE TSV or CSV, sed_eval list, JAMS, Audacity labels, Raven table, or a folder of them"


def evaluate(
    reference: Annotated[Path, typer.Option("--reference", "-r", help=f"True events: {_FORMATS}.")],
    estimated: Annotated[
        Path | None, typer.Option("--estimated", "-e", help="Detected events, in any of these formats.")
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="Frame scores: parquet, or a folder with a TSV for each clip.")
    ] = None,
    metric: Annotated[
        list[Metric], typer.Option("--metric", "-m", help="What to score; may be given several times.")
    ] = [Metric.segment, Metric.event],  # noqa: B006 (typer wants a list, and nobody changes it)
    durations: Annotated[
        Path | None, typer.Option(help="Lengths of the clips: a table filename, duration, or a folder of audio.")
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help="Labels to score, one a line; default: those of the reference.")
    ] = None,
    past_end: Annotated[
        Literal["cut", "extend"], typer.Option(help="Events past a clip's end are cut, or make the clip longer.")
    ] = "cut",
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Decodes the scores where no detected events are given.")
    ] = 0.5,
    operating_points: Annotated[
        Path | None, typer.Option(help="Folder of detected events at many thresholds, a file each, for psds.")
    ] = None,
    resolution: Annotated[float, typer.Option(min=1e-3, help="Seconds a segment.")] = 1.0,
    collar: Annotated[float, typer.Option(min=0, help="Seconds that onset and offset may be off.")] = 0.2,
    offset_share: Annotated[
        float, typer.Option(min=0, max=1, help="Or this share of the event's length, for the offset.")
    ] = 0.2,
    json: Annotated[str | None, typer.Option(help="Write all numbers as JSON; - prints nothing else.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write one row a metric and class.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page that needs no other file.")] = None,
    jams: Annotated[
        Path | None, typer.Option(help="Write a JAMS file a clip: detected events and the clip's numbers.")
    ] = None,
) -> None:
    """Score detected events against true ones.

    Every clip of the reference counts: also rows and files without a label, and clips that the estimate leaves out.
    Without --durations a clip ends with its last event.
    """
    from sedpool import storage
    from sedpool.errors import StorageError
    from sedpool.evaluation.material import psds
    from sedpool.formats import read_events
    from sedpool.inference.decode import confidences
    from sedpool.reports.evaluation_report import Evaluation

    frames = None if scores is None else _read_scores(scores, reference)
    material = _material(reference, estimated, frames, durations, classes, past_end, threshold)
    settings = {"resolution": resolution, "collar": collar, "offset_share": offset_share}
    levels = [one.value for one in Metric if one in metric and one != Metric.psds]
    counts = {level: material.counts(level, **settings) for level in levels}
    baselines = {
        name: {level: stretched.counts(level, **settings) for level in levels if level != "clip"}
        for name, stretched in material.baselines().items()
    }
    points = [] if operating_points is None else [read_events(path) for path in _files(operating_points)]
    areas = psds(material, scores=frames, operating_points=points) if Metric.psds in metric else {}
    evaluation = Evaluation(material, counts, baselines, areas, settings | {"past_end": past_end})
    try:
        if json and json != "-":
            storage.write_json(json, evaluation.metrics())
        if csv:
            storage.write_text(csv, evaluation.table().to_csv(index=False, lineterminator="\n"))
        if html:
            storage.write_text(html, evaluation.page(reference.name))
        if jams:
            evaluation.write_jams(jams, None if frames is None else confidences(material.estimated, frames))
    except OSError as error:
        path = error.filename2 or error.filename
        raise StorageError(f"{path}: cannot be written ({error.strerror}); name another file or folder") from None
    evaluation.print(as_json=json == "-")


def _material(
    reference: Path,
    estimated: Path | None,
    frames: "pd.DataFrame | None",
    durations: Path | None,
    classes: Path | None,
    past_end: Literal["cut", "extend"],
    threshold: float,
) -> "Material":
    from sedpool.errors import ConfigError
    from sedpool.evaluation.material import material
    from sedpool.formats import read_durations, read_events, recordings
    from sedpool.inference.decode import decode

    clips = recordings(reference)
    if durations is not None:
        listed = read_durations(durations)
        clips = {name: listed.get(name) for name in clips}
    if estimated is not None:
        detected = _same_recording(read_events(estimated), estimated, list(clips), reference)
    elif frames is not None:
        detected = decode(frames, threshold)
    else:
        raise ConfigError("nothing to score: give --estimated, or --scores to decode")
    labels = None if classes is None else _lines(classes)
    return material(read_events(reference), detected, clips, classes=labels, past_end=past_end)


def _same_recording(detected: "pd.DataFrame", estimated: Path, clips: list[str], reference: Path) -> "pd.DataFrame":
    """Of two files that name no recording, take for granted that they are about the same one."""
    from sedpool.formats.clip import clip_name

    own = clip_name(estimated)
    unnamed = reference.is_file() and estimated.is_file() and clips == [clip_name(reference)]
    if unnamed and set(detected["filename"]) <= {own}:
        return detected.assign(filename=clips[0])
    return detected


def _read_scores(path: Path, reference: Path) -> "pd.DataFrame":
    from sedpool.formats import recordings
    from sedpool.formats.score_folder import read_score_folder
    from sedpool.scores import read_scores

    return read_score_folder(path, list(recordings(reference))) if path.is_dir() else read_scores(path)


def _files(folder: Path) -> list[Path]:
    from sedpool.errors import DataError
    from sedpool.formats.detect import annotation_files

    files = annotation_files(folder)
    if not files:
        raise DataError(f"--operating-points {folder}: no files of events in it; expected one for each threshold")
    return files


def _lines(path: Path) -> list[str]:
    from sedpool.errors import DataError
    from sedpool.formats.clip import open_text

    with open_text(path) as stream:
        labels = list(dict.fromkeys(line.strip() for line in stream if line.strip()))
    if not labels:
        raise DataError(f"--classes {path}: no labels in it; expected one a line")
    return labels
