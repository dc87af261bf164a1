"""Which decoder suits these scores? Chosen on validation clips, never on test clips, which is checked.

Frames and clips are tuned separately: clip thresholds by clip F1, frame decisions by segment or event F1. Where
validation has weak labels only, or its times are not to be used, frame decisions too are tuned by clip F1 (a clip has a
class if an event of it is detected). That says little about where events begin and end. But a median filter takes away
the events that are shorter than half of it, and tags show when it does: the longest filter that hardly costs tags
suits the events (measured in experiments/weak-to-strong). It and thresholds are all that is tuned then, and the result
says so.

The F1 of a class depends on no other class: one pass over the candidates tunes all classes at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Totals
from sedpool.evaluation.clip import clip_counts, clip_metrics
from sedpool.evaluation.levels import Criteria
from sedpool.evaluation.ranking import ranking_metrics
from sedpool.evaluation.scored_clips import ScoredClips
from sedpool.evaluation.segment import count_segments
from sedpool.evaluation.thresholds import clip_sweep, sweep_events, sweep_segments
from sedpool.evaluation.validation import listed
from sedpool.events import tags_from_events
from sedpool.inference.decode import Decoder, PerClass
from sedpool.runtime.arrays import Float64Array
from sedpool.scores import highest_frames

Parameters = Literal["global", "per_class", "all"]
Level = Literal["segment", "event", "clip"]

THRESHOLDS = np.arange(1, 100) / 100
# What is tried: first what leaves a step off, which wins where nothing is better.
WINDOWS = (0.0, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)  # seconds of a median filter
LOW_SHARES = (1.0, 0.75, 0.5, 0.25)  # low threshold as a share of the threshold
SECONDS = (0.0, 0.1, 0.2, 0.5, 1.0)  # longest gap, shortest event
BOX_FILTERS = (0.3, 0.5, 0.75, 1.0, 1.5)  # seconds
MERGE_DROPS = (0.2, 0.0, 0.1, 0.3, 0.5)
MERGE_SHARES = (0.5, 0.33, 0.67, 0.8)
TAGS_LOST = 0.02
"""Of the macro-averaged average precision of tags, what a median filter that clip labels choose may cost."""

_WORDS: dict[Level, str] = {
    "segment": "segment F1, {resolution:g} s",
    "event": "event F1, {collar:g} s and {offset_tolerance_ratio:.0%}",
    "clip": "clip F1 of detected events (clip labels alone)",
}
_WEAK_WORDS = "clip F1 of detected events (validation has weak labels only)"


@dataclass(frozen=True)
class Tuned:
    """A decoder and the way in which it was found.

    Attributes
    ----------
    decoder : Decoder
        What validation chose.
    parameters : {"global", "per_class", "all"}
        What it could choose; "all" is less from clip labels.
    objective : str
        The F1 by which frame decisions were chosen, in words.
    n_clips : int
        Validation clips.
    """

    decoder: Decoder
    parameters: Parameters
    objective: str
    n_clips: int

    def description(self) -> dict[str, Any]:
        """Describe the decoder and the way in which it was found, as JSON takes it."""
        how = {name: value for name, value in vars(self).items() if name != "decoder"}
        return {"decoding": self.decoder.settings()} | how


def tune(
    clips: ScoredClips,
    *,
    held_out: Iterable[str],
    parameters: Parameters = "per_class",
    objective: Level = "segment",
    criteria: Criteria = Criteria(),  # noqa: B008 (frozen)
) -> Tuned:
    """Choose a decoder by F1 on validation clips.

    Parameters
    ----------
    clips : ScoredClips
        The validation clips and their scores, with the decoder from which to start: what is not tuned stays as it is
        there, and so do the thresholds of classes that validation lacks.
    held_out : iterable of str
        Names of the test clips. None of them may be among the clips that are tuned on.
    parameters : {"global", "per_class", "all"}
        One threshold for all classes, by micro F1; one for each class, by its F1; or for each class its median filter
        together with its threshold, then hysteresis, the longest gap and the minimum duration, in turn.
    objective : {"segment", "event", "clip"}
        Whose F1 decides on frames. With "clip", and where validation has weak labels only, no time of an event has a
        part in it. "all" is then one median filter for all classes, the longest that costs their tags no more than
        `TAGS_LOST`, and one threshold for each.
    criteria : Criteria
        When a segment or an event is right.

    Raises
    ------
    EvaluationError
        If test clips are among those to be tuned on, or clips have no scores.
    """
    output, validation = clips.output, clips.dataset
    tuned_on = set(validation.clips["filename"]) | set(output.frame_scores["filename"])
    in_test = tuned_on & set(held_out) | set(validation.clips.loc[validation.clips["split"] == "test", "filename"])
    if in_test:
        raise EvaluationError(
            f"{len(in_test)} clips to tune on are test clips ({listed(sorted(in_test))}); what is chosen on the test "
            "set cannot be measured on it: tune on validation scores"
        )
    goal = _goal(clips, objective, criteria)
    by_class = parameters != "global"
    clip_f1 = _f1(clip_sweep(output.clip_scores, validation.tags, THRESHOLDS), by_class)
    clip_threshold = _best(clip_f1, output.decoder.clip_threshold, validation.classes)
    start = replace(output.decoder, clip_threshold=clip_threshold)  # first, since a clip mask follows from it
    if parameters == "all" and goal.is_strong:
        decoder = _all_tuned(start, goal, validation.classes)
    else:
        if parameters == "all":
            start = _longest_filtered(start, clips)
        f1 = _f1_at_thresholds(start, goal, by_class)
        decoder = _with_threshold(start, _best(f1, start.threshold, validation.classes))
    return Tuned(decoder, parameters, goal.words, len(validation))


def validation_objective(clips: ScoredClips, *, resolution: float = 1.0) -> dict[str, Any]:
    """Measure what a search over settings maximises: an F1 of validation clips, never of test clips.

    It is the micro F1 of segments, or the macro clip F1 if validation has weak labels only, both decoded as set.
    Thresholds tuned on validation are not used: they are fitted to the very clips that are measured here, for each run
    anew, and would hide that a setting spoils the scores at 0.5, at which the headline scores are taken.

    Parameters
    ----------
    clips : ScoredClips
        The validation clips and their scores.
    resolution : float
        Length of a segment in seconds.

    Returns
    -------
    objective : dict
        `objective`, what was measured in words, and `f1`, which is None where it is undefined.
    """
    if clips.dataset.known_events is None or clips.reference is None:
        clip = clip_metrics(clips.dataset.tags, clips.output.tags)
        return {"objective": "clip F1, macro", "f1": clip["macro"]["f1"]}
    counts = count_segments(clips.reference.with_estimated(clips.output.events), resolution=resolution)
    return {"objective": f"segment F1, micro, {resolution:g} s", "f1": counts.metrics()["micro"]["f1"]}


@dataclass(frozen=True)
class _Goal:
    """What frame decisions are tuned for: counts of validation clips of an event table, or at every threshold."""

    words: str
    events: Callable[[Decoder], pd.DataFrame]
    count: Callable[[pd.DataFrame], Totals]
    sweep: Callable[[Decoder], Totals]
    is_strong: bool


def _goal(clips: ScoredClips, level: Level, criteria: Criteria) -> _Goal:
    scores, tags, reference = (clips.output.frame_scores, clips.output.clip_scores), clips.dataset.tags, clips.reference
    has_times = clips.dataset.known_events is not None and reference is not None
    if level == "clip" or not has_times or reference is None:
        names, classes = list(tags.index), clips.dataset.classes
        return _Goal(
            _WORDS["clip"] if has_times else _WEAK_WORDS,
            lambda decoder: decoder.events(*scores),
            lambda events: clip_counts(tags, tags_from_events(events, names, classes)).total(),
            lambda decoder: clip_sweep(highest_frames(decoder.smoothed(*scores)), tags, THRESHOLDS),
            is_strong=False,
        )

    def sweep(decoder: Decoder) -> Totals:
        frames, collar, ratio = clips.frames_for(decoder), criteria.collar, criteria.offset_tolerance_ratio
        if level == "segment":
            return sweep_segments(reference, frames, THRESHOLDS, resolution=criteria.resolution)
        return sweep_events(reference, frames, THRESHOLDS, collar=collar, offset_tolerance_ratio=ratio)

    return _Goal(
        _WORDS[level].format(**asdict(criteria)),
        lambda decoder: decoder.events(*scores),
        lambda events: criteria.count(level, reference.with_estimated(events)).total(),
        sweep,
        is_strong=True,
    )


def _f1(totals: Totals, by_class: bool) -> Float64Array:
    """Compute F1 of each class, shape (..., classes), NaN without a reference; or of all pooled, shape (..., 1)."""
    if by_class:
        return np.where(totals.n_ref > 0, totals.class_wise()["f1"], np.nan)
    return totals.micro()["f1"][..., None]


def _best(f1: Float64Array, start: PerClass, classes: Sequence[str]) -> PerClass:
    """Choose the threshold of highest F1, the one nearest to 0.5 among equals; `start` where F1 is undefined.

    Parameters
    ----------
    f1 : ndarray, shape (thresholds, classes or 1)
        F1 at `THRESHOLDS`, of each class or of all.
    start : float or mapping of str to float
        The threshold before.
    classes : sequence of str
        Names of the columns.
    """

    def chosen(values: Float64Array, before: float) -> float:
        if np.isnan(values).all():
            return before
        equals = THRESHOLDS[values == np.nanmax(values)]
        return float(equals[np.abs(equals - 0.5).argmin()])

    if f1.shape[1] == len(classes):
        return {label: chosen(f1[:, column], _of(start, label)) for column, label in enumerate(classes)}
    return start if np.isnan(f1).all() else chosen(f1[:, 0], 0.5)


def _of(value: PerClass, label: str) -> float:
    return value[label] if isinstance(value, Mapping) else value


def _f1_at_thresholds(decoder: Decoder, goal: _Goal, by_class: bool) -> Float64Array:
    """Compute F1 with every threshold in place of the decoder's, shape (thresholds, classes or 1)."""
    if decoder.only_smooths:
        return _f1(goal.sweep(decoder), by_class)
    if decoder.box_filter is not None:  # the threshold moves no box
        boxes = goal.events(_with_threshold(decoder, 0.0))
        tables = [boxes[boxes["confidence"] >= threshold] for threshold in THRESHOLDS]
    else:
        tables = [goal.events(_with_threshold(decoder, float(threshold))) for threshold in THRESHOLDS]
    return np.stack([_f1(goal.count(table), by_class) for table in tables])


