"""What ``sedpool evaluate`` compares: files of labels and scores, read and made comparable."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import typer

from sedpool.cli.evaluate.label_options import LabelChanges
from sedpool.cli.evaluate.runs import in_whole_recordings, run_beside, run_of, tested_clips
from sedpool.errors import ConfigError, DataError, StorageError
from sedpool.evaluation.evaluation_input import EvaluationInput, make_evaluation_input
from sedpool.evaluation.validation import listed, refuse_unknown_files
from sedpool.events import empty_events, refuse_other_unit, stretch_tags
from sedpool.formats import is_tag_list, read_durations, read_events, read_tags, recordings
from sedpool.formats.clip import clip_name
from sedpool.formats.detect import annotation_files
from sedpool.formats.detections import detected_recordings, detections_file, is_detections, read_detection_scores
from sedpool.formats.options import LabelOptions
from sedpool.formats.score_folder import read_score_folder
from sedpool.formats.texts import tidied_text
from sedpool.inference.decode import Decoder
from sedpool.regions import ALL_CLASSES
from sedpool.scores import classes_of, highest_frames, read_scores
from sedpool.text_tables import utf8_bytes

THRESHOLD = 0.5
Lengths = Mapping[str, float | None]


@dataclass(frozen=True)
class ScoreTable:
    """Scores of frames, or of clips alone."""

    table: pd.DataFrame

    @property
    def frames(self) -> pd.DataFrame | None:
        """Frame scores; None if only clips have scores."""
        return self.table if "onset" in self.table.columns else None

    @property
    def of_clips(self) -> pd.DataFrame:
        """Clip scores: as given, or the highest of each clip's frames."""
        return self.table if self.frames is None else highest_frames(self.table)

    @property
    def ranked_by(self) -> str:
        """Where clip scores are from."""
        return "scores" if self.frames is None else "highest frame"


@dataclass(frozen=True)
class Compared:
    """What is compared.

    Attributes
    ----------
    input : EvaluationInput
        Reference and estimate.
    scores : ScoreTable or None
        Scores of the classes that count.
    left_out : dict of str to dict
        How many events of classes that were not chosen are left out, by class: ``true`` and ``detected``.
    """

    input: EvaluationInput
    scores: ScoreTable | None
    left_out: dict[str, dict[str, int]]


def read_score_table(path: Path, reference: Path, reading: LabelOptions) -> ScoreTable:
    """Read a parquet file, a folder of ``sedpool detect --out``, or one with a file for each clip of the reference."""
    if is_detections(path):
        return ScoreTable(read_detection_scores(path))
    if path.is_dir():
        return ScoreTable(read_score_folder(path, list(recordings(reference, reading))))
    try:
        return ScoreTable(read_scores(path))
    except StorageError:
        if not path.exists():
            raise
        formats = "a parquet file, or a folder with a TSV for each clip: onset, offset, one column per class"
        raise DataError(f"--scores {path}: not a readable parquet file; expected {formats}") from None


