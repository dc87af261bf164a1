"""Exported files compute what the detector does, and say how to use them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import soundfile
from hydra.utils import instantiate

import sedpool as sp
from sedpool import audio, pooling
from sedpool.errors import ConfigError, ExportError
from sedpool.inference.decode import Decoder
from sedpool.inference.export.builtin_network import builtin_network, float32_network
from sedpool.inference.export.parity import check_signal
from sedpool.inference.export.runtimes import RUNTIMES
from sedpool.inference.trained_detector import TrainedDetector, TrainingResult
from sedpool.runtime.backend import precision
from sedpool.settings.compose import compose, config_folder

pytest.importorskip("tf2onnx", reason="needs the extra export: pip install 'sedpool[export]'")
pytest.importorskip("onnxruntime", reason="needs the extra export: pip install 'sedpool[export]'")
pytest.importorskip("ai_edge_litert", reason="needs the extra export: pip install 'sedpool[export]'")

CLASSES = ("dog", "siren")
SMALL = sp.LogMel(sr=16000, n_fft=512, hop_length=256, n_mels=32)
POOLINGS = sorted(path.stem for path in (config_folder() / "pooling").glob("*.yaml"))
TARGETS = list(RUNTIMES)


def trained(
    operator: keras.layers.Layer | None = None,
    backbone: keras.Model | None = None,
    extractor: Any = SMALL,
    supervision: Any = "weak",
) -> TrainedDetector:
    """A detector whose statistics are those of sound, and whose learned numbers are not those of the start."""
    keras.utils.set_random_seed(0)
    backbone = backbone or sp.compact_cnn(n_mels=32, filters=(4, 6, 8), head_filters=8)
    detector = sp.build_detector(backbone, operator or sp.cap(), classes=CLASSES, supervision=supervision)
    signal = check_signal(extractor.sr)
    for start in range(4):
        detector.network(extractor(signal[start * len(signal) // 4 :][: len(signal) // 4])[None], training=True)
    for name in ("alpha", "exponent"):
        if (learned := getattr(detector.pooling, name, None)) is not None:
            learned.assign(learned * 1.5 + np.linspace(0.1, 0.3, len(CLASSES)))
    return TrainedDetector(detector, TrainingResult(None, None, 1), extractor, Path("unused"))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def detector() -> TrainedDetector:
    return trained()


def scores(detector: TrainedDetector, samples: np.ndarray) -> dict[str, np.ndarray]:
    """What Keras makes of a batch of recordings, as an oracle."""
    features = np.stack([detector.extractor(recording) for recording in samples])
    output = detector.detector.network(features)
    return {name: keras.ops.convert_to_numpy(output[name]) for name in ("frames", "clip")}


def described(path: Path) -> Any:
    return json.loads(path.with_name(f"{path.name}.json").read_text())


@pytest.mark.parametrize("to", TARGETS)
def test_a_file_scores_audio_of_any_length_as_the_detector_does(
    to: Any, detector: TrainedDetector, tmp_path: Path
) -> None:
    path = tmp_path / f"dogs{RUNTIMES[to].suffix}"
    parity = sp.export(detector, path, to=to)
    assert sorted(item.name for item in tmp_path.iterdir()) == [path.name, f"{path.name}.json"]
    assert parity["samples"].tolist()[0] == described(path)["input"]["minimum"]
    assert parity["samples"].is_monotonic_increasing
    run = RUNTIMES[to].load(path)
    two = check_signal(16000)[:100_001].reshape(1, -1) * np.array([[1.0], [0.01]], dtype=np.float32)
    for batch in (two, two[:, :5001], np.zeros((2, 8000), dtype=np.float32)):
        expected, found = scores(detector, batch), run(batch)
        for name in ("frames", "clip"):
            assert found[name].shape == expected[name].shape
            assert found[name] == pytest.approx(expected[name], abs=2e-5)


@pytest.mark.parametrize("to", ["onnx", "keras"])
def test_a_file_may_take_features(to: Any, tmp_path: Path) -> None:
    detector, path = trained(pooling.LogSumExp()), tmp_path / f"dogs{RUNTIMES[to].suffix}"
    sp.export(detector, path, to=to, features="outside")
    about = described(path)
    assert about["features"]["computed"] == "outside"
    assert about["input"] == {
        "name": "features",
        "shape": ["batch", "frames", 32],
        "minimum": 16,
        "silence": -80.0,
        "dtype": "float32",
    }
    samples = check_signal(16000)[None, :50_000]
    found = RUNTIMES[to].load(path)(SMALL(samples[0])[None])
    assert found["frames"] == pytest.approx(scores(detector, samples)["frames"], abs=2e-5)


def test_levels_of_a_fixed_reference_are_those_of_the_features(tmp_path: Path) -> None:
    detector = trained(extractor=replace(SMALL, reference="fixed", fmin=50.0, scale="log", n_fft=1024))
    for to in ("onnx", "keras"):
        path = tmp_path / f"dogs{RUNTIMES[to].suffix}"
        sp.export(detector, path, to=to)  # type: ignore[arg-type]
        samples = check_signal(16000)[None, :50_000]
        assert RUNTIMES[to].load(path)(samples)["frames"] == pytest.approx(
            scores(detector, samples)["frames"], abs=1e-4
        )


def test_a_description_is_enough_to_use_a_file(detector: TrainedDetector, tmp_path: Path) -> None:
    decoder = Decoder(threshold={"dog": 0.3, "siren": 0.6}, median_filter=0.5)
    sp.export(replace(detector, decoder=decoder), tmp_path / "dogs.onnx")
    about = described(tmp_path / "dogs.onnx")
    assert about["classes"] == ["dog", "siren"]
    assert about["sampling_rate"] == 16000
    assert about["seconds_per_output_frame"] == pytest.approx(16 * 256 / 16000)
    assert about["seconds_of_a_training_window"] == pytest.approx(430 * 256 / 16000)
    assert about["decoding"]["threshold"] == {"dog": 0.3, "siren": 0.6}
    assert about["decoding"]["median_filter"] == {"dog": 0.5, "siren": 0.5}
    assert about["decoding"]["low_threshold"] is None
    import onnxruntime

    session = onnxruntime.InferenceSession(tmp_path / "dogs.onnx")
    (given,) = session.get_inputs()
    assert (given.name, given.shape) == (about["input"]["name"], about["input"]["shape"])
    assert {o.name: o.shape for o in session.get_outputs()} == {
        value["name"]: value["shape"] for value in about["outputs"].values()
    }
    assert len(about["parity"]["rows"]) == 3


def test_a_network_of_bfloat16_is_exported_in_float32(tmp_path: Path) -> None:
    with precision("mixed_bfloat16"):
        detector = trained()
    assert sp.export(detector, tmp_path / "dogs.onnx")[["frames", "clip"]].to_numpy().max() < 1e-5
    assert float32_network(detector.detector.network).get_layer("backbone").get_layer("head").compute_dtype == "float32"


@pytest.mark.slow
def test_a_recurrent_network_is_a_tflite_file_of_one_recording_at_a_time(tmp_path: Path) -> None:
    recurrent = sp.paper_crnn(n_mels=32, filters=(4,), head_filters=4, recurrent_units=3, recurrent_layers=1)
    detector = trained(backbone=recurrent)
    sp.export(detector, tmp_path / "dogs.tflite", to="tflite")
    assert described(tmp_path / "dogs.tflite")["input"]["shape"] == [1, "samples"]


def test_a_recording_of_ones_own_is_compared_on(detector: TrainedDetector, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "own.wav", check_signal(8000)[:24_001], 8000)
    parity = sp.export(detector, tmp_path / "dogs.keras", to="keras", check=tmp_path / "own.wav")
    assert parity["seconds"].iloc[-1] == pytest.approx(3.0, abs=0.001)
    soundfile.write(tmp_path / "own.wav", np.zeros(800), 8000)
    with pytest.raises(ConfigError, match=r"own.wav: 0.10 s; expected at least the 0.26 s"):
        sp.export(detector, tmp_path / "dogs.keras", to="keras", check=tmp_path / "own.wav")


def test_another_score_leaves_no_file_and_spares_an_earlier_one(
    detector: TrainedDetector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dogs.keras"
    load = RUNTIMES["keras"].load

    def wrong(file: Path) -> Any:
        run = load(file)
        return lambda batch: {name: value + 2e-4 for name, value in run(batch).items()}

    monkeypatch.setitem(RUNTIMES, "keras", replace(RUNTIMES["keras"], load=wrong))  # type: ignore[arg-type]
    with pytest.raises(ExportError, match=r"0.26 s of audio frame scores differ from Keras's by 2.0e-04"):
        sp.export(detector, path, to="keras")
    assert list(tmp_path.iterdir()) == []
    path.write_text("earlier")
    with pytest.raises(ExportError):
        sp.export(detector, path, to="keras")
    assert path.read_text() == "earlier"


@keras.saving.register_keras_serializable()
class OwnPooling(keras.layers.Layer):
    """The mean, but by an operation that TFLite does not have."""

    def call(self, p: Any) -> Any:
        import tensorflow as tf

        return tf.reduce_mean(p, axis=1) + 1e-9 * tf.math.digamma(tf.reduce_max(p, axis=1) + 1)


def test_a_class_of_ones_own_is_named_where_it_stands_in_the_way(tmp_path: Path) -> None:
    detector = trained(OwnPooling())
    sp.export(detector, tmp_path / "dogs.savedmodel", to="savedmodel")
    with pytest.raises(ExportError, match="OwnPooling: not a layer of Keras"):
        sp.export(detector, tmp_path / "dogs.keras", to="keras")
    with pytest.raises(ExportError, match=r"no tflite file can be made of OwnPooling: .*Digamma"):
        sp.export(detector, tmp_path / "dogs.tflite", to="tflite")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dogs.savedmodel", "dogs.savedmodel.json"]


def test_features_that_no_file_can_compute_are_taken_from_outside(tmp_path: Path) -> None:
    detector = trained(extractor=sp.PCEN(sr=16000, n_fft=512, hop_length=256, n_mels=32))
    with pytest.raises(ConfigError, match=r"features of PCEN cannot be computed inside .* use features=outside"):
        sp.export(detector, tmp_path / "dogs.keras", to="keras")
    sp.export(detector, tmp_path / "dogs.keras", to="keras", features="outside")
    assert described(tmp_path / "dogs.keras")["features"]["kind"] == "pcen"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"to": "coreml"}, "to='coreml'.* expected one of onnx, tflite, savedmodel, keras"),
        ({"features": "both"}, "features='both'"),
        ({"to": "tflite"}, r"dogs.onnx: expected a name that ends in .tflite for tflite"),
    ],
)
def test_arguments_that_fit_nothing_are_refused(
    arguments: Any, message: str, detector: TrainedDetector, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        sp.export(detector, tmp_path / "dogs.onnx", **arguments)


def test_a_missing_package_is_named(detector: TrainedDetector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RUNTIMES, "onnx", replace(RUNTIMES["onnx"], tools=("no-such-package",)))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"no-such-package is not installed; pip install 'sedpool\[export\]'"):
        sp.export(detector, tmp_path / "dogs.onnx")


def test_a_folder_that_is_no_savedmodel_is_not_replaced(detector: TrainedDetector, tmp_path: Path) -> None:
    path = tmp_path / "dogs.savedmodel"
    path.mkdir()
    (path / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match="without a SavedModel"):
        sp.export(detector, path, to="savedmodel")
    assert (path / "notes.txt").read_text() == "mine"
    (path / "notes.txt").rename(path / "saved_model.pb")
    sp.export(detector, path, to="savedmodel")
    assert (path / "variables").is_dir()


@pytest.mark.parametrize("name", POOLINGS)
def test_every_operator_consists_of_operations_of_keras(name: str) -> None:
    detector = trained(instantiate(compose([f"pooling={name}"])["pooling"])).detector
    network = builtin_network(float32_network(detector.network))
    assert {type(layer).__module__.split(".")[0] for layer in network.operations} == {"keras"}
    for n_frames in (16, 48, 437):
        features = np.random.default_rng(0).normal(-40, 20, (3, n_frames, 32)).astype(np.float32)
        expected, found = detector.network(features), network(features)
        for key in ("frames", "clip"):
            assert np.asarray(found[key]) == pytest.approx(np.asarray(expected[key]), abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("name", POOLINGS)
def test_every_operator_is_exported(name: str, to: Any, tmp_path: Path) -> None:
    detector = trained(instantiate(compose([f"pooling={name}"])["pooling"]))
    assert sp.export(detector, tmp_path / f"dogs{RUNTIMES[to].suffix}", to=to)["clip"].max() < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize(
    ("features", "reference", "supervision"),
    [
        ("inside", "window", "weak"),
        ("inside", "fixed", "weak"),
        ("inside", "window", "strong"),
        ("outside", "window", "weak"),
    ],
)
@pytest.mark.parametrize("backbone", [sp.paper_cnn, sp.compact_cnn, sp.paper_crnn])
def test_every_network_is_exported(
    backbone: Any, features: Any, reference: Any, supervision: str, to: Any, tmp_path: Path
) -> None:
    detector = trained(pooling.Max(), backbone(), sp.LogMel(reference=reference), supervision)
    sp.export(detector, tmp_path / f"dogs{RUNTIMES[to].suffix}", to=to, features=features)


@pytest.mark.parametrize("to", TARGETS)
def test_finer_frames_are_exported(to: Any, tmp_path: Path) -> None:
    backbone = sp.compact_cnn(n_mels=32, filters=(4, 6, 8), head_filters=8, time_reduction=2)
    sp.export(trained(backbone=backbone), tmp_path / f"dogs{RUNTIMES[to].suffix}", to=to)


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("reference", ["window", "fixed"])
def test_real_recordings_get_the_same_scores(reference: Any, to: Any, shared_data: Path, tmp_path: Path) -> None:
    recordings = sorted((shared_data / "esc10").rglob("*.ogg"))[::40]
    joined = np.concatenate([audio.read(path, 44100) for path in recordings])
    soundfile.write(tmp_path / "real.wav", joined, 44100)
    detector = trained(backbone=sp.compact_cnn(), extractor=sp.LogMel(reference=reference))
    path = tmp_path / f"dogs{RUNTIMES[to].suffix}"
    parity = sp.export(detector, path, to=to, check=tmp_path / "real.wav")
    assert parity["seconds"].iloc[-1] > 30