def _with_threshold(decoder: Decoder, threshold: PerClass) -> Decoder:
    """Replace the threshold of a decoder; a low threshold above it comes down to it."""
    low = decoder.low_threshold
    if isinstance(threshold, Mapping) and low is not None:
        low = {label: min(_of(low, label), value) for label, value in threshold.items()}
    elif isinstance(low, Mapping):
        low = {label: min(value, _of(threshold, label)) for label, value in low.items()}
    elif low is not None:
        low = min(low, _of(threshold, ""))
    return replace(decoder, threshold=threshold, low_threshold=low)


def _longest_filtered(start: Decoder, clips: ScoredClips) -> Decoder:
    """Choose the longest median filter of which the highest frames still rank the tags nearly as well as they can."""
    if start.box_filter is not None:
        return start
    scores, tags = (clips.output.frame_scores, clips.output.clip_scores), clips.dataset.tags
    tried = [replace(start, median_filter=window) for window in WINDOWS]
    ranked = [ranking_metrics(tags, highest_frames(decoder.smoothed(*scores)))["macro"] for decoder in tried]
    precision = np.array([found["average_precision"] for found in ranked], dtype=float)
    if np.isnan(precision).any():  # no class has clips with it
        return start
    return tried[int(np.flatnonzero(precision >= precision.max() - TAGS_LOST)[-1])]