def read_input(
    reference: Path,
    estimated: Path | None,
    scores: ScoreTable | None,
    reading: LabelOptions,
    *,
    durations: Path | None,
    classes: Sequence[str] | None,
    past_end: Literal["cut", "extend"],
    threshold: float | None,
    box_filter: float | None = None,
    is_tagging: bool,
    needs_estimate: bool,
    writes_times: bool,
    changes: LabelChanges = LabelChanges(),  # noqa: B008 (frozen)
) -> Compared:
    """Read the reference as `reading` says, and the estimate or what scores say at a threshold.

    Raises
    ------
    ConfigError
        If there is neither and one is needed, the threshold would decode nothing, or a chosen class is nowhere.
    DataError, EvaluationError
        If a file is not what it should be, or the two cannot be compared.
    """
    clips: Lengths = recordings(reference, reading)
    if durations is not None:
        clips = _with_durations(clips, durations)
    run, every_clip = run_of(estimated), clips
    true = _labels(reference, clips, reading, is_tagging=is_tagging)
    if tested_by := run or run_beside(estimated):
        tested = tested_clips(tested_by, clips)
        clips = tested if run is not None else {name: clips[name] for name in tested}
        true = true[true["filename"].isin(list(clips))]
    _refuse_other_unit(true, clips, f"reference {reference}")
    true, regions = changes.of_reference(true, every_clip, f"reference {reference}")
    regions = regions.loc[regions["filename"].isin(list(clips))]
    if is_tagging:
        regions = _of_tags(regions, clips)
    looks_at_times = not is_tagging or (writes_times and says_when(estimated, scores))
    if estimated is not None and (threshold is not None or box_filter is not None):
        option = "--threshold" if threshold is not None else "--box-filter"
        raise ConfigError(f"{option}: it decodes scores, but --estimated says what was detected; leave out one")
    if estimated is not None:
        detected, named = _detected(estimated, clips, reference, reading, is_tagging=not looks_at_times)
    elif scores is not None:
        decoder = Decoder(THRESHOLD if threshold is None else threshold, box_filter=box_filter)
        detected = _decoded(scores, clips, decoder, is_tagging=is_tagging)
    elif not needs_estimate:
        detected = empty_events()
    else:
        raise ConfigError("nothing to score: give --estimated, or --scores to decode")
    detected = changes.of_detections(detected, set(true["event_label"]), f"estimate {estimated}")
    known = {*true["event_label"], *(() if run is None else classes_of(run.scores))}
    labels = None if run is None else sorted(known)
    left_out: dict[str, dict[str, int]] = {}
    if classes is not None:
        more = () if scores is None else classes_of(scores.table)
        labels = chosen_classes(classes, {*known, *detected["event_label"], *more})
        left_out = _others({"true": true, "detected": detected}, labels)
        true, detected = (events[events["event_label"].isin(labels)] for events in (true, detected))
        regions = regions[regions["event_label"].isin([*labels, ALL_CLASSES])]
        scores = None if scores is None else ScoreTable(scores.table.drop(columns=list(set(more) - set(labels))))
    names = (f"reference {reference}", f"estimate {estimated}" if estimated is not None else "scores")
    compared = make_evaluation_input(
        true,
        detected,
        clips,
        classes=labels,
        past_end=past_end,
        unknown=regions,
        allow_zero_length=reading.zero_length == "keep",
        names=names,
    )
    if estimated is not None and named:  # those without an event belong to the reference too
        refuse_unknown_files(named, clips, source=names[1])
    return Compared(compared, scores, left_out)


def _detected(
    estimated: Path, clips: Lengths, reference: Path, reading: LabelOptions, *, is_tagging: bool
) -> tuple[pd.DataFrame, list[str]]:
    """Read what was detected, a run's events as tuned or anybody's table, and the clips that the table names."""
    from sedpool.experiment.load import events_of

    least, run = reading.min_confidence or 0.0, run_of(estimated)  # a detector has decided already
    if run is not None:
        events, described = events_of(run, tuned=True)  # as set if nothing was tuned
        typer.echo(f"{run.name}: events decoded {described}", err=True)
        found = events[events["confidence"] >= least]
    else:
        options = LabelOptions(min_confidence=least, zero_length=reading.zero_length)
        found = _labels(estimated, clips, options, is_tagging=is_tagging)
    detected = in_whole_recordings(_same_recording(found, estimated, list(clips), reference), clips)
    _refuse_other_unit(detected, clips, f"estimate {estimated}")
    return detected, list(recordings(estimated)) if run is None and detected is found else []


def chosen_classes(given: Sequence[str], known: Collection[str]) -> list[str]:
    """Return the labels that ``--classes`` names: a label, several between commas, or a file with one on each line.

    Raises
    ------
    ConfigError
        If a part is no file and no known label.
    DataError
        If a file has no labels.
    """
    chosen: list[str] = []
    for one in map(tidied_text, given):
        if one in known:
            chosen.append(one)
        elif Path(one).is_file():
            chosen += _lines(Path(one))
        else:
            parts = [tidied_text(part) for part in one.split(",")]
            if unknown := [part for part in parts if part not in known]:
                raise ConfigError(
                    f"--classes {unknown[0]}: no such file, and no label of the reference or the estimate "
                    f"({listed(sorted(known), '; ')})"
                )
            chosen += parts
    return list(dict.fromkeys(chosen))


def _others(tables: Mapping[str, pd.DataFrame], chosen: Sequence[str]) -> dict[str, dict[str, int]]:
    """Count the events of each table whose class is not chosen, by class and table."""
    counts = {side: events["event_label"].value_counts() for side, events in tables.items()}
    labels = sorted({label for of_side in counts.values() for label in of_side.index} - set(chosen))
    return {label: {side: int(of_side.get(label, 0)) for side, of_side in counts.items()} for label in labels}


