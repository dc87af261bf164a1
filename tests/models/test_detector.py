from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from sedpool import pooling
from sedpool.errors import ConfigError
from sedpool.models import build_detector, compact_cnn, paper_cnn, paper_crnn, time_reduction
from sedpool.models.detector import configure_pooling

CONFIGS = Path(__file__).parents[2] / "configs" / "model"
CLASSES = tuple(f"class {index}" for index in range(10))


@pytest.fixture(params=[paper_cnn, compact_cnn, paper_crnn])
def backbone(request: pytest.FixtureRequest) -> keras.Model:
    return request.param()


def test_paper_network_has_the_papers_size_and_output_rate() -> None:
    detector = build_detector(paper_cnn(), pooling.Max(), classes=CLASSES)
    assert detector.network.count_params() == 561_150
    output = detector.network(np.zeros((1, 430, 128), dtype="float32"))
    assert output["frames"].shape == (1, 26, 10)
    assert output["clip"].shape == (1, 10)


@pytest.mark.parametrize(
    ("name", "size"), [("tiny", 20e3), ("compact", 107e3), ("paper", 561e3), ("crnn", 1.45e6), ("large", 10e6)]
)
def test_there_is_a_model_for_every_budget(name: str, size: float) -> None:
    config = OmegaConf.merge(OmegaConf.load(CONFIGS / f"{name}.yaml"), {"n_mels": 128})
    detector = build_detector(instantiate(config, _convert_="all"), pooling.Max(), classes=CLASSES)
    assert detector.network.count_params() == pytest.approx(size, rel=0.02)


def test_a_recurrent_layer_tells_each_frame_of_the_whole_clip() -> None:
    network = build_detector(paper_crnn(), pooling.Max(), classes=CLASSES).network
    x = np.random.default_rng(0).normal(-40, 10, (1, 160, 128)).astype("float32")
    changed = x.copy()
    changed[:, -16:] = 0
    first, other = (keras.ops.convert_to_numpy(network(each)["frames"])[0, 0] for each in (x, changed))
    assert np.abs(first - other).max() > 0


@pytest.mark.parametrize("sizes", [{"recurrent_units": 0}, {"recurrent_layers": 0}])
def test_a_recurrent_network_without_recurrence_is_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="expected 1 or more"):
        paper_crnn(**sizes)


def test_every_backbone_has_one_sixteenth_of_the_rate(backbone: keras.Model) -> None:
    assert time_reduction(backbone) == 16


