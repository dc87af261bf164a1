"""The package of a detector that was trained in a notebook: described by public names, as a configuration does it."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import yaml

from sedpool import storage
from sedpool.augment import Augmentation
from sedpool.errors import ConfigError
from sedpool.frontends.catalog import front_end_of
from sedpool.inference.package import FORMAT, About, pack, without_machine
from sedpool.inference.trained_detector import TrainedDetector
from sedpool.models.backbones import description_of
from sedpool.models.detector import build_detector
from sedpool.runtime.backend import PRECISIONS, precision
from sedpool.runtime.environment import describe_environment
from sedpool.settings.identity import without_places
from sedpool.settings.instantiate import build
from sedpool.settings.schema import EvaluationSettings, checked
from sedpool.settings.targets import TARGETS, refuse_unlisted
from sedpool.training.recipe import Recipe
from sedpool.training.weights import save_weights

_SCORING = {
    "tune": None,
    "tune_on": "segment",
    "paper_compat": None,
    "resolution": 1.0,
    "collar": 0.2,
    "offset_tolerance_ratio": 0.2,
}
"""Settings of evaluation that no detection depends on."""


@dataclass(frozen=True)
class FitPacker:
    """Makes the package of a detector that `sedpool.fit` trained.

    Attributes
    ----------
    corpus : str
        Name of the training data.
    clips : dict of str to int
        How many clips there were to train and to validate.
    recipe, augmentation, seed
        Arguments of `sedpool.fit`.
    """

    corpus: str
    clips: dict[str, int]
    recipe: Recipe
    augmentation: Augmentation
    seed: int

    def __call__(self, trained: TrainedDetector) -> bytes:
        """Return the package, without a model card, since nothing was tested.

        Raises
        ------
        ConfigError
            If backbone, pooling or features are not sedpool's own, or not as their constructors made them.
        """
        policy = trained.detector.network.dtype_policy.name
        if policy not in PRECISIONS:
            raise ConfigError(f"precision {policy} cannot be packed; expected {' or '.join(PRECISIONS)}")
        config = self._config(trained)
        environment = describe_environment(seed=self.seed, threads=self.recipe.threads, precision=policy)
        parts = {
            "config.yaml": yaml.safe_dump(config, sort_keys=False, allow_unicode=True).encode(),
            "environment.json": storage.json_text(without_machine(environment)).encode(),
            "history.csv": trained.result.history.to_csv(index=False, lineterminator="\n").encode(),
        }
        if front_end := front_end_of(trained.extractor):
            parts["front_end.json"] = storage.json_text(asdict(front_end)).encode()
        if trained.result.alpha is not None:
            parts["alpha.csv"] = trained.result.alpha.to_csv(index=False, lineterminator="\n").encode()
        with tempfile.TemporaryDirectory() as folder:
            save_weights(_built_anew(config, trained, policy), Path(folder, "weights.npz"))
            parts |= {name: Path(folder, name).read_bytes() for name in ("weights.npz", "weights.sha256")}
        about = About(
            format=FORMAT,
            name=f"{self.corpus}-{config['method']}",
            sedpool=version("sedpool"),
            classes=list(trained.detector.classes),
            corpus=self.corpus,
            clips=self.clips,
            frame_duration=trained.step,
            author=None,
            licence=None,
        )
        return pack(about, parts)

    def _config(self, trained: TrainedDetector) -> dict[str, Any]:
        """Describe the detector as the configuration of a run does."""
        detector, extractor, pooling = trained.detector, trained.extractor, trained.detector.pooling
        evaluation = asdict(trained.decoder) | _SCORING
        checked(EvaluationSettings, evaluation, "decoder")
        target = _public_name(extractor, "features")
        described = {
            "features": {"_target_": target, **asdict(extractor)},  # type: ignore[call-overload]
            "model": description_of(detector.network),
            "pooling": {"_target_": _public_name(pooling, "pooling"), **_plain(pooling.get_config())},
        }
        settings = {
            "supervision": detector.supervision,
            "training": asdict(self.recipe),
            "augment": asdict(self.augmentation),
            "evaluation": evaluation,
            "dataset": {},
            "corpus": self.corpus,
            "method": type(pooling).__name__,
            "seed": self.seed,
        }
        config = json.loads(storage.json_text(without_places(described | settings)))
        for group in described:
            refuse_unlisted(config[group], group, "package")
        return dict(config)


def _public_name(value: Any, group: str) -> str:
    """Return the name under which sedpool makes an object of a group public.

    Raises
    ------
    ConfigError
        If it is of a class of the user's own.
    """
    kind = type(value)
    name = f"sedpool.{kind.__name__}"
    if name not in TARGETS[group] or not kind.__module__.startswith("sedpool."):
        raise ConfigError(f"{group} is a {kind.__name__}, which is not sedpool's: only sedpool's own can be packed")
    return name


def _plain(value: Any) -> Any:
    """Write what Keras serialised as a configuration does, by ``_target_``."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "class_name" not in value:
        return {key: _plain(item) for key, item in value.items()}
    if value["class_name"] == "DTypePolicy":
        return value["config"]["name"]
    package = "sedpool" if str(value["module"]).startswith("sedpool.") else value["module"]
    return {"_target_": f"{package}.{value['class_name']}", **_plain(value["config"])}


def _built_anew(config: Mapping[str, Any], trained: TrainedDetector, policy: str) -> keras.Model:
    """Build the network that a configuration describes and give it the weights of the trained one.

    So its variables have the names that they get when the package is loaded, whatever was built in this session before.
    """
    detector = trained.detector
    with precision(policy):
        network = build_detector(
            build(config, "model"),
            build(config, "pooling"),
            classes=detector.classes,
            patch_frames=trained.patch_frames,
            supervision=detector.supervision,
        ).network
    theirs, ours = network.weights, detector.network.weights
    if [tuple(one.shape) for one in theirs] != [tuple(one.shape) for one in ours]:
        raise ConfigError("model: changed after its constructor made it; only what the constructor makes can be packed")
    for variable, value in zip(theirs, ours, strict=True):
        variable.assign(value)
    return network
