"""The events of one soundscape, drawn from a spec before any audio exists.

A soundscape is a pure function of (seed, split, index): its generator is seeded by these three alone, so that any
number of workers, in any order, writes the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sedpool.soundscapes.spec import SPLITS, Distribution, SoundscapeSpec

_PLACES = 100  # onsets to try for an event before it is left out


@dataclass(frozen=True)
class Event:
    """One event of a soundscape.

    Attributes
    ----------
    label : str
        Its class.
    onset : float
        Seconds from the soundscape's start.
    duration : float
        Seconds that are taken from the recording.
    snr : float
        Level over the background in dB.
    source_time : float, optional
        Where to cut, in seconds from where the recording's sound begins; None where the recording is loud.
    pitch_shift : float, optional
        Semitones.
    time_stretch : float, optional
        Factor by which it gets longer.
    """

    label: str
    onset: float
    duration: float
    snr: float
    source_time: float | None = None
    pitch_shift: float | None = None
    time_stretch: float | None = None

    @property
    def extent(self) -> float:
        """Length in the soundscape, in seconds."""
        return self.duration * (self.time_stretch or 1.0)

    @property
    def offset(self) -> float:
        """End in seconds."""
        return self.onset + self.extent


def generator(seed: int, split: str, index: int) -> np.random.Generator:
    """Return the random generator of one soundscape."""
    return np.random.default_rng(np.random.SeedSequence((seed, SPLITS.index(split), index)))


def draw_events(spec: SoundscapeSpec, classes: Sequence[str], rng: np.random.Generator) -> list[Event]:
    """Draw the events of one soundscape.

    Every event ends within the soundscape. An event for which the polyphony allows no place is left out.

    Parameters
    ----------
    spec : SoundscapeSpec
        The distributions.
    classes : sequence of str
        All classes.
    rng : Generator
        The soundscape's own generator.
    """
    events: list[Event] = []
    labels = spec.labels or classes
    for _ in range(spec.n_events.draw_count(rng)):
        label = labels[int(rng.integers(len(labels)))]
        event = _draw_event(spec, label, events, rng)
        if event is not None:
            events.append(event)
    return events


def _draw_event(spec: SoundscapeSpec, label: str, others: Sequence[Event], rng: np.random.Generator) -> Event | None:
    wanted, limits = spec.of(label), spec.limits()

    def draw(key: str) -> float | None:
        distribution: Distribution | None = getattr(wanted, key)
        return None if distribution is None else distribution.draw_within(*limits[key], rng, key)

    stretch = draw("time_stretch")
    duration = min(draw("duration") or 0.0, spec.duration / (stretch or 1.0))
    latest = max(0.0, spec.duration - duration * (stretch or 1.0))
    for _ in range(_PLACES):
        drawn = draw("onset")
        onset = float(rng.uniform(0.0, latest)) if drawn is None else min(drawn, latest)
        if _fits(Event(label, onset, duration, 0.0, time_stretch=stretch), others, spec):
            snr = draw("snr") or 0.0
            return Event(label, onset, duration, snr, draw("source_time"), draw("pitch_shift"), stretch)
    return None


def _fits(event: Event, others: Sequence[Event], spec: SoundscapeSpec) -> bool:
    own = [other for other in others if other.label == event.label]
    for limit, among in ((spec.max_polyphony, others), (spec.of(event.label).max_polyphony, own)):
        if limit is not None and polyphony([*among, event], event.onset, event.offset) > limit:
            return False
    return True


def polyphony(events: Sequence[Event], start: float, stop: float) -> int:
    """Return the greatest number of events that sound at once between two times.

    Examples
    --------
    >>> polyphony([Event("dog", 0, 2, 6), Event("cat", 1, 2, 6), Event("dog", 3, 1, 6)], 0, 10)
    2
    """
    within = [event for event in events if event.onset < stop and event.offset > start]
    return max((sum(o.onset <= e.onset < o.offset for o in within) for e in within), default=0)
