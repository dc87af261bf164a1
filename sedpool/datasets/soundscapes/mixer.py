"""How events and a background become one recording.

The signal-to-noise ratio of an event is the RMS level of the event over its whole extent, pauses included, after
fading and band limiting, relative to the RMS level of the background over the whole soundscape, in dB.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sedpool.datasets.soundscapes.band import SR, FloatArray, dither, lowpass, rms
from sedpool.datasets.soundscapes.specs import EventSpec, Recipe

BACKGROUND_DB = -50.0
"""RMS level of the background in dB of full scale: leaves room for events 30 dB above it."""
FADE = 0.010
"""Length in seconds of the raised-cosine fade at either end of an event."""
PEAK = 0.95
SNR_DEFINITION = "RMS of the event over its extent, after fades and band limit, over RMS of the whole background, dB"


@dataclass(frozen=True)
class Sound:
    """A stretch of audio and where it came from.

    Attributes
    ----------
    samples : ndarray of float32, shape (n,)
        Audio at 44.1 kHz, any level.
    source_file : str
        Name of the recording, or of the synthesiser.
    source_time : float
        Where in the recording it starts, in seconds.
    label : str
        Its class, or what kind of background it is.
    band : float
        Highest frequency in Hz up to which it holds sound.
    """

    samples: FloatArray
    source_file: str
    source_time: float
    label: str
    band: float = SR / 2


class Sources(Protocol):
    """Where sounds come from; what one split gets, no other split may get."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the events, in order."""

    @property
    def skipped(self) -> tuple[str, ...]:
        """Recordings that cannot be used, each with the reason."""

    def event(self, label: str, duration: float, split: str, rng: np.random.Generator) -> Sound:
        """Draw an event of at most `duration` seconds."""

    def background(self, duration: float, split: str, rng: np.random.Generator) -> Sound:
        """Draw a background of exactly `duration` seconds."""


@dataclass(frozen=True)
class Soundscape:
    """A mixed soundscape.

    Attributes
    ----------
    samples : ndarray of float32, shape (n,)
        The mix at 44.1 kHz, dithered for 16 bits.
    gain : float
        Factor by which the whole mix was scaled so that its peak does not pass 0.95; 1 where it would not.
    background : Sound
        What lies under the events.
    events : tuple of (EventSpec, Sound)
        What was mixed in: the spec's times are those of the audio as it was available.
    """

    samples: FloatArray
    gain: float
    background: Sound
    events: tuple[tuple[EventSpec, Sound], ...]


def mix(
    specs: Sequence[EventSpec], recipe: Recipe, sources: Sources, split: str, rng: np.random.Generator
) -> Soundscape:
    """Render one soundscape.

    Parameters
    ----------
    specs : sequence of EventSpec
        The events to mix in; one whose source is shorter than asked for becomes shorter.
    recipe : Recipe
        Gives the soundscape's length.
    sources : Sources
        Where events and background are drawn from.
    split : {"train", "validate", "test"}
        The split that the soundscape belongs to.
    rng : Generator
        The soundscape's own generator.
    """
    background = sources.background(recipe.duration, split, rng)
    level = 10 ** (BACKGROUND_DB / 20)
    mixed = to_level(background.samples, level)
    rendered = []
    for spec in specs:
        sound = sources.event(spec.label, spec.duration, split, rng)
        add_event(mixed, sound.samples, spec, level, background.band)
        length = min(spec.duration, len(sound.samples) / SR)
        rendered.append((EventSpec(spec.label, spec.onset, length, spec.snr), sound))
    gain = min(1.0, PEAK / max(float(np.abs(mixed).max()), 1e-12))
    samples = mixed * np.float32(gain) + dither(len(mixed), rng)
    return Soundscape(samples, gain, background, tuple(rendered))


def add_event(mixed: FloatArray, samples: FloatArray, spec: EventSpec, background_level: float, band: float) -> None:
    """Add an event to `mixed` in place.

    Parameters
    ----------
    mixed : ndarray of float32
        The soundscape so far.
    samples : ndarray of float32
        The event, any level.
    spec : EventSpec
        Gives its onset and its level over the background.
    background_level : float
        RMS of the background.
    band : float
        Frequency in Hz above which the event is cut.
    """
    event, pad = lowpass(fade(samples), band)
    extent = event[pad : pad + len(samples)]
    gain = background_level * 10 ** (spec.snr / 20) / max(rms(extent), 1e-12)
    start = round(spec.onset * SR) - pad
    first, last = max(start, 0), min(start + len(event), len(mixed))
    mixed[first:last] += np.float32(gain) * event[first - start : last - start]


def fade(samples: FloatArray) -> FloatArray:
    """The samples with a raised-cosine fade of 10 ms (at most half their length) at either end."""
    n = min(round(FADE * SR), len(samples) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / max(n, 1))).astype(np.float32)
    faded = samples.copy()
    faded[:n] *= ramp
    faded[len(faded) - n :] *= ramp[::-1]
    return faded


def to_level(samples: FloatArray, level: float) -> FloatArray:
    """The samples scaled to an RMS of `level`; silence stays silence."""
    return samples * np.float32(level / max(rms(samples), 1e-12))