@pytest.mark.parametrize("reduction", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("build", [paper_cnn, compact_cnn, paper_crnn])
def test_frames_can_be_finer(build: Callable[..., keras.Model], reduction: int) -> None:
    backbone = build(n_mels=32, time_reduction=reduction)
    assert time_reduction(backbone) == reduction
    detector = build_detector(backbone, pooling.cap(), classes=CLASSES, patch_frames=430)
    bag_size = 430 // reduction
    assert detector.network(np.zeros((1, 430, 32), dtype="float32"))["frames"].shape == (1, bag_size, 10)
    # Equation 11: with φ₊ = 0.5 the bound is ln(m − 1).
    assert detector.pooling.alpha_max == pytest.approx(np.log(bag_size - 1))


def test_finer_frames_have_the_weights_of_coarse_ones() -> None:
    coarse, fine = (paper_cnn(n_mels=32, time_reduction=reduction) for reduction in (None, 4))
    assert [(one.path, one.shape) for one in coarse.weights] == [(one.path, one.shape) for one in fine.weights]


def test_all_blocks_reduce_time_by_default() -> None:
    x = np.random.default_rng(0).normal(-40, 10, (1, 64, 32)).astype("float32")
    outputs = []
    for reduction in (None, 8):
        keras.utils.set_random_seed(0)
        outputs.append(keras.ops.convert_to_numpy(paper_cnn(32, (4, 4, 4), 8, time_reduction=reduction)(x)))
    np.testing.assert_array_equal(*outputs)


@pytest.mark.parametrize("reduction", [0, 3, 32])
def test_a_rate_that_the_blocks_cannot_give_is_refused(reduction: int) -> None:
    with pytest.raises(ConfigError, match="expected one of 1, 2, 4, 8, 16"):
        compact_cnn(time_reduction=reduction)


def test_a_network_of_finer_frames_is_read_back(tmp_path: Path) -> None:
    network = build_detector(compact_cnn(n_mels=32, time_reduction=2), pooling.Max(), classes=CLASSES).network
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    x = np.random.default_rng(0).normal(-40, 10, (1, 64, 32)).astype("float32")
    np.testing.assert_array_equal(*(keras.ops.convert_to_numpy(one(x)["frames"]) for one in (network, again)))


@pytest.mark.parametrize("n_frames", [16, 31, 430, 1000])
def test_any_input_length(backbone: keras.Model, n_frames: int) -> None:
    network = build_detector(backbone, pooling.Mean(), classes=CLASSES).network
    x = np.random.default_rng(0).normal(-40, 10, (2, n_frames, 128)).astype("float32")
    output = {name: keras.ops.convert_to_numpy(value) for name, value in network(x).items()}
    assert output["frames"].shape == (2, n_frames // 16, 10)
    assert output["clip"] == pytest.approx(output["frames"].mean(axis=1), abs=1e-6)


def test_strong_supervision_predicts_at_the_input_rate(backbone: keras.Model) -> None:
    detector = build_detector(backbone, pooling.Max(), classes=CLASSES, supervision="strong")
    output = detector.network(np.zeros((1, 400, 128), dtype="float32"))
    assert output["frames"].shape == (1, 400, 10)
    assert detector.reduction == 1
    assert detector.min_frames == 16


def test_cap_learns_its_bag_size_from_the_patch() -> None:
    detector = build_detector(paper_cnn(), pooling.cap(), classes=CLASSES, patch_frames=430)
    assert detector.pooling.alpha_max == pytest.approx(3.2188758)


def test_a_pooling_that_was_configured_is_not_configured_again() -> None:
    backbone = paper_cnn()
    configured = configure_pooling(pooling.cap(), backbone, 430)
    assert build_detector(backbone, configured, classes=CLASSES, patch_frames=None).pooling is configured


def test_the_bag_size_is_told_once() -> None:
    told: list[int] = []

    class Listener(pooling.Max):
        def with_bag_size(self, bag_size: int) -> "Listener":
            told.append(bag_size)
            return self

    build_detector(paper_cnn(), Listener(), classes=CLASSES, patch_frames=430)
    assert told == [26]


@pytest.mark.parametrize(
    ("wrong", "patch_frames", "message"),
    [
        (pooling.Max, 430, "must be a Keras layer"),
        (pooling.Max(), 15, "lengthen training.patch_duration"),
        (pooling.cap(max_weight=0.03), 430, "cannot hold in a bag of 26 frames"),
    ],
)
def test_a_pooling_that_does_not_fit_the_backbone_is_refused(wrong: Any, patch_frames: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        configure_pooling(wrong, paper_cnn(), patch_frames)


def test_attention_has_an_output_layer_of_its_own() -> None:
    names = [weight.path for weight in build_detector(compact_cnn(), pooling.Attention(), classes="ab").network.weights]
    assert any("attention_logits" in name for name in names)
    plain = build_detector(compact_cnn(), pooling.Mean(), classes="ab").network
    assert not any("attention_logits" in weight.path for weight in plain.weights)


@pytest.mark.parametrize("classes", [[], ["a", "a"]])
def test_classes_must_differ(classes: list[str]) -> None:
    with pytest.raises(ConfigError, match="classes"):
        build_detector(compact_cnn(), pooling.Max(), classes=classes)


def test_a_backbone_of_another_shape_is_refused() -> None:
    inputs = keras.Input((None, 128))
    with pytest.raises(ConfigError, match="expected"):
        time_reduction(keras.Model(inputs, keras.ops.mean(inputs, axis=1)))


def test_too_many_blocks_for_the_bands_are_refused() -> None:
    with pytest.raises(ConfigError, match="use fewer filters or more n_mels"):
        paper_cnn(n_mels=8)
