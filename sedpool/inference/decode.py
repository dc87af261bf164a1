"""How do probabilities become events and tags? By a `Decoder`: smoothing, thresholds, and rules about time.

Its steps, in this order, each off by default but the threshold:

1. **median filter** of every class's probabilities within a file: removes blips, fills dips, keeps edges in place;
2. **threshold**: frames that reach it are active, and neighbouring active frames make an event. With a **low
   threshold** (hysteresis) it is enough to reach that one, but an event is kept only if some frame reaches the other;
3. **gap merging**: events of a class with a short pause between them become one;
4. **minimum duration**: events that are still shorter are left out.

With a **clip mask** a class is in no event of a clip whose probability of it does not reach the clip threshold.

With a **box filter** the extent of events no longer depends on the threshold: after the median filter an event lasts
from where scores rise to where they fall, gaps are merged and short events dropped, and only then the threshold decides
by the mean score of each event which of them stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sedpool.errors import ConfigError, DataError
from sedpool.events import EVENT_COLUMNS, LATEST, validate_events
from sedpool.inference.activity import (
    ActiveSpans,
    Frames,
    active_spans,
    apply_hysteresis,
    bounding_boxes,
    drop_short,
    frames_of,
    highest,
    mean_within,
    merge_gaps,
    smooth,
)
from sedpool.runtime.arrays import Float64Array
from sedpool.scores import FRAME_COLUMNS, classes_of, validate_scores

PerClass = float | Mapping[str, float]
"""One value for all classes, or one for each."""

LONGEST_FILTER = 600.0
"""Seconds: the longest median or box filter."""

_PROBABILITIES = ("threshold", "low_threshold", "clip_threshold", "merge_drop", "merge_share")
_OF_BOXES = ("box_filter", "merge_drop", "merge_share")
_OFF = {"low_threshold": None, "max_gap": 0.0, "min_duration": 0.0, "box_filter": None}


@dataclass(frozen=True)
class Decoder:
    """What turns scores into events and clip decisions; every setting is one value or a mapping by class.

    Attributes
    ----------
    threshold : float or mapping of str to float
        A frame is active from this probability on.
    clip_threshold : float or mapping of str to float
        A clip has a class from this probability on.
    low_threshold : float or mapping of str to float, optional
        An event that reaches `threshold` lasts as long as its frames reach this one; None for the same.
    median_filter : float or mapping of str to float
        Seconds of a median filter over frames, rounded to the nearest odd number of frames; 0 for none.
    max_gap : float or mapping of str to float
        Pauses of at most so many seconds within a class are filled.
    min_duration : float or mapping of str to float
        Events shorter than so many seconds are left out, after the pauses are filled.
    box_filter : float or mapping of str to float, optional
        Seconds over which a rise or a fall of the scores is measured, which then begin and end events; None for events
        that last while frames reach `threshold`.
    merge_drop, merge_share : float or mapping of str to float
        With a box filter, two events are merged if the mean score of the pause between them is less than `merge_drop`
        below the higher of theirs, and at least `merge_share` of it.
    clip_mask : bool
        Whether a class is in no event of a clip whose probability of it does not reach `clip_threshold`. Its frame
        scores count as 0 there, in what is measured at all thresholds too.

    Raises
    ------
    ConfigError
        If a threshold is outside [0, 1], a number of seconds is negative or too large, or there are both a low
        threshold and a box filter.

    Examples
    --------
    >>> from sedpool.scores import frame_scores
    >>> scores = frame_scores("a.wav", [[0.9], [0.3], [0.1], [0.7]], [0.0, 0.5, 1.0, 1.5, 2.0], ["siren"])
    >>> Decoder(threshold=0.6, low_threshold=0.2).events(scores)
      filename  onset  offset event_label  confidence
    0    a.wav    0.0     1.0       siren         0.9
    1    a.wav    1.5     2.0       siren         0.7
    >>> Decoder(threshold=0.6, max_gap=1.0).events(scores)
      filename  onset  offset event_label  confidence
    0    a.wav    0.0     2.0       siren         0.9
    >>> Decoder(threshold=0.6, box_filter=0.5, merge_drop=0.0).events(scores)
      filename  onset  offset event_label  confidence
    0    a.wav    0.0     0.5       siren         0.9
    1    a.wav    1.5     2.0       siren         0.7
    """

    threshold: PerClass = 0.5
    clip_threshold: PerClass = 0.5
    low_threshold: PerClass | None = None
    median_filter: PerClass = 0.0
    max_gap: PerClass = 0.0
    min_duration: PerClass = 0.0
    box_filter: PerClass | None = None
    merge_drop: PerClass = 0.2
    merge_share: PerClass = 0.5
    clip_mask: bool = False

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            values = value.values() if isinstance(value, Mapping) else [] if value is None else [value]
            limit, kind = LATEST, "seconds"
            if name in _PROBABILITIES:
                limit, kind = 1.0, "a probability between 0 and 1"
            elif name in ("median_filter", "box_filter"):
                limit, kind = LONGEST_FILTER, f"seconds up to {LONGEST_FILTER:g}"
            for number in values:
                if not 0 <= number <= limit:
                    raise ConfigError(f"{name}: {number}; expected {kind}, for all classes or each of them")
        if self.box_filter is not None and self.low_threshold is not None:
            raise ConfigError(
                "box_filter, low_threshold: both are set; a box has one threshold, set one of them to null"
            )

    def settings(self) -> dict[str, Any]:
        """Return the settings by name, as JSON takes them; those of boxes and of the mask only where they are used."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        unused = (*_OF_BOXES,) if self.box_filter is None else ()
        unused = unused if self.clip_mask else (*unused, "clip_mask")
        values = {name: value for name, value in values.items() if name not in unused}
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}

    @property
    def only_smooths(self) -> bool:
        """Whether events are the active spans of smoothed probabilities at the threshold, without further steps."""
        return all(getattr(self, name) == value for name, value in _OFF.items())

    def filters_as(self, other: "Decoder") -> bool:
        """Whether `smoothed` is the same with another decoder."""
        masks = [one.clip_threshold if one.clip_mask else None for one in (self, other)]
        return self.median_filter == other.median_filter and masks[0] == masks[1]

    def check(self, classes: Sequence[str]) -> None:
        """Refuse settings that do not fit scores with the columns `classes`.

        Raises
        ------
        ConfigError
            If a mapping has other classes, or a low threshold is above the other.
        """
        values = {
            name: self.each(name, classes)
            for name, value in self.settings().items()
            if value is not None and name != "clip_mask"
        }
        excess = values.get("low_threshold", values["threshold"]) - values["threshold"]
        if (excess > 0).any():
            worst = int(excess.argmax())
            raise ConfigError(
                f"low_threshold: {values['low_threshold'][worst]} for {classes[worst]}; expected at most its "
                f"threshold, {values['threshold'][worst]}"
            )

    def smoothed(self, scores: pd.DataFrame, clip_scores: pd.DataFrame | None = None) -> pd.DataFrame:
        """Frame scores after the median filter and the clip mask alone; parameters and errors as of `events`."""
        classes = classes_of(validate_scores(scores))
        self.check(classes)
        values = smooth(scores.loc[:, list(classes)].to_numpy(), frames_of(scores), self.each("median_filter", classes))
        if self.clip_mask:
            if clip_scores is None:
                raise ConfigError(
                    "clip_mask: it needs probabilities of whole clips, and these are of frames alone; set it to false"
                )
            tags = self.tags(clip_scores)
            row = tags.index.get_indexer(pd.Index(scores["filename"]))
            if (row < 0).any():
                raise DataError(
                    f"clip scores: {scores['filename'].iloc[int(row.argmin())]} has none; expected all clips"
                )
            if absent := [label for label in classes if label not in tags.columns]:
                raise DataError(f"clip scores: no column {absent[0]}; expected one for each class of the frames")
            values = np.where(tags[list(classes)].to_numpy()[row], values, 0.0)
        return pd.concat(
            [scores.loc[:, list(FRAME_COLUMNS)], pd.DataFrame(values, scores.index, list(classes))], axis=1
        )

    def events(self, scores: pd.DataFrame, clip_scores: pd.DataFrame | None = None) -> pd.DataFrame:
        """Detect events in frame scores.

        Parameters
        ----------
        scores : DataFrame
            Frame scores (see `sedpool.scores`).
        clip_scores : DataFrame, optional
            Clip scores of the same clips; only a clip mask needs them.

        Returns
        -------
        events : DataFrame
            Event table, by file in the order of `scores`, then by onset, then by class column. Events of a class
            neither overlap nor touch. The `confidence` of an event is the highest smoothed probability within it or,
            with a box filter, the mean.

        Raises
        ------
        DataError
            If a score is not a probability (NaN included), a file's rows are scattered or leave gaps, or a clip mask
            lacks the scores of a clip.
        ConfigError
            If the settings do not fit the classes (see `check`), or a clip mask has no clip scores.
        """
        smoothed = self.smoothed(scores, clip_scores)
        classes, frames = classes_of(smoothed), frames_of(smoothed)
        values = smoothed.loc[:, list(classes)].to_numpy()
        found = self._spans(values, frames, classes)
        found = merge_gaps(found, frames, self.each("max_gap", classes))
        found = drop_short(found, frames, self.each("min_duration", classes))
        confidence = (highest if self.box_filter is None else mean_within)(values, found)
        stand = confidence >= self.each("threshold", classes)[found.column]
        if self.clip_mask:
            stand &= confidence > 0  # also where the threshold is 0
        found, confidence = found.where(stand), confidence[stand]
        order = np.lexsort((found.column, found.first))
        first, last = found.first[order], found.last[order]
        events = pd.DataFrame(
            {
                "filename": scores["filename"].to_numpy()[first],
                "onset": frames.onset[first],
                "offset": frames.offset[last],
                "event_label": np.asarray(classes, dtype=object)[found.column[order]],
                "confidence": confidence[order],
            },
            columns=[*EVENT_COLUMNS, "confidence"],
        )
        return validate_events(events, source="decoded events")

    def _spans(self, values: Float64Array, frames: Frames, classes: Sequence[str]) -> ActiveSpans:
        if self.box_filter is not None:
            settings = (self.each(name, classes) for name in ("box_filter", "merge_drop", "merge_share"))
            return bounding_boxes(values, frames, *settings)
        active = values >= self.each("threshold", classes)
        if self.low_threshold is None:
            return active_spans(active, frames)
        return apply_hysteresis(active_spans(values >= self.each("low_threshold", classes), frames), active)

    def tags(self, clip_scores: pd.DataFrame) -> pd.DataFrame:
        """Decide which classes a clip has.

        Parameters
        ----------
        clip_scores : DataFrame
            Clip scores (see `sedpool.scores`).

        Returns
        -------
        tags : DataFrame of bool
            One row per clip (index `filename`), one column per class.

        Raises
        ------
        DataError
            If a score is not a probability (NaN included), or a clip occurs twice.
        ConfigError
            If the settings do not fit the classes; see `check`.
        """
        classes = classes_of(validate_scores(clip_scores))
        self.check(classes)
        active = clip_scores.loc[:, list(classes)].to_numpy() >= self.each("clip_threshold", classes)
        filenames = pd.Index(clip_scores["filename"], name="filename")
        if not filenames.is_unique:
            twice = filenames[filenames.duplicated()][0]
            raise DataError(f"clip scores: {twice} occurs twice; expected one row per clip")
        return pd.DataFrame(active, index=filenames, columns=list(classes))

    def each(self, name: str, classes: Sequence[str]) -> Float64Array:
        """Return a setting's value for each class, in their order.

        Raises
        ------
        ConfigError
            If the setting is a mapping with other classes.
        """
        value: PerClass = getattr(self, name)
        per_class = value if isinstance(value, Mapping) else dict.fromkeys(classes, value)
        different = sorted(set(per_class) ^ set(classes))
        if different:
            raise ConfigError(f"{name}: it and the scores differ in the classes {', '.join(different)}; give all")
        return np.array([per_class[label] for label in classes], dtype=np.float64)


