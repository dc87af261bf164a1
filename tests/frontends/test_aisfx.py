import os
from pathlib import Path

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.errors import ConfigError, StorageError
from sedpool.frontends import Aisfx
from sedpool.frontends.aisfx_grid import STRIDES, context, lead
from sedpool.frontends.aisfx_weights import read_weights, weights_file
from tests.frontends.embedding_net import embedding_net, spectrograms

RNG = np.random.default_rng(0)
RECORDED = Path(__file__).parent / "fixtures" / "embedding_net.npz"
CLOSE = 1e-4


def noise(n_frames: int) -> np.ndarray:
    """So many spectrogram frames of noise, with steps of level."""
    levels = RNG.uniform(0.001, 0.3, n_frames).astype(np.float32).repeat(1024)
    return RNG.normal(0, 1, n_frames * 1024).astype(np.float32) * levels


def random_weights() -> dict[str, np.ndarray]:
    """Weights as large as those of a network at the start of its training."""
    weights, before = {}, 1
    for block, filters in ((1, 64), (2, 128), (3, 256), (4, 512)):
        for index in (1, 2):
            kernel = RNG.normal(0, (2 / (9 * before)) ** 0.5, (3, 3, before, filters))
            weights[f"block{block}_{index}_kernel"] = kernel.astype(np.float32)
            weights[f"block{block}_{index}_bias"] = RNG.normal(0, 0.05, filters).astype(np.float32)
            before = filters
    return weights


@pytest.mark.usefixtures("front_ends")
def test_embeddings_are_those_of_the_package_itself() -> None:
    with np.load(RECORDED) as recorded:
        frames, clip = recorded["frames"], recorded["clip"]
    for row, spectrogram in enumerate(spectrograms()):
        ours = Aisfx(186).embed(spectrogram)
        assert np.abs(ours - frames[row]).max() < CLOSE
        assert np.abs(ours.max(axis=0) - clip[row]).max() < CLOSE


def test_the_record_is_what_the_package_computes() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed here")
    if not (wheel := os.environ.get("SEDPOOL_TEST_AISFX")):
        pytest.skip("set SEDPOOL_TEST_AISFX to the wheel of aisfx to run this")
    with np.load(RECORDED) as recorded:
        for name, values in embedding_net(wheel, spectrograms()).items():
            assert np.abs(values - recorded[name]).max() < CLOSE


