import numpy as np
import pytest

from sedpool.audio.band import SR
from sedpool.audio.loudness import MEASURES, rms
from sedpool.soundscapes import mixing
from sedpool.soundscapes.mixing import Mixing, Sound
from sedpool.soundscapes.sampling import Event


def noise(seconds: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(seconds * SR), dtype=np.float32)


def render(events: list[Event], band: float = SR / 2, level: str = "lufs") -> mixing.Soundscape:
    """White events of half the length asked for, over white noise that is said to end at `band`."""
    background = Sound(noise(3.0, 0), "b.wav", 0.0, "bed", band)
    sounds = [Sound(noise(event.duration / 2, 1 + n), "e.wav", 0.0, event.label) for n, event in enumerate(events)]
    return mixing.mix(background, list(zip(events, sounds, strict=True)), Mixing(level))


def dbs(ratio: float) -> float:
    return 20 * np.log10(ratio)


@pytest.mark.parametrize("level", ["lufs", "rms"])
@pytest.mark.parametrize("snr", [-20.0, 0.0, 6.0, 30.0])
@pytest.mark.parametrize("band", [SR / 2, 6000.0])
def test_an_event_has_the_ratio_that_is_stated(snr: float, band: float, level: str) -> None:
    with_event, without = render([Event("noise", 1.0, 1.0, snr)], band, level), render([], band, level)
    (track,) = with_event.tracks
    start, stop = round(track.event.onset * SR), round(track.event.offset * SR)
    event = (with_event.samples - without.samples)[start:stop]
    measure = MEASURES[level]
    assert dbs(measure(event, SR) / measure(without.samples, SR)) == pytest.approx(snr, abs=0.1)
    assert track.event.duration == 0.5
    assert dbs(measure(without.samples, SR)) == pytest.approx(mixing.BACKGROUND_DB, abs=0.01)


def test_a_changed_event_is_as_long_as_its_stretch_makes_it_and_as_loud_as_stated() -> None:
    event = Event("noise", 0.5, 1.0, 20.0, pitch_shift=3.0, time_stretch=1.5)
    (track,) = render([event]).tracks
    assert track.event.extent == pytest.approx(0.75)
    assert len(track.samples) == round(0.75 * SR)
    assert dbs(MEASURES["lufs"](track.samples, SR)) == pytest.approx(mixing.BACKGROUND_DB + 20, abs=0.1)


def test_isolated_events_add_up_to_the_mix() -> None:
    soundscape = render([Event("noise", 1.0, 1.0, 60.0), Event("hiss", 1.2, 2.0, 20.0)], band=8000.0)
    parts = soundscape.isolated()
    assert [name for name, _ in parts] == ["background0_bed", "foreground0_noise", "foreground1_hiss"]
    np.testing.assert_allclose(sum(samples for _, samples in parts), soundscape.samples, atol=1e-6)
    assert soundscape.gain < 1


def test_nothing_sounds_beside_an_event() -> None:
    with_event, without = render([Event("noise", 1.0, 1.0, 30.0)]), render([])
    difference = np.abs(with_event.samples - without.samples)
    assert difference[: SR - 1].max() == 0
    assert difference[round(1.51 * SR) :].max() == 0


@pytest.mark.parametrize("onset", [0.0, 2.0])
def test_an_event_may_touch_the_ends(onset: float) -> None:
    assert len(render([Event("noise", onset, 2.0, 20.0)], band=5000.0).samples) == 3 * SR


def test_a_loud_mix_is_scaled_as_a_whole() -> None:
    soundscape = render([Event("noise", 1.0, 1.0, 60.0)], level="rms")
    assert np.abs(soundscape.samples).max() <= mixing.PEAK + 1e-6
    assert soundscape.gain < 1
    quiet = 20 * np.log10(rms(soundscape.samples[: SR // 2] / soundscape.gain))
    assert quiet == pytest.approx(mixing.BACKGROUND_DB, abs=1.5)


def test_fades_start_and_end_at_silence_and_keep_the_middle() -> None:
    samples = np.ones(SR, np.float32)
    faded = mixing.fade(samples, Mixing())
    assert faded[0] == faded[-1] == 0
    assert (faded[round(0.011 * SR) : -round(0.011 * SR)] == 1).all()
    assert (np.diff(faded[: round(0.01 * SR)]) > 0).all()
    assert len(mixing.fade(np.ones(3, np.float32), Mixing())) == 3
    assert (samples == 1).all()
