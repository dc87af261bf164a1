"""Sounds of the ten URBAN-SED classes, synthesised: every call is a fresh draw of pitch, rate, timbre and envelope.

They are caricatures, yet share what makes the real classes hard: loud and faint parts within one event, pauses, decays
that sink into the background, and classes that resemble each other (horn and siren, hum and engine, drill and
hammer). A function takes the number of samples and a generator and returns float32 samples of any level.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.signal import sosfilt

from sedpool.audio.band import SR
from sedpool.runtime.arrays import Float32Array

Synthesiser = Callable[[int, np.random.Generator], Float32Array]


def air_conditioner(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise rushing air with a faint mains hum; swells up and away."""
    air = _band(_noise(n, rng), rng.uniform(80, 200), rng.uniform(600, 1800))
    hum = _harmonics(np.full(n, rng.uniform(48, 62), np.float32), _rolloff(6, rng.uniform(0.4, 0.8)))
    rattle = 1 + 0.4 * np.sin(_phase(np.full(n, rng.uniform(3, 9), np.float32)))
    return _pass_by_envelope(n, rng, faintest=-22) * (_unit(air) * rattle + rng.uniform(0.3, 1.0) * _unit(hum))


def car_horn(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise one or two honks of a two-tone chord."""
    low = rng.uniform(280, 520)
    strengths = _rolloff(10, rng.uniform(0.75, 0.95))
    chord = sum(_harmonics(np.full(n, pitch, np.float32), strengths) for pitch in (low, low * rng.uniform(1.18, 1.34)))
    honks = np.ones(n, np.float32)
    if n > 0.5 * SR and rng.random() < 0.5:
        gap = int(rng.uniform(0.35, 0.6) * n)
        honks[gap : gap + int(rng.uniform(0.06, 0.15) * SR)] = 0.01
    return np.asarray(chord, np.float32) * _smooth(honks, 0.01)


def children_playing(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise high voices: syllables with gliding pitch and moving formants, some near, some far."""
    samples = np.zeros(n, np.float32)
    for start in _hits(n, rng, gap=(0.12, 0.5)):
        length = min(int(rng.uniform(0.1, 0.35) * SR), n - start)
        glide = np.linspace(rng.uniform(260, 560), rng.uniform(260, 560), length, dtype=np.float32)
        voice = _harmonics(glide, _formants(glide.mean(), rng))
        samples[start : start + length] += _db(rng.uniform(-24, 0)) * _hump(length) * voice
    return samples + 0.01 * _band(_noise(n, rng), 300, 3000)


def dog_bark(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise barks of one dog with pauses between them."""
    samples = np.zeros(n, np.float32)
    pitch, rough = rng.uniform(280, 650), rng.uniform(0.2, 0.6)
    for start in _hits(n, rng, gap=(0.3, 0.9)):
        length = min(int(rng.uniform(0.12, 0.28) * SR), n - start)
        fall = np.linspace(1.25, 0.7, length, dtype=np.float32) * np.float32(pitch * rng.uniform(0.9, 1.1))
        bark = _unit(_harmonics(fall, _formants(pitch, rng))) + rough * _unit(_band(_noise(length, rng), 400, 3500))
        samples[start : start + length] += _db(rng.uniform(-12, 0)) * _hump(length) * bark
    return samples


def drilling(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise a whine whose pitch sags under load, with the hiss of what is drilled."""
    load = _wander(n, rng, seconds=0.7)
    pitch = np.float32(rng.uniform(350, 900)) * (1 - 0.25 * load)
    whine = _harmonics(pitch, _rolloff(9, rng.uniform(0.7, 0.9)))
    hiss = _band(_noise(n, rng), 1500, 9000) * load
    return _pass_by_envelope(n, rng, faintest=-24) * (_unit(whine) + rng.uniform(0.3, 0.9) * _unit(hiss))


def engine_idling(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise low firing pulses with some noise; revved now and then, faint otherwise."""
    revs = _wander(n, rng, seconds=1.5) ** 3
    rate = np.float32(rng.uniform(22, 42)) * (1 + 1.2 * revs)
    pulses = _harmonics(rate, _rolloff(14, rng.uniform(0.82, 0.93)))
    noise = _band(_noise(n, rng), 120, 900) * (1 + np.sin(_phase(rate)))
    return _db(-20 * (1 - revs)) * (_unit(pulses) + rng.uniform(0.3, 0.8) * _unit(noise))


def gun_shot(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise a crack and its echo dying away."""
    seconds = np.arange(n, dtype=np.float32) / SR
    crack = _noise(n, rng) * np.exp(-seconds / rng.uniform(0.015, 0.04))
    echo = _band(_noise(n, rng), 80, rng.uniform(900, 2500)) * np.exp(-seconds / rng.uniform(0.08, 0.25))
    return _unit(crack) + rng.uniform(0.3, 0.7) * _unit(echo)


def jackhammer(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise bouts of blows at a steady rate, each ringing shortly, with the engine between them."""
    rate = rng.uniform(11, 24)
    since_blow = (np.arange(n, dtype=np.float32) / SR * np.float32(rate)) % 1 / np.float32(rate)
    blows = _band(_noise(n, rng), rng.uniform(200, 500), rng.uniform(2500, 6000)) * np.exp(-since_blow / 0.012)
    effort = _wander(n, rng, seconds=0.8)
    bouts = _smooth((effort > 0.4 * effort.max()).astype(np.float32), 0.05)
    motor = _band(_noise(n, rng), 60, 300)
    return _unit(blows) * np.maximum(bouts, 0.04) + 0.08 * _unit(motor)


def siren(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise a tone that wails or yelps between two pitches while it comes near and goes away."""
    low, high = rng.uniform(420, 700), rng.uniform(1000, 1700)
    rate = rng.choice([0.35, 0.6, 2.8]) * rng.uniform(0.8, 1.2)
    sweep = 0.5 - 0.5 * np.cos(_phase(np.full(n, rate, np.float32)))
    pitch = np.float32(low) * np.power(np.float32(high / low), sweep, dtype=np.float32)
    tone = _harmonics(pitch, _rolloff(5, rng.uniform(0.3, 0.7)))
    return _pass_by_envelope(n, rng, faintest=-30) * tone


def street_music(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise a plucked melody on a pentatonic scale over a few long notes."""
    samples = np.zeros(n, np.float32)
    root, strengths = rng.uniform(160, 320), _rolloff(8, rng.uniform(0.4, 0.75))
    scale = root * 2 ** (np.array([0, 2, 4, 7, 9, 12, 14, 16]) / 12)
    for start in _hits(n, rng, gap=(0.16, 0.6)):
        length = min(int(rng.uniform(0.3, 1.2) * SR), n - start)
        decay = np.exp(-np.arange(length, dtype=np.float32) / SR / np.float32(rng.uniform(0.1, 0.35)))
        note = _harmonics(np.full(length, rng.choice(scale), np.float32), strengths)
        samples[start : start + length] += _db(rng.uniform(-18, 0)) * decay * note
    return samples


def coloured_noise(n: int, rng: np.random.Generator) -> Float32Array:
    """Synthesise noise whose colour lies between pink and brown and whose level drifts by a few dB."""
    white = _noise(n, rng)
    colour = _band(white, 20, rng.uniform(150, 600)) * rng.uniform(1.5, 6.0) + _band(white, 100, 4000) + 0.1 * white
    return np.asarray(colour * _db(4 * _wander(n, rng, seconds=2.0)), np.float32)


SYNTHESISERS: dict[str, Synthesiser] = {
    synthesiser.__name__: synthesiser
    for synthesiser in (
        air_conditioner,
        car_horn,
        children_playing,
        dog_bark,
        drilling,
        engine_idling,
        gun_shot,
        jackhammer,
        siren,
        street_music,
    )
}


def _noise(n: int, rng: np.random.Generator) -> Float32Array:
    # Uniform rather than normal: as white, and drawn several times faster.
    return (rng.random(n, dtype=np.float32) - np.float32(0.5)) * np.float32(12**0.5)


def _band(samples: Float32Array, low: float, high: float) -> Float32Array:
    """Apply a first-order Butterworth band-pass, in closed form: scipy's design takes longer than the filtering."""
    lower, upper = np.tan(np.pi * low / SR), np.tan(np.pi * high / SR)
    width, centre = upper - lower, upper * lower
    section = np.array([[width, 0, -width, 1 + width + centre, 2 * (centre - 1), 1 - width + centre]])
    return np.asarray(sosfilt((section / section[0, 3]).astype(np.float32), samples), np.float32)


def _phase(frequency: Float32Array) -> Float32Array:
    # In double precision, then wrapped: a float32 phase would lose its accuracy within seconds.
    turns = np.cumsum(frequency, dtype=np.float64) / SR
    return ((turns - np.floor(turns)) * 2 * np.pi).astype(np.float32)


def _harmonics(frequency: Float32Array, strengths: Sequence[float]) -> Float32Array:
    """Sum the harmonics 1, 2, ... of a pitch track in Hz, without those that might alias."""
    phase = _phase(frequency)
    highest = max(1, int(SR / 2 / float(frequency.max())))
    # sin(kx) = 2 cos(x) sin((k-1)x) - sin((k-2)x): two multiplications instead of a sine for every harmonic.
    previous, current, twice_cosine = np.zeros_like(phase), np.sin(phase), 2 * np.cos(phase)
    total = np.float32(strengths[0]) * current
    for strength in strengths[1:highest]:
        previous, current = current, twice_cosine * current - previous
        total += np.float32(strength) * current
    return total


def _rolloff(count: int, ratio: float) -> list[float]:
    return [ratio**k for k in range(count)]


def _formants(pitch: float, rng: np.random.Generator) -> list[float]:
    centres = np.array([rng.uniform(500, 1000), rng.uniform(1200, 2600), rng.uniform(2800, 3800)])
    frequencies = pitch * np.arange(1, 13)
    return list(0.03 + np.exp(-(((frequencies[:, None] - centres) / 250) ** 2)).sum(axis=1))


def _hits(n: int, rng: np.random.Generator, gap: tuple[float, float]) -> list[int]:
    """Draw starts of sounds within n samples: the first at once, the others after gaps of `gap` seconds."""
    starts = np.cumsum(rng.uniform(*gap, size=1 + int(n / SR / gap[0])) * SR)
    return [0, *(int(start) for start in starts if start < n - 0.05 * SR)]


def _hump(n: int) -> Float32Array:
    """Return an envelope that rises fast and falls slowly."""
    x = np.linspace(0, 1, n, dtype=np.float32)
    return np.asarray(np.minimum(x / 0.1, 1) * (1 - x), np.float32)


def _pass_by_envelope(n: int, rng: np.random.Generator, faintest: float) -> Float32Array:
    """Return the gain of something that comes near and goes away: from `faintest` dB up to 0 dB and down again."""
    x = np.linspace(0, 1, n, dtype=np.float32)
    peak = np.float32(rng.uniform(0.2, 0.8))
    nearness = np.minimum(x / peak, (1 - x) / (1 - peak))
    return _db(np.float32(faintest) * (1 - np.sin(nearness * np.float32(np.pi / 2))))


def _wander(n: int, rng: np.random.Generator, seconds: float) -> Float32Array:
    """Draw a smooth random trajectory between 0 and 1, a new value every `seconds`."""
    knots = rng.random(2 + int(np.ceil(n / SR / seconds)), dtype=np.float32)
    position = np.arange(n, dtype=np.float32) / np.float32(SR * seconds)
    return np.asarray(np.interp(position, np.arange(len(knots)), knots).astype(np.float32), np.float32)


def _smooth(envelope: Float32Array, seconds: float) -> Float32Array:
    """Average an envelope over a moving window, so that it does not click."""
    width = int(seconds * SR)
    total = np.cumsum(np.pad(envelope, (width, 0), mode="edge"), dtype=np.float64)
    return ((total[width:] - total[:-width]) / width).astype(np.float32)


def _unit(samples: Float32Array) -> Float32Array:
    level = max(float(np.sqrt(np.mean(np.square(samples)))), 1e-9)
    return samples / np.float32(level)


def _db(level: float | Float32Array) -> Float32Array:
    return np.asarray(np.power(np.float32(10), np.asarray(level, np.float32) / 20), np.float32)
