"""How good is a system's output on a whole Dataset? One evaluator: check and index once, count once, derive the rest.

`evaluate` (a table to look at) and `evaluate_run` (a run's ``metrics.json``) follow from the counts that are made here,
and so do the files of counts that comparisons of runs start from (see `sedpool.evaluation.run_folder`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.baselines import UNDECODED, baseline_inputs, resolution_ceiling
from sedpool.evaluation.clip import clip_counts
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.evaluation_input import comparable_input
from sedpool.evaluation.levels import LEVELS, Criteria
from sedpool.evaluation.over_thresholds import NOTHING, curve_metrics, pi_psds_of_filters, psds_of_boxes
from sedpool.evaluation.psds import count_psds
from sedpool.evaluation.ranking import with_decisions
from sedpool.evaluation.scored_clips import ScoredClips, scored_clips
from sedpool.evaluation.tuning import Tuned
from sedpool.inference.decode import Decoder, SystemOutput

METRICS_FORMAT = 1
TABLE_COLUMNS = ("level", "average", "event_label", "f1", "precision", "recall", "error_rate", "n_ref", "n_sys")


def evaluate(events: pd.DataFrame, dataset: Dataset, *, clip_predictions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Score detected events, and clip decisions if there are any, against a Dataset.

    Parameters
    ----------
    events : DataFrame
        Event table; a clip without rows is one without detections.
    dataset : Dataset
        The reference. Every clip in it counts.
    clip_predictions : DataFrame of bool, optional
        The system's clip decisions: one row per clip (index `filename`), one column per class.

    Returns
    -------
    table : DataFrame
        One row per level (clip, segment of 1 s, event with a collar of 0.2 s and 20 %, onset, intersection) and average
        (micro, macro, sed_eval_macro, class_wise), with the metrics in columns, NaN where undefined. `event_label` is
        empty except in class-wise rows.

    Raises
    ------
    DataError, EvaluationError
        If events or decisions do not fit the Dataset.
    """
    counts: dict[str, ClipCounts] = {}
    if clip_predictions is not None:
        counts["clip"] = clip_counts(dataset.tags, clip_predictions)
    if dataset.events is not None:
        compared = comparable_input(
            dataset.events,
            events,
            durations=dataset.durations,
            classes=dataset.classes,
            unknown=dataset.regions,
        )
        counts |= Criteria().count_all(compared)
    rows = [row for level, counted in counts.items() for row in table_rows(level, counted.metrics())]
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS))


def table_rows(level: str, metrics: Metrics) -> list[dict[str, Any]]:
    """Return the rows of the table of `evaluate` for one level of ``metrics.json``."""
    averages = [name for name in metrics if name != "class_wise"]
    rows = [{"level": level, "average": name, "event_label": ""} | metrics[name] for name in averages]
    for label, values in metrics["class_wise"].items():
        rows.append({"level": level, "average": "class_wise", "event_label": label} | values)
    return rows


@dataclass(frozen=True)
class DecodedCounts:
    """Counts of every clip with one decoding of a run's scores, from which its metrics follow.

    Decoding decides on `counts`, `baselines` and `box_psds`. Only its median filter matters for `psds` and
    `over_thresholds`, which take all thresholds at once, and nothing of it for `rankings`.

    Attributes
    ----------
    decoder : Decoder
        How scores became events and clip decisions.
    counts : mapping of str to ClipCounts
        By level, `clip` first; the others only where the reference has strong labels.
    baselines : mapping of str to mapping
        Counts of answers that cover whole clips, by name and level; see `baseline_inputs`.
    rankings : dict
        Metrics of clip scores.
    psds : mapping of str to float or None
        By scenario; empty without strong labels.
    over_thresholds : mapping
        See `sedpool.evaluation.over_thresholds.curve_metrics`.
    box_psds : mapping of str to float or None
        PSDS of bounding boxes by scenario; empty where the decoder makes none.
    """

    decoder: Decoder
    counts: Mapping[str, ClipCounts]
    baselines: Mapping[str, Mapping[str, ClipCounts]]
    rankings: Metrics
    psds: Mapping[str, float | None]
    over_thresholds: Mapping[str, Any]
    box_psds: Mapping[str, float | None]

    def metrics(self) -> dict[str, Any]:
        """Derive the part of ``metrics.json`` that depends on the decoding."""
        clip = with_decisions(self.rankings, self.counts["clip"].metrics())
        levels = {level: self.counts[level].metrics() if level in self.counts else None for level in LEVELS}
        baselines = {
            name: {level: counts.metrics() for level, counts in by_level.items()}
            for name, by_level in self.baselines.items()
        }
        return {
            "clip": clip,
            **levels,
            "baselines": baselines,
            "psds": dict(self.psds),
            **self.over_thresholds,
            "box_psds": dict(self.box_psds),
            "decoding": self.decoder.settings(),
        }


