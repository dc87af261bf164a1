import numpy as np
import pytest

from sedpool.datasets.soundscapes import mixer
from sedpool.datasets.soundscapes.band import SR, rms
from sedpool.datasets.soundscapes.mixer import Sound
from sedpool.datasets.soundscapes.specs import EventSpec, Recipe, generator

RECIPE = Recipe((1, 1), (0.0, 60.0), (0.1, 2.0), duration=3.0)


class NoiseSources:
    """White events of half the length asked for, over white noise that is said to end at `band`."""

    classes = ("noise",)
    skipped = ()

    def __init__(self, band: float = SR / 2) -> None:
        self.band = band

    def event(self, label: str, duration: float, split: str, rng: np.random.Generator) -> Sound:
        return Sound(rng.standard_normal(round(duration / 2 * SR), dtype=np.float32), "e.wav", 0.0, label)

    def background(self, duration: float, split: str, rng: np.random.Generator) -> Sound:
        samples = rng.standard_normal(round(duration * SR), dtype=np.float32)
        return Sound(samples, "b.wav", 0.0, "bed", self.band)


def render(specs: list[EventSpec], band: float = SR / 2) -> mixer.Soundscape:
    return mixer.mix(specs, RECIPE, NoiseSources(band), "train", generator(0, "train", 0))


@pytest.mark.parametrize("snr", [0.0, 6.0, 30.0])
@pytest.mark.parametrize("band", [SR / 2, 6000.0])
def test_an_event_has_the_ratio_that_is_stated(snr: float, band: float) -> None:
    spec = EventSpec("noise", 1.0, 1.0, snr)
    with_event, without = render([spec], band), render([])
    (rendered, _), *_ = with_event.events
    start, stop = (round(t * SR) for t in (rendered.onset, rendered.onset + rendered.duration))
    # Both use one generator: before the event is drawn they are the same, apart from dither.
    event = (with_event.samples - without.samples)[start:stop]
    assert 20 * np.log10(rms(event) / rms(without.samples)) == pytest.approx(snr, abs=0.1)
    assert rendered.duration == 0.5
    assert 20 * np.log10(rms(without.samples)) == pytest.approx(mixer.BACKGROUND_DB, abs=0.01)


def test_nothing_sounds_beside_an_event() -> None:
    with_event, without = render([EventSpec("noise", 1.0, 1.0, 30.0)]), render([])
    difference = np.abs(with_event.samples - without.samples)
    assert difference[: SR - 1].max() < 3 / 32768
    assert difference[round(1.51 * SR) :].max() < 3 / 32768


@pytest.mark.parametrize("onset", [0.0, 2.0])
def test_an_event_may_touch_the_ends(onset: float) -> None:
    assert len(render([EventSpec("noise", onset, 2.0, 20.0)], band=5000.0).samples) == 3 * SR


def test_a_loud_mix_is_scaled_as_a_whole() -> None:
    soundscape = render([EventSpec("noise", 1.0, 1.0, 60.0)])
    assert np.abs(soundscape.samples).max() <= mixer.PEAK + 2 / 32768
    assert soundscape.gain < 1
    quiet = 20 * np.log10(rms(soundscape.samples[: SR // 2] / soundscape.gain))
    assert quiet == pytest.approx(mixer.BACKGROUND_DB, abs=1.5)


def test_fades_start_and_end_at_silence_and_keep_the_middle() -> None:
    samples = np.ones(SR, np.float32)
    faded = mixer.fade(samples)
    assert faded[0] == faded[-1] == 0
    assert (faded[round(0.011 * SR) : -round(0.011 * SR)] == 1).all()
    assert (np.diff(faded[: round(0.01 * SR)]) > 0).all()
    assert len(mixer.fade(np.ones(3, np.float32))) == 3
    assert (samples == 1).all()
