"""How events and a background become one recording."""

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
    """Where sounds come from; what one split gets, no other split may get."""

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
    """What levels, ends and rate a mix has.

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
    """One event as it sounds in a soundscape: what the JAMS says of it, and its samples from sample `first` on."""

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
        What lies under the events, at its level.
    tracks : tuple of Track
        The events at their levels; the background and they add up to the mix before its gain.
    gain : float
        Factor for the whole mix so that its peak does not pass 0.95; 1 where it would not.
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
        As long as the soundscape; events are cut where its band ends.
    events : sequence of (Event, Sound)
        What happens; an event whose sound is shorter than asked for becomes shorter.
    mixing : Mixing
        Levels, fades and rate.
    gain : float, optional
        Factor for the whole mix; by default what keeps its peak at 0.95 or less.
    """
    bed = replace(background, samples=to_level(background.samples, mixing))
    tracks = tuple(_track(event, sound, mixing, background.band) for event, sound in events)
    mixed = add(bed.samples, tracks)
    if gain is None:
        gain = min(1.0, PEAK / max(float(np.abs(mixed).max()), 1e-12))
    return Soundscape(mixed * np.float32(gain), bed, tracks, gain)


def add(samples: Float32Array, tracks: Sequence[Track]) -> Float32Array:
    """Add tracks to a copy of `samples`; what passes its ends is cut."""
    mixed = samples.copy()
    for track in tracks:
        first, last = max(track.first, 0), min(track.first + len(track.samples), len(mixed))
        mixed[first:last] += track.samples[first - track.first : last - track.first]
    return mixed


def _track(event: Event, sound: Sound, mixing: Mixing, band: float) -> Track:
    taken = min(event.duration, len(sound.samples) / mixing.sr)
    event = replace(event, duration=taken, source_time=sound.source_time)
    shaped = fade(_changed(sound.samples, event, mixing.sr), mixing)
    samples, pad = lowpass(shaped, band)
    extent = samples[pad : pad + len(shaped)]
    level = 10 ** (mixing.ref_db / 20) * 10 ** (event.snr / 20)
    gain = level / max(MEASURES[mixing.level](extent, mixing.sr), 1e-12)
    return Track(event, sound, round(event.onset * mixing.sr) - pad, np.float32(gain) * samples)


def _changed(samples: Float32Array, event: Event, sr: int) -> Float32Array:
    if event.pitch_shift:
        samples = vocoder.pitch_shift(samples, sr, event.pitch_shift)
    if event.time_stretch not in (None, 1.0):
        samples = vocoder.time_stretch(samples, event.time_stretch or 1.0)
    return samples


def fade(samples: Float32Array, mixing: Mixing) -> Float32Array:
    """The samples with a raised-cosine fade at either end, of at most half their length."""
    faded = samples.copy()
    if n := min(round(mixing.fade_in * mixing.sr), len(samples) // 2):
        faded[:n] *= _ramp(n)
    if n := min(round(mixing.fade_out * mixing.sr), len(samples) // 2):
        faded[-n:] *= _ramp(n)[::-1]
    return faded


def _ramp(n: int) -> Float32Array:
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n)).astype(np.float32)


def to_level(samples: Float32Array, mixing: Mixing) -> Float32Array:
    """The samples at the background's level; silence stays silence."""
    level = MEASURES[mixing.level](samples, mixing.sr)
    return samples * np.float32(10 ** (mixing.ref_db / 20) / max(level, 1e-12))
