"""Networks of one's own: small ones are made here with onnx itself."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import sedpool as sp
from sedpool.cli.app import app
from sedpool.errors import ConfigError
from sedpool.experiment.pack import pack_run
from sedpool.experiment.run import run
from sedpool.inference.package import unpack
from sedpool.run_folder import RunFolder
from tests.experiment.small import small

onnx = pytest.importorskip("onnx", reason="onnx is not installed here")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed here")

SR, KERNEL, HOP, WIDTH = 16000, 400, 160, 12


def network(path: Path, *, kernel: int = KERNEL, pads: int = 0, fixed: int | None = None, whole: bool = False) -> Path:
    """Filters of a few hundred samples with ReLU; `whole`: minus their mean over the recording, or over it alone."""
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    weights = np.random.default_rng(0).normal(0, 0.3, (WIDTH, 1, kernel)).astype(np.float32)
    strides = [kernel if fixed else HOP]
    nodes = [
        helper.make_node("Unsqueeze", ["audio", "one"], ["channel"]),
        helper.make_node("Conv", ["channel", "weights"], ["x"], strides=strides, pads=[pads, pads]),
        helper.make_node("Relu", ["x"], ["y"]),
    ]
    if whole:
        nodes += [
            helper.make_node("ReduceMean", ["y", "last"], ["mean"], keepdims=1),
            helper.make_node("Sub", ["y", "mean"], ["z"]),
        ]
    nodes.append(helper.make_node("Transpose", ["z" if whole else "y"], ["frames"], perm=[0, 2, 1]))
    if fixed == kernel:
        nodes.append(helper.make_node("Squeeze", ["frames", "one"], ["vector"]))
    name = "vector" if fixed == kernel else "frames"
    shape = ["batch", WIDTH] if fixed == kernel else ["batch", "n", WIDTH]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("audio", floats, ["batch", fixed or "samples"])],
        [helper.make_tensor_value_info(name, floats, shape)],
        [
            onnx.numpy_helper.from_array(weights, "weights"),
            onnx.numpy_helper.from_array(np.array([1]), "one"),
            onnx.numpy_helper.from_array(np.array([2]), "last"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
    return path


def sound(n_samples: int) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.1, n_samples).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("networks")


@pytest.fixture(scope="module")
def plain(folder: Path) -> str:
    return str(network(folder / "plain.onnx"))


def expected(samples: np.ndarray) -> np.ndarray:
    weights = np.random.default_rng(0).normal(0, 0.3, (WIDTH, 1, KERNEL)).astype(np.float32)[:, 0]
    frames = np.lib.stride_tricks.sliding_window_view(samples, KERNEL)[::HOP]
    return np.maximum(frames @ weights.T, 0)


@given(n_samples=st.integers(0, 40000))
def test_there_are_as_many_frames_as_promised_and_they_are_the_networks(plain: str, n_samples: int) -> None:
    extractor, samples = sp.OnnxEmbedding(plain), sound(n_samples)
    features = extractor(samples)
    assert features.shape == (extractor.n_frames(n_samples / SR), WIDTH)
    assert features.dtype == np.float32
    silent = np.pad(samples, (0, 2 * KERNEL))
    assert np.allclose(features, expected(silent)[: len(features)], atol=1e-4)


def test_frames_and_what_they_depend_on_are_measured(folder: Path, plain: str) -> None:
    extractor = sp.OnnxEmbedding(plain)
    assert (extractor.frame_rate, extractor.n_features, extractor.is_local) == (100.0, WIDTH, True)
    assert extractor.context == 2  # of 400 samples 160 apart the last reach over the end
    padded = sp.OnnxEmbedding(str(network(folder / "padded.onnx", pads=KERNEL // 2)))
    assert (padded.frame_rate, padded.context, padded.is_local) == (100.0, 2, True)
    whole = sp.OnnxEmbedding(str(network(folder / "whole.onnx", whole=True)))
    assert not whole.is_local


def test_a_network_of_fixed_length_gives_a_frame_for_each_stretch(folder: Path) -> None:
    vector = sp.OnnxEmbedding(str(network(folder / "vector.onnx", kernel=8000, fixed=8000)))
    assert (vector.frame_rate, vector.context, vector.is_local) == (2.0, 0, False)
    samples = sound(20000)
    features = vector(samples)
    assert features.shape == (2, WIDTH)
    assert np.array_equal(features[1:], vector(samples[8000:16000]))
    assert vector(samples[:100]).shape == (1, WIDTH)
    several = sp.OnnxEmbedding(str(network(folder / "several.onnx", kernel=4000, fixed=8000)))
    assert several.frame_rate == 4.0
    assert np.array_equal(several(samples)[2:4], several(samples[8000:16000]))


def test_what_is_no_front_end_is_one_line(folder: Path, plain: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(Path(plain).read_bytes()[:100])
    with pytest.raises(ConfigError, match="no network that ONNX Runtime opens"):
        sp.OnnxEmbedding(str(broken))(sound(8000))
    model = onnx.load(plain)
    model.graph.input[0].type.tensor_type.shape.dim.add().dim_value = 3
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(ConfigError, match=r"other\.onnx: (takes audio|no network)"):
        sp.OnnxEmbedding(str(tmp_path / "other.onnx"))(sound(8000))
    with pytest.raises(ConfigError, match=r"nowhere\.onnx: no such network, here or in .*: sedpool models add FILE"):
        sp.OnnxEmbedding("nowhere.onnx")(sound(8000))
    with pytest.raises(ConfigError, match=r"features\.sr=0"):
        sp.OnnxEmbedding(plain, sr=0)


def test_without_onnx_runtime_a_line_says_what_to_install(plain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from sedpool.frontends import onnx_network

    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    onnx_network._session.cache_clear()
    with pytest.raises(ConfigError, match=r"pip install 'sedpool\[onnx\]'"):
        onnx_network._session(plain, 0)


def test_the_store_is_named_by_what_is_in_the_file(plain: str, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.onnx"
    copy.write_bytes(Path(plain).read_bytes())
    assert sp.OnnxEmbedding(str(copy)).parameters == sp.OnnxEmbedding(plain).parameters
    network(copy, pads=10)
    assert sp.OnnxEmbedding(str(copy)).parameters != sp.OnnxEmbedding(plain).parameters


def test_a_detector_on_it_trains_detects_and_finds_its_network_by_name(
    plain: str, data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEDPOOL_DATA", str(tmp_path / "data"))
    settings = ("model=onnx", f"model.path={plain}", "training.epochs=1")
    finished = RunFolder(run(small(data_root, tmp_path / "runs", *settings)))
    assert finished.front_end["name"] == "plain.onnx"
    assert finished.data["features.path"] == finished.front_end["sha256"]
    copy = tmp_path / "renamed.onnx"
    copy.write_bytes(Path(plain).read_bytes())
    again = run(small(data_root, tmp_path / "runs", "model=onnx", f"model.path={copy}", "training.epochs=1"))
    assert again == finished.path  # the same network, wherever it lies
    content = pack_run(finished)
    (tmp_path / "mine.sedpool").write_bytes(content)
    assert str(Path(plain).parent) not in unpack(content, "x")[1]["config.yaml"].decode()
    with pytest.raises(ConfigError, match=r"plain\.onnx: no such network, .*: sedpool models add FILE"):
        sp.load(tmp_path / "mine.sedpool")
    said = CliRunner().invoke(app, ["models", "add", plain], catch_exceptions=False).output
    assert "12 values per frame of 10 ms at 16000 Hz" in " ".join(said.split())
    assert "plain.onnx" in CliRunner().invoke(app, ["models", "list"]).output
    soundfile.write(tmp_path / "a.wav", sound(30 * 44100), 44100)
    scores = sp.load(tmp_path / "mine.sedpool").scores(tmp_path / "a.wav")
    assert scores.equals(sp.load(finished.path).scores(tmp_path / "a.wav"))
    network(tmp_path / "data" / "models" / "plain.onnx", pads=10)
    with pytest.raises(ConfigError, match=r"trained on another plain\.onnx than is here"):
        sp.load(tmp_path / "mine.sedpool")
    with pytest.raises(ConfigError, match="another network of that name"):
        CliRunner().invoke(app, ["models", "add", plain], catch_exceptions=False)
    CliRunner().invoke(app, ["models", "add", plain, "--force"], catch_exceptions=False)
    assert len(sp.load(tmp_path / "mine.sedpool").detect(tmp_path / "a.wav").columns) == 5


def test_only_networks_are_added(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected an ONNX file"):
        CliRunner().invoke(app, ["models", "add", str(tmp_path)], catch_exceptions=False)
