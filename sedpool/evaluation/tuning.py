"""Which decoder suits these scores? Chosen on validation clips, never on test clips, which is checked.

Frames and clips are tuned separately: clip thresholds by clip F1, frame decisions by segment or event F1. Where
validation has weak labels only, frame decisions too are tuned by clip F1 (a clip has a class if an event of it is
detected). That says little about where events begin and end, so that thresholds alone are tuned then, and the result
says so.

The F1 of a class depends on no other class: one pass over the candidates tunes all classes at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Totals
from sedpool.evaluation.clip import clip_counts
from sedpool.evaluation.event import event_counts
from sedpool.evaluation.segment import segment_counts
from sedpool.evaluation.thresholds import clip_sweep, event_sweep, segment_sweep
from sedpool.evaluation.validation import listed
from sedpool.events import tags_from_events
from sedpool.inference.decode import Decoder, PerClass, SystemOutput
from sedpool.runtime.arrays import Float64Array

Parameters = Literal["global", "per_class", "all"]
Level = Literal["segment", "event"]

THRESHOLDS = np.arange(1, 100) / 100
# What is tried: first what leaves a step off, which wins where nothing is better.
WINDOWS = (0.0, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)  # seconds of a median filter
LOW_SHARES = (1.0, 0.75, 0.5, 0.25)  # low threshold as a share of the threshold
SECONDS = (0.0, 0.1, 0.2, 0.5, 1.0)  # longest gap, shortest event

_SETTINGS: dict[Level, tuple[str, ...]] = {"segment": ("resolution",), "event": ("collar", "offset_tolerance_ratio")}
_WORDS: dict[Level, str] = {
    "segment": "segment F1, {resolution:g} s",
    "event": "event F1, {collar:g} s and {offset_tolerance_ratio:.0%}",
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
        What it could choose.
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
        """The same as JSON takes it."""
        return {
            "decoding": self.decoder.settings(),
            "parameters": self.parameters,
            "objective": self.objective,
            "n_clips": self.n_clips,
        }


def tune(
    output: SystemOutput,
    validation: Dataset,
    *,
    held_out: Iterable[str],
    parameters: Parameters = "per_class",
    objective: Level = "segment",
    resolution: float = 1.0,
    collar: float = 0.2,
    offset_tolerance_ratio: float = 0.2,
) -> Tuned:
    """Choose a decoder by F1 on validation clips.

    Parameters
    ----------
    output : SystemOutput
        Scores of the clips of `validation`, with the decoder from which to start: what is not tuned stays as it is
        there, and so do the thresholds of classes that validation lacks.
    validation : Dataset
        The reference.
    held_out : iterable of str
        Names of the test clips. None of them may be among the clips that are tuned on.
    parameters : {"global", "per_class", "all"}
        One threshold for all classes, by micro F1; one for each class, by its F1; or for each class its median filter
        together with its threshold, then hysteresis, the longest gap and the minimum duration, in turn.
    objective : {"segment", "event"}
        Whose F1 decides on frames.
    resolution, collar, offset_tolerance_ratio : float
        See `sedpool.evaluation.segment_metrics` and `sedpool.evaluation.event_metrics`.

    Raises
    ------
    EvaluationError
        If test clips are among those to be tuned on, or clips have no scores.
    """
    _refuse_test_clips(output, validation, held_out)
    goal = _goal(
        validation, objective, resolution=resolution, collar=collar, offset_tolerance_ratio=offset_tolerance_ratio
    )
    by_class = parameters != "global"
    if parameters == "all" and goal.is_strong:
        decoder = _all_tuned(output.decoder, output.frame_scores, goal, validation.classes)
    else:
        f1 = _f1_at_thresholds(output.decoder, output.frame_scores, goal, by_class)
        decoder = _with_threshold(output.decoder, _best(f1, output.decoder.threshold, validation.classes))
    clip_f1 = _f1(clip_sweep(output.clip_scores, validation.tags, THRESHOLDS), by_class)
    clip_threshold = _best(clip_f1, output.decoder.clip_threshold, validation.classes)
    return Tuned(replace(decoder, clip_threshold=clip_threshold), parameters, goal.words, len(validation))


def _refuse_test_clips(output: SystemOutput, validation: Dataset, held_out: Iterable[str]) -> None:
    tuned_on = set(validation.clips["filename"]) | set(output.frame_scores["filename"])
    in_test = tuned_on & set(held_out) | set(validation.clips.loc[validation.clips["split"] == "test", "filename"])
    if in_test:
        raise EvaluationError(
            f"{len(in_test)} clips to tune on are test clips ({listed(sorted(in_test))}); what is chosen on the test "
            "set cannot be measured on it: tune on validation scores"
        )


@dataclass(frozen=True)
class _Goal:
    """What frame decisions are tuned for: counts of validation clips, of decoded events or at every threshold."""

    words: str
    count: Callable[[pd.DataFrame], Totals]
    sweep: Callable[[pd.DataFrame], Totals]
    is_strong: bool


def _goal(validation: Dataset, level: Level, **settings: float) -> _Goal:
    common: dict[str, Any] = {"durations": validation.durations, "classes": validation.classes}
    events = validation.known_events
    if events is None:
        return _Goal(
            _WEAK_WORDS, partial(_clip_totals, validation), partial(_highest_sweep, validation), is_strong=False
        )
    chosen: dict[str, Any] = {name: settings[name] for name in _SETTINGS[level]}
    count, sweep = (segment_counts, segment_sweep) if level == "segment" else (event_counts, event_sweep)
    return _Goal(
        _WORDS[level].format(**chosen),
        lambda detected: count(events, detected, **common, **chosen).total(),
        lambda scores: sweep(scores, events, THRESHOLDS, **common, **chosen),
        is_strong=True,
    )


def _clip_totals(validation: Dataset, detected: pd.DataFrame) -> Totals:
    tags = tags_from_events(detected, list(validation.tags.index), validation.classes)
    return clip_counts(validation.tags, tags).total()


def _highest_sweep(validation: Dataset, scores: pd.DataFrame) -> Totals:
    """Counts of clips at every threshold, a clip having a class where its highest frame has."""
    highest = scores.groupby("filename", sort=False)[list(validation.classes)].max().reset_index()
    return clip_sweep(highest, validation.tags, THRESHOLDS)


def _f1(totals: Totals, by_class: bool) -> Float64Array:
    """F1 of each class, shape (..., classes), NaN without a reference; or of all pooled, shape (..., 1)."""
    if by_class:
        return np.where(totals.n_ref > 0, totals.class_wise()["f1"], np.nan)
    return totals.micro()["f1"][..., None]


def _best(f1: Float64Array, start: PerClass, classes: Sequence[str]) -> PerClass:
    """The threshold of highest F1, of equals the one nearest to 0.5; `start` where F1 is undefined.

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


