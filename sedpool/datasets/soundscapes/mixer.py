"""How events and a background become one recording.

The signal-to-noise ratio of an event is the RMS level of the event over its whole extent, pauses included, after
fading and band limiting, relative to the RMS level of the background over the whole soundscape, in dB.

Above the highest frequency that its background holds a soundscape holds nothing but a faint noise of constant level:
events are low-passed there. Otherwise events cut from recordings of a wider band than the background's would be
marked by their treble alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import scipy.fft

from sedpool.datasets.soundscapes.specs import EventSpec, Recipe

SR = 44100
BACKGROUND_DB = -50.0
"""RMS level of the background in dB of full scale: leaves room for events 30 dB above it."""
FLOOR_DB = -40.0
"""RMS level of the noise floor in dB relative to the background's."""
FADE = 0.010
"""Length in seconds of the raised-cosine fade at either end of an event."""
PEAK = 0.95
SNR_DEFINITION = "RMS of the event over its extent, after fades and band limit, over RMS of the whole background, dB"

_TRANSITION = 800.0  # Hz below the band's edge in which the low-pass falls; short enough to keep the band
_PAD = 2048  # samples beside an event in which its low-pass rings out

FloatArray = npt.NDArray[np.float32]


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
        The mix at 44.1 kHz, within ±0.95.
    background : Sound
        What lies under the events.
    events : tuple of (EventSpec, Sound)
        What was mixed in: the spec's times are those of the audio as it was available.
    """

    samples: FloatArray
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
    mixed += noise_floor(len(mixed), level, rng)
    rendered = []
    for spec in specs:
        sound = sources.event(spec.label, spec.duration, split, rng)
        add_event(mixed, sound.samples, spec, level, background.band)
        length = min(spec.duration, len(sound.samples) / SR)
        rendered.append((EventSpec(spec.label, spec.onset, length, spec.snr), sound))
    return Soundscape(limit_peak(mixed), background, tuple(rendered))


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


def lowpass(samples: FloatArray, band: float) -> tuple[FloatArray, int]:
    """Cut everything above `band` Hz, without shifting what is below.

    Returns
    -------
    filtered : ndarray of float32
        The samples, with the filter's ringing before and after them.
    pad : int
        How many samples of ringing there are on either side; none where the whole band is kept.
    """
    if band >= SR / 2:
        return samples, 0
    n = scipy.fft.next_fast_len(len(samples) + 2 * _PAD, real=True)
    spectrum = scipy.fft.rfft(np.pad(samples, (_PAD, n - len(samples) - _PAD)))
    distance = np.clip((band - scipy.fft.rfftfreq(n, 1 / SR)) / _TRANSITION, 0.0, 1.0)
    spectrum *= (0.5 - 0.5 * np.cos(np.pi * distance)).astype(np.float32)
    filtered: FloatArray = scipy.fft.irfft(spectrum, n)[: len(samples) + 2 * _PAD]
    return filtered, _PAD


def noise_floor(n: int, background_level: float, rng: np.random.Generator) -> FloatArray:
    """White noise at a fixed level below the background, so that no band is ever empty."""
    level = np.float32(background_level * 10 ** (FLOOR_DB / 20))
    return level * rng.standard_normal(n, dtype=np.float32)


def rms(samples: FloatArray) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(samples), dtype=np.float64)))


def to_level(samples: FloatArray, level: float) -> FloatArray:
    """The samples scaled to an RMS of `level`; silence stays silence."""
    return samples * np.float32(level / max(rms(samples), 1e-12))


def limit_peak(samples: FloatArray) -> FloatArray:
    """The samples, scaled down as a whole if their peak would clip."""
    peak = float(np.abs(samples).max())
    return samples if peak <= PEAK else samples * np.float32(PEAK / peak)
