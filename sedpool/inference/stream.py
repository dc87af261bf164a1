"""Events from frame scores that arrive in pieces: the same as `Decoder.events` finds once all are there."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.inference.activity import ROUNDING, filter_over_time, odd_windows
from sedpool.inference.decode import Decoder
from sedpool.scores import frame_scores


@dataclass(frozen=True)
class Detection:
    """An event that was detected, or begins to be.

    Attributes
    ----------
    onset, offset : float
        Seconds from the recording's start.
    event_label : str
        The class.
    confidence : float
        Highest decoded probability of the class within the event; the mean within a box.
    """

    onset: float
    offset: float
    event_label: str
    confidence: float


@dataclass
class _Class:
    """What is going on in one class: an open span of active frames, and a closed one that may still be continued."""

    label: str
    first: int | None = None
    has_peak: bool = False
    highest: float = 0.0
    pending: Detection | None = None


class StreamDecoder:
    """Decode frame scores that arrive in pieces.

    Parameters
    ----------
    decoder : Decoder
        How to decode.
    classes : sequence of str
        Columns of the scores.
    step : float
        Length of a frame in seconds.

    Attributes
    ----------
    needs_clip_scores : bool
        Whether `finish` needs the probabilities of the recording as a whole.

    Examples
    --------
    >>> stream = StreamDecoder(Decoder(threshold=0.6), ["siren"], step=0.5)
    >>> list(stream.push(np.array([[0.9]])))
    []
    >>> list(stream.push(np.array([[0.7], [0.1], [0.8]])))
    [Detection(onset=0.0, offset=1.0, event_label='siren', confidence=0.9)]
    >>> list(stream.finish(end=2.2))
    [Detection(onset=1.5, offset=2.2, event_label='siren', confidence=0.8)]
    """

    def __init__(self, decoder: Decoder, classes: Sequence[str], step: float) -> None:
        decoder.check(classes)
        self._step = step
        self.needs_clip_scores = decoder.clip_mask
        self._decoder, self._kept = decoder, list[npt.NDArray[Any]]()
        self._threshold = decoder.each("threshold", classes)
        self._low = self._threshold if decoder.low_threshold is None else decoder.each("low_threshold", classes)
        self._max_gap, self._min_duration = (decoder.each(name, classes) for name in ("max_gap", "min_duration"))
        self._windows = odd_windows(decoder.each("median_filter", classes), step)
        self._reach = int(self._windows.max(initial=1)) // 2  # frames that the longest filter looks ahead
        self._raw = np.empty((0, len(classes)))
        self._ahead = 0  # rows of `_raw` that are decoded already and only serve the filter
        self._decoded = 0  # frames
        self._classes = [_Class(label) for label in classes]

    def push(self, scores: np.ndarray) -> Iterator[Detection]:
        """Take the next frame scores, shape (frames, classes), and yield the events that have ended.

        They come in the order in which it is certain that they end, class by class within a piece. Boxes, whose pauses
        are merged up to the end, and what a clip mask leaves come at the end; until then the scores are kept.
        """
        if self._decoder.box_filter is not None or self.needs_clip_scores:
            self._kept.append(scores)
            return
        self._raw = np.concatenate([self._raw, scores])
        known = len(self._raw) - self._reach
        if known > self._ahead:
            yield from self._decode(filter_over_time(self._raw[None], self._windows)[0][self._ahead : known])
            self._ahead = min(self._reach, known)
            self._raw = self._raw[known - self._ahead :]

    def finish(self, end: float, clip_scores: npt.NDArray[Any] | None = None) -> Iterator[Detection]:
        """Yield the remaining events.

        Parameters
        ----------
        end : float
            Seconds to which the last frame lasts.
        clip_scores : ndarray, shape (classes,), optional
            Probabilities of the recording as a whole, which a clip mask needs.
        """
        if any(map(len, self._kept)):
            yield from self._at_once(np.concatenate(self._kept), end, clip_scores)
            return
        yield from self._decode(filter_over_time(self._raw[None], self._windows)[0][self._ahead :])
        for number, state in enumerate(self._classes):
            if state.first is not None:
                yield from self._close(number, end)
            yield from self._settle(number)

    @property
    def current(self) -> list[Detection]:
        """The events that go on, or may go on, at the last decoded frame, as far as it is certain that they stand."""
        now = self._decoded * self._step
        found = []
        for number, state in enumerate(self._classes):
            event = state.pending
            if state.first is not None and state.has_peak:
                event = self._joined(number, Detection(state.first * self._step, now, state.label, state.highest))
            if event is not None and event.offset - event.onset >= self._min_duration[number] - ROUNDING:
                found.append(event)
        return found

    def _at_once(
        self, scores: npt.NDArray[Any], end: float, clip_scores: npt.NDArray[Any] | None
    ) -> Iterator[Detection]:
        edges = np.arange(len(scores) + 1) * self._step
        edges[-1] = max(end, edges[-2]) if len(scores) else end
        labels = [state.label for state in self._classes]
        of_clip = None if clip_scores is None else pd.DataFrame([["", *clip_scores]], columns=["filename", *labels])
        events = self._decoder.events(frame_scores("", scores, edges, labels), of_clip)
        columns = ["onset", "offset", "event_label", "confidence"]
        yield from itertools.starmap(Detection, events[columns].itertuples(index=False, name=None))

    def _decode(self, smoothed: npt.NDArray[np.floating]) -> Iterator[Detection]:
        active = smoothed >= self._low
        for number, state in enumerate(self._classes):
            changes = np.flatnonzero(np.diff(active[:, number], prepend=state.first is not None))
            begin = 0
            for change in [*changes, len(active)]:
                if state.first is not None and change > begin:
                    highest = float(smoothed[begin:change, number].max())
                    state.highest = max(state.highest, highest)
                    state.has_peak |= highest >= self._threshold[number]
                if change == len(active):
                    break
                if state.first is None:
                    state.first, state.has_peak, state.highest = self._decoded + int(change), False, 0.0
                else:
                    yield from self._close(number, (self._decoded + int(change)) * self._step)
                begin = change
            now = (self._decoded + len(active) if state.first is None else state.first) * self._step
            if state.pending is not None and now - state.pending.offset > self._max_gap[number] + ROUNDING:
                yield from self._settle(number)
        self._decoded += len(active)

    def _close(self, number: int, offset: float) -> Iterator[Detection]:
        """End the open span of a class; what was pending is over unless the span continues it."""
        state = self._classes[number]
        if state.has_peak and state.first is not None:
            event = self._joined(number, Detection(state.first * self._step, offset, state.label, state.highest))
            if state.pending is not None and event.onset != state.pending.onset:
                yield from self._settle(number)
            state.pending = event
        state.first = None

    def _joined(self, number: int, event: Detection) -> Detection:
        """Return an event with the pending one that it continues, if it does."""
        before = self._classes[number].pending
        if before is None or event.onset - before.offset > self._max_gap[number] + ROUNDING:
            return event
        return replace(event, onset=before.onset, confidence=max(before.confidence, event.confidence))

    def _settle(self, number: int) -> Iterator[Detection]:
        """Let the pending event of a class stand, if it is long enough."""
        state = self._classes[number]
        if (event := state.pending) is not None:
            state.pending = None
            if event.offset - event.onset >= self._min_duration[number] - ROUNDING:
                yield event