def _f1_at_thresholds(decoder: Decoder, scores: pd.DataFrame, goal: _Goal, by_class: bool) -> Float64Array:
    """F1 with every threshold in place of the decoder's, shape (thresholds, classes or 1)."""
    if decoder.only_smooths:
        return _f1(goal.sweep(decoder.smoothed(scores)), by_class)
    candidates = [_with_threshold(decoder, float(threshold)) for threshold in THRESHOLDS]
    return np.stack([_f1(goal.count(candidate.events(scores)), by_class) for candidate in candidates])


def _with_threshold(decoder: Decoder, threshold: PerClass) -> Decoder:
    """The decoder with another threshold; a low threshold above it comes down to it."""
    low = decoder.low_threshold
    if isinstance(threshold, Mapping) and low is not None:
        low = {label: min(_of(low, label), value) for label, value in threshold.items()}
    elif isinstance(low, Mapping):
        low = {label: min(value, _of(threshold, label)) for label, value in low.items()}
    elif low is not None:
        low = min(low, _of(threshold, ""))
    return replace(decoder, threshold=threshold, low_threshold=low)


def _all_tuned(start: Decoder, scores: pd.DataFrame, goal: _Goal, classes: Sequence[str]) -> Decoder:
    """The median filter of each class with its threshold; then hysteresis, gaps and the minimum duration, in turn."""
    plain = Decoder(start.threshold, start.clip_threshold)
    f1 = np.stack([_f1_at_thresholds(replace(plain, median_filter=w), scores, goal, by_class=True) for w in WINDOWS])
    window = np.nan_to_num(f1).max(axis=1).argmax(axis=0)
    threshold = {
        label: _of(_best(f1[window[column], :, [column]].T, start.threshold, [label]), label)
        for column, label in enumerate(classes)
    }
    decoder = replace(
        plain,
        threshold=threshold,
        median_filter={label: WINDOWS[index] for label, index in zip(classes, window, strict=True)},
    )
    lows = [{label: share * value for label, value in threshold.items()} for share in LOW_SHARES]
    seconds = [dict.fromkeys(classes, value) for value in SECONDS]
    for name, candidates in (("low_threshold", lows), ("max_gap", seconds), ("min_duration", seconds)):
        decoder = _with_best(decoder, name, candidates, scores, goal)
    return decoder


def _with_best(
    decoder: Decoder, name: str, candidates: Sequence[Mapping[str, float]], scores: pd.DataFrame, goal: _Goal
) -> Decoder:
    """The decoder with the best of some values of a setting, for each class."""
    tried = [replace(decoder, **{name: values}) for values in candidates]
    f1 = np.stack([_f1(goal.count(one.events(scores)), by_class=True) for one in tried])
    best = np.nan_to_num(f1).argmax(axis=0)
    return replace(
        decoder, **{name: {label: candidates[index][label] for label, index in zip(candidates[0], best, strict=True)}}
    )