@pytest.mark.parametrize("layer", ["embedding", "block3"])
@pytest.mark.parametrize("stride", [4, 2, 1])
def test_finer_frames_are_the_original_at_every_phase(stride: int, layer: str) -> None:
    from sedpool.frontends.aisfx_network import build_network
    from sedpool.runtime.backend import compiled

    weights, spectrogram = random_weights(), RNG.random((1, 203, 96), dtype=np.float32)
    original = compiled(build_network(weights, 8, layer))
    fine = compiled(build_network(weights, stride, layer))(spectrogram)["features"][0]
    assert len(fine) == 203 // stride
    assert fine.std() > 0.05
    edge, phases = context(8, layer), range((-lead(stride)) % stride, 8, stride)
    assert len(phases) == 8 // stride
    for phase in phases:
        moved = original(spectrogram[:, phase:])["features"][0]
        same = fine[(phase + lead(stride)) // stride :: 8 // stride]
        n_frames = min(len(moved), len(same))
        inner = slice(edge, n_frames - edge)
        assert n_frames > 2 * edge + 10
        assert np.abs(same[inner] - moved[inner]).max() < CLOSE


def test_the_network_draws_nothing_and_keeps_its_precision() -> None:
    import keras

    from sedpool.frontends.aisfx_network import build_network

    def drawn(first: bool) -> np.ndarray:
        keras.utils.clear_session()
        keras.utils.set_random_seed(0)
        if first:
            network = build_network(random_weights(), 8)
            assert {layer.compute_dtype for layer in network.layers} == {"float32"}
        return keras.ops.convert_to_numpy(keras.initializers.HeNormal()((3, 3)))

    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert (drawn(True) == drawn(False)).all()
    finally:
        keras.config.set_dtype_policy("float32")


def test_the_spectrogram_is_the_packages_own() -> None:
    samples = noise(300)
    power = librosa.feature.melspectrogram(
        y=samples, sr=44100, n_fft=2048, hop_length=1024, n_mels=96, htk=True, norm=1.0, power=2.0, pad_mode="reflect"
    )
    expected = np.log10(1 + 1e4 * power.T[:300]) / 9.457798957824707
    assert np.abs(Aisfx().spectrogram(samples) - expected).max() < 1e-5


def test_gain_changes_the_level_of_all_and_the_peak_that_of_each_stretch() -> None:
    samples = noise(430 * 2 + 100)
    plain = Aisfx().spectrogram(samples)
    assert np.allclose(Aisfx(gain=20).spectrogram(samples), Aisfx().spectrogram(10 * samples), atol=1e-6)
    leveled = Aisfx(peak_window=10).spectrogram(samples)
    length = round(10 * 44100 / 1024)
    for part in (slice(0, length), slice(length, 2 * length)):
        peak = np.abs(samples[part.start * 1024 : part.stop * 1024]).max()
        whole = Aisfx().spectrogram(samples / peak)
        assert np.allclose(leveled[part], whole[part], atol=1e-6)
    tail = np.abs(samples[-length * 1024 :]).max()
    assert np.allclose(leveled[2 * length :], Aisfx().spectrogram(samples / tail)[2 * length :], atol=1e-6)
    assert np.allclose(Aisfx(peak_window=10).spectrogram(samples * 0.01), leveled, atol=1e-5)
    assert not np.allclose(leveled, plain, atol=0.01)
    assert (Aisfx(peak_window=10).spectrogram(np.zeros(44100, np.float32)) == 0).all()


@pytest.mark.usefixtures("front_ends")
@pytest.mark.parametrize("layer", ["embedding", "block3"])
@pytest.mark.parametrize("period", STRIDES)
def test_context_is_how_far_an_end_is_seen(period: int, layer: str) -> None:
    extractor = Aisfx(period, layer=layer)
    samples, first, last = noise(320), 80, 240
    whole = extractor(samples)[first // extractor.stride : last // extractor.stride]
    part = extractor(samples[first * 1024 : last * 1024])
    differs = np.flatnonzero(np.abs(part - whole).max(axis=1) > 1e-3)
    reached = np.minimum(differs + 1, len(part) - differs).max()
    assert extractor.context - 1 <= reached <= extractor.context
    assert extractor.is_local
    assert not Aisfx(period, peak_window=10, layer=layer).is_local


@pytest.mark.usefixtures("front_ends")
@pytest.mark.parametrize("period", STRIDES)
@pytest.mark.parametrize("n_samples", [0, 1, 1023, 5000, 8192, 44100])
def test_short_recordings_have_the_frames_that_are_promised(period: int, n_samples: int) -> None:
    extractor = Aisfx(period)
    features = extractor(RNG.normal(0, 0.1, n_samples).astype(np.float32))
    assert features.shape == (extractor.n_frames(n_samples / 44100), 512)
    assert features.dtype == np.float32
    assert features.min() >= 0


@pytest.mark.usefixtures("front_ends")
@pytest.mark.parametrize("period", STRIDES)
def test_a_long_recording_is_worked_on_in_pieces_without_a_difference(period: int) -> None:
    from sedpool.frontends.aisfx_network import build_network
    from sedpool.runtime.backend import compiled

    spectrogram = RNG.random((2500 if period > 23 else 1300, 96), dtype=np.float32)
    whole = compiled(build_network(read_weights(), STRIDES[period]))(spectrogram[None])["features"][0]
    pieces = Aisfx(period).embed(spectrogram)
    assert pieces.shape == whole.shape
    assert np.abs(pieces - whole).max() < CLOSE


@given(st.floats(0.0, 100.0), st.sampled_from(sorted(STRIDES)))
def test_the_number_of_frames_follows_from_the_rate(duration: float, period: int) -> None:
    extractor = Aisfx(period)
    assert extractor.n_frames(duration) == pytest.approx(max(1.0, duration * extractor.frame_rate), abs=1.01)
    assert 1000 / extractor.frame_rate == pytest.approx(period, rel=0.01)


def test_every_setting_names_the_store() -> None:
    assert {"kind", "format", "resampler", "weights", *Aisfx.__dataclass_fields__} == Aisfx().parameters.keys()


@pytest.mark.parametrize(
    "setting", [{"frame_period": 100}, {"gain": float("nan")}, {"peak_window": 0.0}, {"layer": "block9"}]
)
def test_impossible_settings_are_refused(setting: dict) -> None:
    with pytest.raises(ConfigError, match=f"features.{next(iter(setting))}"):
        Aisfx(**setting)


def test_absent_weights_are_one_line_that_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEDPOOL_DATA", str(tmp_path))
    for use in (lambda: Aisfx().front_end, lambda: Aisfx()(noise(50))):
        with pytest.raises(ConfigError, match=r"aisfx\.npz: no weights .*: sedpool models get aisfx$"):
            use()


@pytest.mark.usefixtures("front_ends")
def test_damaged_weights_are_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(weights_file().read_bytes())
    monkeypatch.setenv("SEDPOOL_DATA", str(tmp_path))
    weights_file().parent.mkdir()
    for spoiled in (content[: len(content) // 2], b"", content[:-9_000_000] + b"\1" + content[-8_999_999:]):
        weights_file().write_bytes(spoiled)
        with pytest.raises(StorageError, match="damaged; get it again"):
            Aisfx()(noise(50))
