import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.features.bands import band_edges, band_filters


@pytest.mark.parametrize(
    ("sr", "n_fft", "n_bands", "fmin", "fmax"),
    [(44100, 2048, 128, 0.0, 22050.0), (22050, 2048, 128, 0.0, 11025.0), (16000, 512, 40, 50.0, 7800.0)],
)
def test_mel_bands_are_librosas_to_the_bit(sr: int, n_fft: int, n_bands: int, fmin: float, fmax: float) -> None:
    expected = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_bands, fmin=fmin, fmax=fmax)
    assert np.array_equal(band_filters(sr, n_fft, n_bands, fmin, fmax, "mel"), expected)


def test_bands_are_evenly_spaced_on_their_scale() -> None:
    assert band_edges(8, 200.0, 9200.0, "linear") == pytest.approx(np.arange(200, 9201, 1000))
    assert band_edges(4, 100.0, 3200.0, "log") == pytest.approx(100 * 2.0 ** np.arange(6))
    assert np.diff(librosa.hz_to_mel(band_edges(8, 50.0, 8000.0, "mel"))).std() < 1e-9


@given(
    st.sampled_from(["mel", "linear", "log"]),
    st.integers(1, 60),
    st.floats(20, 2000),
    st.floats(4000, 22050),
)
def test_a_filter_has_unit_area_where_it_covers_many_bins_and_none_outside_its_edges(
    scale: str, n_bands: int, fmin: float, fmax: float
) -> None:
    edges = band_edges(n_bands, fmin, fmax, scale)
    assert edges[[0, -1]] == pytest.approx([fmin, fmax])
    filters = band_filters(44100, 8192, n_bands, fmin, fmax, scale)
    bins = np.fft.rfftfreq(8192, 1 / 44100)
    for row, lower, upper in zip(filters, edges, edges[2:], strict=False):
        assert not row[(bins < lower) | (bins > upper)].any()
        if upper - lower > 20 * bins[1]:
            assert row.sum() * bins[1] == pytest.approx(1, abs=0.03)