@dataclass(frozen=True)
class SystemOutput:
    """A system's output for a set of clips: its scores, and the decisions that a decoder makes from them.

    Attributes
    ----------
    frame_scores, clip_scores : DataFrame
        See `sedpool.scores`.
    decoder : Decoder
        Decides; each decision is made once, when it is first asked for.
    """

    frame_scores: pd.DataFrame
    clip_scores: pd.DataFrame
    decoder: Decoder = Decoder()

    @cached_property
    def events(self) -> pd.DataFrame:
        """The detected events; see `Decoder.events`."""
        return self.decoder.events(self.frame_scores, self.clip_scores)

    @cached_property
    def tags(self) -> pd.DataFrame:
        """The clip decisions; see `Decoder.tags`."""
        return self.decoder.tags(self.clip_scores)


def decode(
    scores: pd.DataFrame,
    threshold: PerClass = 0.5,
    *,
    clip_scores: pd.DataFrame | None = None,
    clip_mask: bool = False,
    **settings: PerClass,
) -> pd.DataFrame:
    """Detect events in frame scores; the parameters are those of `Decoder` and of its `events`.

    Examples
    --------
    >>> from sedpool.scores import frame_scores
    >>> scores = frame_scores("a.wav", [[0.9], [0.5], [0.1], [0.7]], [0.0, 0.5, 1.0, 1.5, 2.0], ["siren"])
    >>> decode(scores)
      filename  onset  offset event_label  confidence
    0    a.wav    0.0     1.0       siren         0.9
    1    a.wav    1.5     2.0       siren         0.7
    >>> decode(scores, threshold=0.6, min_duration=0.5, max_gap=1.0)
      filename  onset  offset event_label  confidence
    0    a.wav    0.0     2.0       siren         0.9
    """
    return Decoder(threshold, clip_mask=clip_mask, **settings).events(scores, clip_scores)


def confidences(events: pd.DataFrame, scores: pd.DataFrame) -> pd.Series:
    """Return the highest score of its class in each event's frames; None where there are no such frames.

    Parameters
    ----------
    events : DataFrame
        Event table.
    scores : DataFrame
        Frame scores (see `sedpool.scores`).
    """
    by_file = dict(list(scores.groupby("filename", sort=False)))

    def highest(filename: str, onset: float, offset: float, label: str) -> float | None:
        frames = by_file.get(filename, scores.iloc[:0])
        inside = (frames["onset"] < offset) & (frames["offset"] > onset)
        return float(frames.loc[inside, label].max()) if label in frames.columns and inside.any() else None

    values = [highest(*row) for row in events.loc[:, list(EVENT_COLUMNS)].itertuples(index=False, name=None)]
    return pd.Series(values, index=events.index, dtype=object)
