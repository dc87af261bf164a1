"""Mixing events and a background into one recording."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from sedpool.audio import vocoder
from sedpool.audio.band import SR, lowpass
from sedpool.audio.loudness import MEASURES
from sedpool.runtime.arrays import Float32Array
from sedpool.soundscapes.sampling import Event

BACKGROUND_DB = -50.0
"""Level of the background in dB of full scale: leaves room for events 30 dB above it."""
FADE = 0.010
"""Length in seconds of the raised-cosine fade at either end of an event."""
PEAK = 0.95


@dataclass(frozen=True)
class Sound:
    """A stretch of audio and where it came from.

    Attributes
    ----------
    samples : ndarray of float32, shape (n,)
        Audio at any level.
    source_file : str
        Name of the recording, or of the synthesiser.
    source_time : float
        Where in the recording it starts, in seconds.
    label : str
        Its class, or what kind of background it is.
    band : float
        Highest frequency in Hz up to which it holds sound.
    """

    samples: Float32Array
    source_file: str
    source_time: float
    label: str
    band: float = SR / 2


class Sources(Protocol):
    """Where sounds come from; no sound is given to more than one split."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the events, in order."""

    @property
    def skipped(self) -> tuple[str, ...]:
        """Recordings that cannot be used, each with the reason."""

    def event(self, event: Event, split: str, rng: np.random.Generator) -> Sound:
        """Draw the sound of an event: at most `event.duration` seconds of its class."""

    def background(self, duration: float, split: str, rng: np.random.Generator) -> Sound:
        """Draw a background of exactly `duration` seconds."""


@dataclass(frozen=True)
class Mixing:
    """Levels, fades and sampling rate of a mix.

    Attributes
    ----------
    level : {"lufs", "rms", "scaper"}
        How levels are measured; see `sedpool.audio.loudness`.
    sr : int
        Sampling rate of all sounds in Hz.
    ref_db : float
        Level of the background in dB of full scale.
    fade_in, fade_out : float
        Seconds of fade at an event's ends.
    """

    level: str = "lufs"
    sr: int = SR
    ref_db: float = BACKGROUND_DB
    fade_in: float = FADE
    fade_out: float = FADE


@dataclass(frozen=True)
class Track:
    """One event as it sounds in a soundscape, its source, and its samples, which begin at sample `first`."""

    event: Event
    sound: Sound
    first: int
    samples: Float32Array


@dataclass(frozen=True)
class Soundscape:
    """A mixed soundscape.

    Attributes
    ----------
    samples : ndarray of float32, shape (n,)
        The mix.
    background : Sound
        The background at its level.
    tracks : tuple of Track
        The events at their levels; background and events add up to the mix before its gain.
    gain : float
        Factor for the whole mix that keeps its peak at 0.95 or less; 1 if it is lower anyway.
    """

    samples: Float32Array
    background: Sound
    tracks: tuple[Track, ...]
    gain: float

    def isolated(self) -> list[tuple[str, Float32Array]]:
        """Return the background and every event alone, each with a name and as long as the mix; they add up to it."""
        parts = [(f"background0_{self.background.label}", self.background.samples)]
        for index, track in enumerate(self.tracks):
            silence = np.zeros_like(self.background.samples)
            parts.append((f"foreground{index}_{track.event.label}", add(silence, [track])))
        return [(name, samples * np.float32(self.gain)) for name, samples in parts]


def mix(
    background: Sound, events: Sequence[tuple[Event, Sound]], mixing: Mixing, gain: float | None = None
) -> Soundscape:
    """Bring a background and events to their levels.

    Parameters
    ----------
    background : Sound
        As long as the soundscape; events are low-passed where its band ends.
    events : sequence of (Event, Sound)
        Events and their sounds; an event becomes shorter if its sound is.
    mixing : Mixing
        Levels, fades and rate.
    gain : float, optional
        Factor for the whole mix; by default the one that keeps its peak at 0.95 or less.
    """
    level = MEASURES[mixing.level](background.samples, mixing.sr)
    gained = background.samples * np.float32(10 ** (mixing.ref_db / 20) / max(level, 1e-12))  # silence stays silent
    bed = replace(background, samples=gained)
    tracks = tuple(_track(event, sound, mixing, background.band) for event, sound in events)
    mixed = add(bed.samples, tracks)
    if gain is None:
        gain = min(1.0, PEAK / max(float(np.abs(mixed).max()), 1e-12))
    return Soundscape(mixed * np.float32(gain), bed, tracks, gain)


def add(samples: Float32Array, tracks: Sequence[Track]) -> Float32Array:
    """Add tracks to a copy of `samples`, cutting them at its ends."""
    mixed = samples.copy()
    for track in tracks:
        first, last = max(track.first, 0), min(track.first + len(track.samples), len(mixed))
        mixed[first:last] += track.samples[first - track.first : last - track.first]
    return mixed


def _track(event: Event, sound: Sound, mixing: Mixing, band: float) -> Track:
    taken = min(event.duration, len(sound.samples) / mixing.sr)
    event = replace(event, duration=taken, source_time=sound.source_time)
    samples = sound.samples
    if event.pitch_shift:
        samples = vocoder.pitch_shift(samples, mixing.sr, event.pitch_shift)
    if event.time_stretch not in (None, 1.0):
        samples = vocoder.time_stretch(samples, event.time_stretch or 1.0)
    shaped = fade(samples, mixing)
    samples, pad = lowpass(shaped, band)
    extent = samples[pad : pad + len(shaped)]
    level = 10 ** (mixing.ref_db / 20) * 10 ** (event.snr / 20)
    gain = level / max(MEASURES[mixing.level](extent, mixing.sr), 1e-12)
    return Track(event, sound, round(event.onset * mixing.sr) - pad, np.float32(gain) * samples)


def fade(samples: Float32Array, mixing: Mixing) -> Float32Array:
    """Return the samples with a raised-cosine fade at either end, of at most half their length."""
    faded = samples.copy()
    if n := min(round(mixing.fade_in * mixing.sr), len(samples) // 2):
        faded[:n] *= _ramp(n)
    if n := min(round(mixing.fade_out * mixing.sr), len(samples) // 2):
        faded[-n:] *= _ramp(n)[::-1]
    return faded


def _ramp(n: int) -> Float32Array:
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n)).astype(np.float32)
