"""Recordings of other animals than people: bands in the range and at the rate that these ask for."""

import numpy as np
import pytest

from sedpool.features import PCEN, LogMel
from sedpool.features.bands import band_edges
from sedpool.features.spectrum import BandSpectrogram

BATS = {"sr": 256000, "n_fft": 1024, "hop_length": 512, "n_mels": 64, "fmin": 15000.0, "fmax": 120000.0}
BIRDS = {"sr": 44100, "n_fft": 1024, "hop_length": 256, "n_mels": 48, "fmin": 500.0, "fmax": 12000.0}


def sweep(sr: int, first: float, last: float, seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * sr)) / sr
    return np.sin(2 * np.pi * (first * time + (last - first) * time**2 / (2 * seconds))).astype(np.float32)


@pytest.mark.parametrize(
    ("extractor", "first", "last", "seconds"),
    [
        (LogMel(**BATS, scale="linear", reference="fixed"), 100000.0, 20000.0, 0.5),
        (LogMel(**BATS, scale="linear"), 100000.0, 20000.0, 0.5),
        (PCEN(**BATS, scale="linear", time_constant=0.06), 100000.0, 20000.0, 0.5),
        (LogMel(**BIRDS, reference="fixed"), 1000.0, 10000.0, 2.0),
        (LogMel(**BIRDS, scale="log", reference="fixed"), 1000.0, 10000.0, 2.0),
    ],
)
def test_a_sweep_shows_in_the_bands_of_its_frequency(
    extractor: BandSpectrogram, first: float, last: float, seconds: float
) -> None:
    features = extractor(sweep(extractor.sr, first, last, seconds))
    assert extractor.frame_rate == pytest.approx(500 if extractor.sr == 256000 else 172.3, rel=1e-3)
    assert len(features) == extractor.n_frames(seconds)
    edges = band_edges(extractor.n_mels, extractor.fmin, extractor.highest, extractor.scale)
    frames = np.arange(4, len(features) - 4)
    loudest = features[frames].argmax(axis=1)
    # A bin; with PCEN a band, since one that the sweep has just reached stands out from one that it has nearly left.
    reach = np.diff(edges).max() if isinstance(extractor, PCEN) else extractor.sr / extractor.n_fft
    frequency = first + (last - first) * frames / extractor.frame_rate / seconds
    assert (edges[loudest] - reach <= frequency).all()
    assert (frequency <= edges[loudest + 2] + reach).all()


def test_sound_outside_the_range_does_not_show() -> None:
    extractor = LogMel(**BATS, scale="linear", reference="fixed")
    audible, call = sweep(256000, 200.0, 12000.0, 0.1), sweep(256000, 60000.0, 40000.0, 0.1)
    assert extractor(audible)[2:-2].max() < -80  # the ends of the sweep are clicks
    assert extractor(call).max() > -20
    assert extractor(0.1 * call + audible).max() == pytest.approx(extractor(0.1 * call).max(), abs=0.1)
