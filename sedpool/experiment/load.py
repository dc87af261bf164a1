"""Objects from a configuration: one's own, or that of a run that came from elsewhere.

In a configuration of one's own ``_target_`` names any class or function there is, which is how a user's own layer gets
into a run. A loaded one builds only what `sedpool.settings.targets` lists, and nothing is downloaded, made or written
for it.
"""

import inspect
import json
import logging
import os
import shlex
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import get_object

from sedpool import audio, storage
from sedpool.datasets.base import Dataset, corpus_hash, manifest_of
from sedpool.datasets.label_map import map_labels
from sedpool.datasets.transforms import without_times
from sedpool.errors import ConfigError, DataError, SedpoolError, StorageError
from sedpool.evaluation.run_folder import decoder_of
from sedpool.experiment.pack import pack_run
from sedpool.features.store import Extractor
from sedpool.frontends.catalog import front_end_of
from sedpool.frontends.onnx_network import find_network
from sedpool.inference.decode import Decoder
from sedpool.inference.package import DEMO, DEMO_FILE, PackagedRun, open_run
from sedpool.run_folder import RunFolder, finished, kept_epoch
from sedpool.runtime.backend import import_backend
from sedpool.settings.instantiate import build
from sedpool.settings.schema import EvaluationSettings, LabelSettings, checked
from sedpool.settings.targets import refuse_unlisted
from sedpool.soundscapes.writing import NotSynthesised, without_synthesis
from sedpool.training.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

    from sedpool.inference.trained_detector import TrainedDetector
    from sedpool.models.detector import Detector

logger = logging.getLogger(__name__)


def identify_data(config: Mapping[str, Any]) -> tuple[dict[str, str], Dataset | None]:
    """Recognise the data that a configuration of one's own names by what they are, wherever they lie.

    Returns
    -------
    data : dict of str to str
        Hashes of the corpus, of the backgrounds for augmentation and of the weights to start from, by setting.
    dataset : Dataset or None
        What is loaded of the corpus; None if it is still to be made; its plan then identifies it.

    Raises
    ------
    SedpoolError
        If there are no such data.
    """
    data: dict[str, str] = {}
    dataset: Dataset | None = None
    try:
        with without_synthesis():
            dataset = build(config, "dataset")
    except NotSynthesised as error:
        if error.plan is None:
            dataset = build(config, "dataset")
        else:
            data["dataset"] = error.plan
    if dataset is not None:
        data["dataset"] = corpus_hash(dataset)
    if folder := config["augment"]["background"]:
        names = audio.list_files(folder, "augment.background")
        hashes = storage.sha256_files(Path(folder, name) for name in names)
        data["augment.background"] = storage.hash_value(list(zip(names, hashes, strict=True)))
    if config["features"].get("_target_") == "sedpool.OnnxEmbedding":
        data["features.path"] = storage.sha256_file(find_network(config["features"]["path"]))
    if start := config["training"]["init_from"]:
        with open_run(start) as run:
            weights = run.file("weights.npz")
            if not weights.is_file():
                reason = "no weights in it (no file weights.npz); give another run"
                raise ConfigError(f"training.init_from={start}: {reason}")
            data["training.init_from"] = storage.sha256_file(weights)
    return data, dataset


def build_loaded(run: RunFolder, group: str, *, trust_code: bool = False) -> Any:
    """Build what a group of a run's configuration describes, if it may be built.

    Parameters
    ----------
    run : RunFolder
        A run from anywhere.
    group : str
        A key of `sedpool.settings.targets.TARGETS`.
    trust_code : bool
        Whether to run the code of classes outside sedpool that it names; a message names them.

    Raises
    ------
    ConfigError
        If the run names what may not be built, or refuses its arguments.
    """
    own = refuse_unlisted(run.config[group], group, str(run.file("config.yaml")), trust_code=trust_code)
    for name in own:
        logger.info(f"runs the code of {name}, which {run.path} names, since it is trusted")
    return build(run.config, group)