def count_decoded(
    clips: ScoredClips, decoder: Decoder, criteria: Criteria, *, before: DecodedCounts | None = None
) -> DecodedCounts:
    """Decode a run's scores and count every clip.

    Parameters
    ----------
    clips : ScoredClips
        Scores and reference.
    decoder : Decoder
        Decides.
    criteria : Criteria
        When a segment or an event is right.
    before : DecodedCounts, optional
        Counts of the same clips with another decoder, from which what the two have in common is taken.
    """
    output = clips.output if decoder is clips.output.decoder else replace(clips.output, decoder=decoder)
    clip = clip_counts(clips.dataset.tags, output.tags)
    if clips.reference is None:
        return DecodedCounts(decoder, {"clip": clip}, {}, clips.rankings, {}, NOTHING, {})

    counts = {"clip": clip, **criteria.count_all(clips.reference.with_estimated(output.events))}
    baselines = {
        name: before.baselines[name] if before and name in UNDECODED else criteria.count_all(answer)
        for name, answer in baseline_inputs(clips.reference, clip).items()
    }
    if before and decoder.filters_as(before.decoder):
        psds, over_thresholds = before.psds, before.over_thresholds  # no threshold changes them
    else:
        frames = clips.frames_for(decoder)
        curves = count_psds(clips.reference, frames)
        psds = {name: counted.psds() for name, counted in curves.items()}
        over_thresholds = curve_metrics(clips.reference, frames, criteria, curves)
    box_psds = psds_of_boxes(clips.reference, output)
    return DecodedCounts(decoder, counts, baselines, clips.rankings, psds, over_thresholds, box_psds)


@dataclass(frozen=True)
class RunCounts:
    """Counts of a run's test clips, decoded as it was set and, if it was tuned, as tuned on validation.

    Attributes
    ----------
    clips : ScoredClips
        Scores and reference.
    n_expected : int
        Clips of the test split.
    criteria : Criteria
        When a segment or an event is right.
    as_set, as_tuned : DecodedCounts
        The counts; `as_tuned` is None where nothing was tuned.
    tuned : Tuned or None
        How the tuned decoder was found.
    ceiling : dict or None
        What a system would score that is right about every frame; None without strong labels.
    pi_psds : mapping of str to float or None
        PSDS with the best median filter at every rate of false alarms, by scenario; empty without strong labels.
    """

    clips: ScoredClips
    n_expected: int
    criteria: Criteria
    as_set: DecodedCounts
    as_tuned: DecodedCounts | None
    tuned: Tuned | None
    ceiling: Mapping[str, Any] | None
    pi_psds: Mapping[str, float | None]

    def metrics(self) -> dict[str, Any]:
        """Derive the content of ``metrics.json``; see `evaluate_run`."""
        n_scored = len(self.clips.dataset)
        return {
            "format": METRICS_FORMAT,
            **self.as_set.metrics(),
            "coverage": {
                "scored": n_scored,
                "expected": self.n_expected,
                "without_detections": n_scored - self.clips.output.events["filename"].nunique(),
            },
            "resolution": self.criteria.resolution,
            "collar": self.criteria.collar,
            "offset_share": self.criteria.offset_tolerance_ratio,  # its first name, which stays in files
            "ceiling": self.ceiling,
            "pi_psds": dict(self.pi_psds),
            "tuned": self.tuned.description() | self.as_tuned.metrics() if self.tuned and self.as_tuned else None,
        }


def count_run(
    output: SystemOutput,
    dataset: Dataset,
    *,
    tuned: Tuned | None = None,
    criteria: Criteria = Criteria(),  # noqa: B008 (frozen)
    allow_missing: bool = False,
) -> RunCounts:
    """Count what a run says about its test clips; parameters and errors as in `evaluate_run`."""
    clips = scored_clips(output, dataset, allow_missing=allow_missing)
    as_set = count_decoded(clips, output.decoder, criteria)
    as_tuned = count_decoded(clips, tuned.decoder, criteria, before=as_set) if tuned else None
    ceiling, pi_psds = None, {}
    if clips.reference is not None:
        ceiling = resolution_ceiling(clips.reference, clips.frames, criteria)
        pi_psds = pi_psds_of_filters(clips.reference, clips.frames_for(replace(output.decoder, median_filter=0.0)))
    return RunCounts(clips, len(dataset), criteria, as_set, as_tuned, tuned, ceiling, pi_psds)


def evaluate_run(
    output: SystemOutput,
    dataset: Dataset,
    *,
    tuned: Tuned | None = None,
    resolution: float = 1.0,
    collar: float = 0.2,
    offset_tolerance_ratio: float = 0.2,
    allow_missing: bool = False,
) -> dict[str, Any]:
    """Score what a run says about its test clips: the content of ``metrics.json``.

    Parameters
    ----------
    output : SystemOutput
        Scores of the clips of `dataset`, with the decoder that was set.
    dataset : Dataset
        The reference.
    tuned : Tuned, optional
        The decoder that was tuned on validation, for the same scores.
    resolution : float
        Length of a segment in seconds.
    collar : float
        Seconds by which an event's onset may be off, and its offset at least.
    offset_tolerance_ratio : float
        Share of an event's length by which its offset may be off, if that is more than `collar`.
    allow_missing : bool
        Score the clips that have scores, and show in the coverage how many lack them, instead of an error.

    Returns
    -------
    metrics : dict
        ``{"format", "clip", "segment", "event", "onset", "intersection", "psds", "event_ranking", "psds_by_class",
        "box_psds", "coverage", "baselines", "ceiling", "pi_psds", "decoding"}`` and the settings. `clip` also holds
        what needs no threshold; `event_ranking` and `psds_by_class` are as of
        `sedpool.evaluation.over_thresholds.curve_metrics`, and `box_psds` is empty unless the decoder makes boxes.
        Where the Dataset has only weak labels, `segment` to `intersection`, `event_ranking` and `ceiling` are None,
        the kinds of PSDS and `baselines` empty. Coverage counts the clips `expected`, those `scored` and, of these,
        those `without_detections`. ``"tuned"`` holds what depends on the decoder with the tuned one, and how it was
        found; None without one.

    Raises
    ------
    DataError, EvaluationError
        If the scores do not fit the Dataset.
    """
    criteria = Criteria(resolution, collar, offset_tolerance_ratio)
    return count_run(output, dataset, tuned=tuned, criteria=criteria, allow_missing=allow_missing).metrics()