def detections_table(folder: Path, reference: Path, reading: LabelOptions) -> Path:
    """Return the one table in a folder of ``sedpool detect --out``, and say which clips were not detected in."""
    clips = list(recordings(reference, reading))
    done = detected_recordings(folder)
    if missing := [name for name in clips if name not in done]:
        typer.echo(
            f"{folder}: detected in {len(clips) - len(missing)} of the reference's {len(clips)} clips; the other "
            f"{len(missing)} count as without detections ({listed(missing)})",
            err=True,
        )
    return detections_file(folder)


def _with_durations(clips: Lengths, path: Path) -> Lengths:
    """Give clips the lengths that a table or a folder of audio states, and say how many others it names."""
    lengths = read_durations(path)
    others = [name for name in lengths if name not in clips]
    if lengths and len(others) == len(lengths):
        raise DataError(
            f"--durations {path}: none of its {len(lengths)} recordings is one of the reference's; it names "
            f"{others[0]}, the reference {next(iter(clips), 'none')}; give both the same names"
        )
    if others:
        names = f"{len(others)} of {len(lengths)} recordings are not in the reference and do not count"
        typer.echo(f"--durations {path}: {names} ({listed(others)})", err=True)
    return {name: lengths.get(name) for name in clips}


def _labels(path: Path, clips: Lengths, reading: LabelOptions, *, is_tagging: bool) -> pd.DataFrame:
    """Read events; where times do not matter, each tag becomes an event as long as its clip."""
    if not is_tagging:
        return read_events(path, **vars(reading))
    tags = read_tags(path, reading)
    return tags.assign(onset=0.0, offset=[_length(name, clips) for name in tags["filename"]])


def _of_tags(regions: pd.DataFrame, clips: Lengths) -> pd.DataFrame:
    """Let unknown parts of clips whose length is not known be a part of what stands for these."""
    part = np.array([clips[name] is None for name in regions["filename"]], dtype=bool) & np.isfinite(regions["offset"])
    half = 0.5 * np.array([_length(name, clips) for name in regions["filename"]])
    return regions.assign(onset=regions["onset"].mask(part, 0.0), offset=regions["offset"].mask(part, half))


def _refuse_other_unit(events: pd.DataFrame, clips: Lengths, source: str) -> None:
    known = {name: seconds for name, seconds in clips.items() if seconds is not None}
    refuse_other_unit(events, known, source, "--unit ")


def _decoded(scores: ScoreTable, clips: Lengths, decoder: Decoder, *, is_tagging: bool) -> pd.DataFrame:
    if scores.frames is not None:
        return decoder.events(scores.frames)
    if not is_tagging:
        raise ConfigError(
            "--scores: these are of whole clips; give frame scores, or ask for -m clip or -m ranking alone"
        )
    tags = Decoder(clip_threshold=decoder.threshold).tags(scores.of_clips)
    return stretch_tags(tags, {name: _length(name, clips) for name in tags.index})


def _length(name: str, clips: Lengths) -> float:
    """Return the seconds of a clip; 1 where they are not known, since times do not matter for tags."""
    return clips.get(name) or 1.0


def _same_recording(detected: pd.DataFrame, estimated: Path, clips: list[str], reference: Path) -> pd.DataFrame:
    """Assume that two files that name no recording are about the same one."""
    own = clip_name(estimated)
    unnamed = reference.is_file() and estimated.is_file() and clips == [clip_name(reference)]
    if unnamed and set(detected["filename"]) <= {own}:
        return detected.assign(filename=clips[0])
    return detected


def says_when(estimated: Path | None, scores: ScoreTable | None) -> bool:
    """Return whether what was detected has times."""
    if estimated is not None:
        return run_of(estimated) is not None or not is_tag_list(estimated)
    return scores is None or scores.frames is not None


def read_operating_points(folder: Path, reading: LabelOptions) -> dict[str, pd.DataFrame]:
    """Read a file of events for each threshold; the tables are by path."""
    if folder.is_file():
        raise ConfigError(f"--operating-points {folder}: a file; expected a folder with a file for each threshold")
    files = annotation_files(folder)
    if not files:
        raise DataError(f"--operating-points {folder}: no files of events in it; expected one for each threshold")
    least = reading.min_confidence or 0.0
    return {
        f"operating point {path}": read_events(path, min_confidence=least, zero_length=reading.zero_length)
        for path in files
    }


def _lines(path: Path) -> list[str]:
    lines = utf8_bytes(path).decode().splitlines()
    labels = list(dict.fromkeys(text for line in lines if (text := tidied_text(line))))
    if not labels:
        raise DataError(f"--classes {path}: no labels in it; expected one per line")
    return labels