def load(
    folder: str | os.PathLike[str],
    *,
    tuned: bool = True,
    trust_code: bool = False,
    cache: str | Path = "data/features",
) -> "TrainedDetector":
    """Load the trained detector of a finished run, or of a package.

    Parameters
    ----------
    folder : path-like
        The run folder, or the file that ``sedpool pack`` or `sedpool.TrainedDetector.save` wrote; ``"demo"`` for the
        demonstration that sedpool brings, if no file or folder here has that name.
    tuned : bool
        Whether it decodes as tuned on the run's validation clips, if that was done, or as the run was set. A message
        says which.
    trust_code : bool
        Whether to build classes outside sedpool that the run names: their code is then executed.
    cache : path-like
        Parent folder of feature stores, for what is predicted with it.

    Raises
    ------
    ConfigError
        If the run is not finished, or names what may not be built.
    StorageError
        If the package or its weights are damaged, or these belong to another network.
    """
    with open_run(folder) as run:
        if run.path == DEMO_FILE:
            event_f1 = run.metrics["tuned"]["event"]["micro"]["f1"]
            logger.info(
                f"{DEMO}: a demonstration that knows {len(run.classes)} sounds ({', '.join(run.classes)}) and finds "
                f"them with an event F1 of {event_f1:.2f}; train a detector of your own to rely on"
            )
        return _loaded(run, tuned, trust_code, Path(cache))


def _loaded(run: RunFolder, tuned: bool, trust_code: bool, cache: Path) -> "TrainedDetector":
    import_backend()
    from sedpool.inference.trained_detector import TrainedDetector, TrainingResult
    from sedpool.models.detector import build_detector
    from sedpool.runtime.backend import PRECISIONS, precision
    from sedpool.training.weights import load_weights

    recipe = checked(Recipe, run.config["training"], f"{run.file('config.yaml')}: training")
    extractor: Extractor = build_loaded(run, "features", trust_code=trust_code)
    front_end = front_end_of(extractor)
    if front_end and run.front_end and front_end.sha256 != run.front_end["sha256"]:
        raise ConfigError(
            f"{run.file('front_end.json')}: it was trained on another {front_end.name} than is here: "
            f"sha256 {run.front_end['sha256']}, here {front_end.sha256}; get that file"
        )
    if (used := run.environment["precision"]) not in PRECISIONS:
        raise StorageError(f"{run.file('environment.json')}: precision {used!r}; expected {' or '.join(PRECISIONS)}")
    with precision(used):
        backbone = build_loaded(run, "model", trust_code=trust_code)
        pooling = build_loaded(run, "pooling", trust_code=trust_code)
        patch_frames = extractor.n_frames(recipe.patch_duration)
        try:
            detector = build_detector(
                backbone,
                pooling,
                classes=run.classes,
                patch_frames=patch_frames,
                supervision=run.config["supervision"],
            )
        except SedpoolError:
            raise
        except Exception as error:  # whatever a backend raises of arguments that Keras took
            reason = " ".join(str(error).split())
            raise ConfigError(f"{run.file('config.yaml')}: no network can be built of it ({reason})") from error
    load_weights(detector.network, run.file("weights.npz"))
    decoder, described = decoding_of(run, tuned)
    decoder.check(detector.classes)
    logger.info(f"{run.name}: decodes {described}")
    result = TrainingResult(run.history, run.alpha, kept_epoch(run.history), run.gradient_share)
    return TrainedDetector(detector, result, extractor, cache, patch_frames, decoder, partial(_packed, run))


def load_run(
    folder: str | os.PathLike[str], *, trust_code: bool = False, cache: str | Path = "data/features"
) -> "TrainedDetector":
    """Load the trained detector of a finished run: the former name of `load`."""
    warnings.warn("sedpool.load_run is now sedpool.load", DeprecationWarning, stacklevel=2)
    return load(folder, trust_code=trust_code, cache=cache)


def _packed(run: RunFolder, trained: "TrainedDetector") -> bytes:
    """Return the package of a detector that was loaded."""
    if trained.decoder not in [decoding_of(run, tuned)[0] for tuned in (True, False)]:
        raise ConfigError(f"{run.path}: its detector now decodes in another way, which its scores say nothing about")
    return run.content if isinstance(run, PackagedRun) else pack_run(run)


def decoding_of(run: RunFolder, tuned: bool) -> tuple[Decoder, str]:
    """Return how a run makes events from scores, and that in words.

    Parameters
    ----------
    run : RunFolder
        A finished run.
    tuned : bool
        Whether to decode as tuned on its validation clips, if that was done.

    Raises
    ------
    ConfigError
        If ``tuned.json`` or the run's settings describe no decoder.
    """
    settings = checked(EvaluationSettings, run.config["evaluation"], f"{run.file('config.yaml')}: evaluation")
    if not tuned or run.tuned is None:
        return decoder_of(settings), "as set, not as tuned on validation"
    path, decoding = run.file("tuned.json"), run.tuned["decoding"]
    if not isinstance(decoding, Mapping):
        raise ConfigError(f"{path}: decoding={decoding}: expected its settings by name")
    settings = checked(EvaluationSettings, {**asdict(settings), **decoding}, f"{path}: decoding")
    return decoder_of(settings), f"as tuned on {run.tuned['n_clips']} validation clips by {run.tuned['objective']}"