def _all_tuned(start: Decoder, goal: _Goal, classes: Sequence[str]) -> Decoder:
    """Choose the filter of each class with its threshold; then the other settings, one after the other.

    The filter is the median filter or, where there are boxes, the box filter. The others are hysteresis, or what merges
    boxes, then gaps and minimum duration.
    """
    has_boxes = start.box_filter is not None
    filters: tuple[str, Sequence[Any]] = ("box_filter", BOX_FILTERS) if has_boxes else ("median_filter", WINDOWS)
    name, windows = filters
    median = start.median_filter if has_boxes else 0.0
    plain = Decoder(start.threshold, start.clip_threshold, median_filter=median, clip_mask=start.clip_mask)
    f1 = np.stack([_f1_at_thresholds(replace(plain, **{name: w}), goal, by_class=True) for w in windows])
    window = np.nan_to_num(f1).max(axis=1).argmax(axis=0)
    threshold = {
        label: _of(_best(f1[window[column], :, [column]].T, start.threshold, [label]), label)
        for column, label in enumerate(classes)
    }
    chosen: Any = {label: windows[index] for label, index in zip(classes, window, strict=True)}
    decoder = replace(plain, threshold=threshold, **{name: chosen})
    lows = [{label: share * value for label, value in threshold.items()} for share in LOW_SHARES]
    drops, shares, seconds = (
        [dict.fromkeys(classes, value) for value in values] for values in (MERGE_DROPS, MERGE_SHARES, SECONDS)
    )
    merging = (("merge_drop", drops), ("merge_share", shares)) if has_boxes else (("low_threshold", lows),)
    for name, candidates in (*merging, ("max_gap", seconds), ("min_duration", seconds)):
        tried = [replace(decoder, **{name: values}) for values in candidates]
        best = np.nan_to_num([_f1(goal.count(goal.events(one)), by_class=True) for one in tried]).argmax(axis=0)
        chosen = {label: candidates[index][label] for label, index in zip(classes, best, strict=True)}
        decoder = replace(decoder, **{name: chosen})
    return decoder
