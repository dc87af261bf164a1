"""``sedpool evaluate``: score anybody's detections against anybody's labels."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sedpool.cli.evaluate import options
from sedpool.cli.evaluate.options import TAGGING, MetricKind

if TYPE_CHECKING:
    from sedpool.cli.evaluate.inputs import ScoreTable
    from sedpool.cli.evaluate.label_options import LabelChanges
    from sedpool.evaluation.evaluation_input import EvaluationInput
    from sedpool.evaluation.event_arrays import EventArrays
    from sedpool.evaluation.levels import Criteria
    from sedpool.evaluation.scenarios import Scenario
    from sedpool.formats.options import LabelOptions
    from sedpool.reports.evaluation_report import Evaluation


def evaluate(
    reference: options.Reference,
    estimated: options.Estimated = None,
    scores: options.Scores = None,
    metric: options.MetricKinds = [MetricKind.segment, MetricKind.event],  # noqa: B006 (typer wants a list, and nobody changes it)
    durations: options.Durations = None,
    classes: options.Classes = None,
    columns: options.Columns = None,
    unit: options.Unit = None,
    min_confidence: options.MinConfidence = None,
    annotators: options.Annotators = None,
    tiers: options.Tiers = None,
    point_duration: options.PointDuration = None,
    zero_length: options.ZeroLength = "error",
    label_from: options.LabelFrom = "text",
    label_map: options.LabelMap = None,
    unknown: options.Unknown = None,
    past_end: options.PastEnd = "cut",
    threshold: options.Threshold = None,
    box_filter: options.BoxFilter = None,
    operating_points: options.OperatingPoints = None,
    psds: options.Scenarios = None,
    resolution: options.Resolution = 1.0,
    collar: options.Collar = 0.2,
    offset_tolerance_ratio: options.OffsetToleranceRatio = 0.2,
    official: options.Official = False,
    intervals: options.Intervals = False,
    resamples: options.Resamples = None,
    seed: options.Seed = None,
    sources: options.Sources = None,
    json: options.Json = None,
    csv: options.Csv = None,
    html: options.Html = None,
    jams: options.Jams = None,
) -> None:
    """Score detected events against true ones.

    Every clip of the reference counts: also rows and files without a label, and clips that the estimate leaves out.
    Without --durations a clip ends with its last event. Metrics of clips, asked for alone, take tag lists too.
    """
    from sedpool.cli.evaluate.inputs import (
        detections_table,
        read_input,
        read_score_table,
        says_when,
    )
    from sedpool.cli.evaluate.label_options import LabelChanges
    from sedpool.cli.evaluate.outputs import Outputs
    from sedpool.evaluation.event_arrays import concatenated
    from sedpool.evaluation.levels import Criteria
    from sedpool.evaluation.scenarios import SCENARIOS, parse_scenario
    from sedpool.formats.detections import is_detections
    from sedpool.formats.notes import gathered
    from sedpool.formats.options import LabelOptions, parse_columns
    from sedpool.settings.label_map import read_label_map

    given = {} if columns is None else parse_columns(columns)
    reading = LabelOptions(given, unit, min_confidence, annotators, tiers, point_duration, zero_length, label_from)
    names = [] if label_map is None else read_label_map(label_map)
    changes = LabelChanges({label: target for label, target in names}, unknown)
    outputs = Outputs(json, csv, html, jams)
    _refuse_idle("--intervals", intervals, {"--resamples": resamples, "--seed": seed, "--sources": sources})
    _refuse_idle("--scores", scores is not None, {"--box-filter": box_filter})
    _refuse_idle("-m psds", MetricKind.psds in metric, {"--operating-points": operating_points, "--psds": psds})
    scenarios = SCENARIOS | {str(one): one for one in map(parse_scenario, psds or ())}
    if estimated is not None and is_detections(estimated):
        estimated = detections_table(estimated, reference, reading)
    needs_estimate = operating_points is None or jams is not None or set(metric) != {MetricKind.psds}
    with gathered():
        table = None if scores is None else read_score_table(scores, reference, reading)
        compared = read_input(
            reference,
            estimated,
            table,
            reading,
            durations=durations,
            classes=classes,
            past_end=past_end,
            threshold=threshold,
            box_filter=box_filter,
            is_tagging=set(metric) <= TAGGING,
            needs_estimate=needs_estimate,
            writes_times=jams is not None,
            changes=changes,
        )
        evaluation_input, table = compared.input, compared.scores
        if jams is not None:
            _refuse_jams(evaluation_input, says_when(estimated, table))
        points = _operating_points(operating_points, reading, changes, evaluation_input, only_known=classes is not None)
    if estimated is None and table is None:  # then coverage is that of all operating points together
        evaluation_input = replace(evaluation_input, estimated=concatenated(points))
    criteria = Criteria(resolution, collar, offset_tolerance_ratio)
    settings: dict[str, object] = {"past_end": past_end} | ({"left_out": compared.left_out} if classes else {})
    settings |= {"label_map": dict(changes.names)} if changes.names else {}
    settings |= {} if box_filter is None else {"box_filter": box_filter}
    evaluation = _scored(evaluation_input, table, points, metric, criteria, scenarios, settings, box_filter)
    if official:
        from sedpool.evaluation.sed_eval_oracle import official_results

        found = official_results(evaluation.input, evaluation.counts, criteria)
        evaluation = replace(evaluation, settings={**evaluation.settings, "official": found})
    if intervals:
        evaluation = _with_intervals(evaluation, resamples, seed, sources)
    outputs.write(evaluation, title=reference.name, frames=None if table is None else table.frames)


def _refuse_idle(needed: str, is_given: bool, idle: Mapping[str, object]) -> None:
    """Refuse options that do nothing without the one that they belong to."""
    from sedpool.errors import ConfigError

    for name, value in idle.items():
        if value is not None and not is_given:
            raise ConfigError(f"{name}: it does nothing without {needed}; add that, or leave {name} out")


def _operating_points(
    folder: Path | None,
    reading: "LabelOptions",
    changes: "LabelChanges",
    evaluation_input: "EvaluationInput",
    *,
    only_known: bool,
) -> "list[EventArrays]":
    """Read the events at each threshold, map their labels, leave out classes that were not chosen, and index them."""
    from sedpool.cli.evaluate.inputs import read_operating_points
    from sedpool.evaluation.evaluation_input import index_operating_points

    tables = {} if folder is None else read_operating_points(folder, reading)
    known = evaluation_input.classes
    tables = {name: changes.of_detections(events, known, name) for name, events in tables.items()}
    if only_known:
        tables = {name: events[events["event_label"].isin(known)] for name, events in tables.items()}
    return index_operating_points(evaluation_input, tables)


def _refuse_jams(evaluation_input: "EvaluationInput", has_times: bool) -> None:
    """Refuse to write as JAMS what it cannot hold."""
    from sedpool.errors import ConfigError

    if not has_times and not evaluation_input.lengths_known:
        raise ConfigError("--jams: tags have no times, and so need the clips' lengths; give --durations")
    if len(evaluation_input.estimated.lasting()) < len(evaluation_input.estimated):
        raise ConfigError("--jams: it holds no events that end when they start; give --zero-length drop")


def _scored(
    evaluation_input: "EvaluationInput",
    scores: "ScoreTable | None",
    operating_points: "Sequence[EventArrays]",
    metrics: Sequence[MetricKind],
    criteria: "Criteria",
    scenarios: "Mapping[str, Scenario]",
    settings: Mapping[str, object],
    box_filter: float | None,
) -> "Evaluation":
    """Count what was asked for."""
    import warnings

    from sedpool.errors import ConfigError
    from sedpool.evaluation.baselines import baseline_inputs, resolution_ceiling
    from sedpool.evaluation.clip import count_clips
    from sedpool.evaluation.frames import frame_arrays, frame_grid, score_coverage
    from sedpool.evaluation.over_thresholds import curve_metrics, pi_psds_of_filters, psds_of_boxes
    from sedpool.evaluation.psds import count_psds
    from sedpool.inference.decode import Decoder, SystemOutput
    from sedpool.reports.evaluation_report import Evaluation

    if MetricKind.ranking in metrics and scores is None:
        raise ConfigError("ranking: it ranks clips by their scores; give --scores")
    levels = [one.value for one in MetricKind if one in metrics and one not in (MetricKind.ranking, MetricKind.psds)]
    located = [level for level in levels if level != MetricKind.clip]
    answers = baseline_inputs(evaluation_input, count_clips(evaluation_input))
    frames = None if scores is None else scores.frames
    durations, classes = evaluation_input.durations, evaluation_input.classes
    if needs_psds := MetricKind.psds in metrics:
        _refuse_psds(evaluation_input, frames is not None, bool(operating_points))
    grid, ceiling, psds, pi_psds, box_psds = None, None, {}, {}, {}
    if frames is not None:
        if needs_psds:
            grid = frame_arrays(frames, durations, classes)
        else:
            grid = frame_grid(frames, durations, [label for label in classes if label in frames.columns])
        coverage = grid.coverage or score_coverage(frames, durations)
        if coverage.n_partial and not needs_psds:
            warnings.warn(f"scores: {coverage}", stacklevel=2)
        settings = {**settings, "scores_cover": coverage.share}
        if located or needs_psds:
            ceiling = resolution_ceiling(evaluation_input, grid, criteria)
    if needs_psds:
        psds = count_psds(evaluation_input, operating_points if grid is None else grid, scenarios)
        pi_psds = {} if grid is None else pi_psds_of_filters(evaluation_input, grid, scenarios)
        if scores is not None and scores.frames is not None:
            output = SystemOutput(scores.frames, scores.of_clips, Decoder(box_filter=box_filter))
            box_psds = psds_of_boxes(evaluation_input, output, scenarios)
    can_rank = MetricKind.event in metrics and evaluation_input.lengths_known
    is_complete = grid is not None and len(grid.probabilities) == len(classes)
    curves = curve_metrics(evaluation_input, grid if can_rank and is_complete else None, criteria, psds)
    ranked = scores if MetricKind.ranking in metrics else None
    return Evaluation(
        evaluation_input,
        counts=criteria.count_all(evaluation_input, levels),
        baselines={name: criteria.count_all(answer, located) for name, answer in answers.items()},
        clip_scores=None if ranked is None else ranked.of_clips,
        psds=psds,
        settings={
            "resolution": criteria.resolution,
            "collar": criteria.collar,
            "offset_share": criteria.offset_tolerance_ratio,  # its first name, which stays in files
            **settings,
            **({} if ranked is None else {"ranked_by": ranked.ranked_by}),
        },
        ceiling=ceiling,
        over_thresholds=curves | {"pi_psds": pi_psds, "box_psds": box_psds},
    )


def _refuse_psds(evaluation_input: "EvaluationInput", has_frames: bool, has_points: bool) -> None:
    """Refuse PSDS where it lacks what it needs, or has it twice."""
    from sedpool.errors import ConfigError, EvaluationError

    if has_frames and has_points:
        raise ConfigError("psds: it follows from --scores, or from --operating-points; give one of them")
    if not has_frames and not has_points:
        raise EvaluationError(
            "psds: it needs frame scores, or events at many thresholds; give --scores or --operating-points"
        )
    if not evaluation_input.lengths_known:
        raise EvaluationError("psds: it counts false alarms an hour and so needs the clips' lengths; give --durations")


def _with_intervals(
    evaluation: "Evaluation", resamples: int | None, seed: int | None, sources: Path | None
) -> "Evaluation":
    from sedpool.formats import read_sources
    from sedpool.stats.intervals import intervals
    from sedpool.stats.resampling import N_RESAMPLES

    found = intervals(
        evaluation.statistics(),
        list(evaluation.input.durations),
        n_resamples=N_RESAMPLES if resamples is None else resamples,
        seed=0 if seed is None else seed,
        sources=None if sources is None else read_sources(sources),
        counted=evaluation.input.has_known_time,
    )
    return replace(evaluation, intervals=found)