def events_of(run: RunFolder, tuned: bool) -> tuple["pd.DataFrame", str]:
    """Return the events that a finished run detected on its test split, and how they were decoded, in words.

    Parameters and errors are those of `decoding_of`.
    """
    decoder, described = decoding_of(run, tuned)
    return decoder.events(run.scores, run.clip_scores if decoder.clip_mask else None), described


def start_from(detector: "Detector", config: Mapping[str, Any]) -> None:
    """Give a detector the weights of the finished run that ``training.init_from`` names, to train them further.

    Parameters
    ----------
    detector : Detector
        What `config` describes.
    config : mapping
        Resolved configuration.

    Raises
    ------
    ConfigError
        If the run is not finished or knows other classes.
    StorageError
        If its weights are damaged or belong to another network.
    """
    from sedpool.training.weights import load_weights

    with open_run(config["training"]["init_from"]) as run:
        detector.check_classes(run.classes, f"run {run.path}")
        others = "; ".join(_differences(run.config, config, ("model", "pooling")))
        try:
            load_weights(detector.network, run.file("weights.npz"))
        except StorageError as error:
            raise StorageError(f"{error}; that run has {others}" if others else str(error)) from None
    logger.info(f"starts from the weights of {run.path}" + (f", which has {others}" if others else ""))


def _differences(there: Mapping[str, Any], here: Mapping[str, Any], groups: Sequence[str]) -> Iterator[str]:
    """Yield the settings in which two configurations differ, as ``model.filters=[16] (here [32])``."""
    for group in groups:
        theirs, ours = there[group], here[group]
        for key in sorted(theirs.keys() | ours.keys()):
            if theirs.get(key) != ours.get(key):
                yield f"{group}.{key}={theirs.get(key)} (here {ours.get(key)})"


def dataset_of(run: RunFolder, root: Path | None = None, *, trust_code: bool = False) -> Dataset:
    """Load the corpus that a finished run was made with, its labels mapped and times removed as they were for the run.

    Parameters
    ----------
    run : RunFolder
        The run.
    root : Path, optional
        Where the corpus is now, if it was moved (``dataset.root``). A message warns of other clips or labels than
        those of the run.
    trust_code : bool
        Whether to run the code of a loader outside sedpool.

    Raises
    ------
    ConfigError
        If the run is not finished, or its corpus is loaded by code outside sedpool.
    DataError
        If the corpus is not there. One that sedpool makes on first use is not made for a run's sake; the message ends
        with the command that makes it.
    """
    run = finished(run.path, half_renewed=True)
    if root is not None and not root.is_dir():
        raise ConfigError(f"--root {root}: no such folder; expected the corpus of {run.path}")
    if root is not None:
        run.config["dataset"] = {**run.config["dataset"], "root": str(root)}
    try:
        with without_synthesis():
            dataset: Dataset = build_loaded(run, "dataset", trust_code=trust_code)
    except NotSynthesised as error:
        raise DataError(f"{error}; make it: {_command_that_makes(run.config['dataset'])}") from None
    labels = checked(LabelSettings, run.config["labels"], f"{run.file('config.yaml')}: labels")
    if labels.map is not None:
        dataset = map_labels(dataset, dict(labels.map))
    if labels.times == "test":
        dataset = without_times(dataset, ("train", "validate"))
    if root is not None and _is_another(dataset, run):
        logger.warning(f"{root}: other clips or labels than {run.path} was made with (the hash of its manifest)")
    return dataset


def _command_that_makes(node: Mapping[str, Any]) -> str:
    """Return the shell command that makes a corpus of ours, with the settings that differ from their defaults."""
    defaults = inspect.signature(get_object(node["_target_"])).parameters
    folder = f"--root={node['root']}"
    settings = [
        f"dataset.{key}={_override(value)}"
        for key, value in node.items()
        if key not in ("_target_", "root", "n_jobs", "allow_missing", "cache")
        and _override(value) != _override(defaults[key].default)
    ]
    return shlex.join(["sedpool", "data", "prepare", node["_target_"].removeprefix("sedpool.load_"), folder, *settings])


def _override(value: Any) -> str:
    """Return a value as Hydra's command line takes it."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_override(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_override, value)) + "]"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return json.dumps(value)


def _is_another(dataset: Dataset, run: RunFolder) -> bool:
    """Whether a run was made with other clips or labels, as far as its manifest is that of the corpus itself."""
    labels = checked(LabelSettings, run.config["labels"], "labels")
    if run.manifest is None or labels.bag_duration is not None or labels.are_noisy:
        return False
    return bool(manifest_of(dataset, run.manifest["unusable"])["hash"] != run.manifest["hash"])
