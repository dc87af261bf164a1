"""Objects from a configuration: one's own, or, with care, that of a run that came from elsewhere.

``_target_`` names any class or function there is, which is how a user's own layer gets into a run. In a run folder made
by somebody else that would be code to execute, so that loading one builds only what sedpool itself defines, and a short
list of Keras's.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate

from sedpool.datasets.dataset import Dataset
from sedpool.datasets.manifest import manifest_of
from sedpool.datasets.soundscapes.writer import made_only
from sedpool.errors import ConfigError, SedpoolError, StorageError
from sedpool.features.logmel import LogMel
from sedpool.log import say
from sedpool.runs import RunFolder, kept_epoch
from sedpool.settings import LabelSettings, check_types, checked
from sedpool.startup import import_backend

if TYPE_CHECKING:
    from sedpool.fitting import Fitted
    from sedpool.models.detector import Detector

_OUR_PACKAGES = ("sedpool.datasets", "sedpool.features", "sedpool.models", "sedpool.pooling")
_KERAS = ("keras.constraints.", "keras.initializers.", "keras.regularizers.")


def build(config: Mapping[str, Any], key: str) -> Any:
    """Build the object that ``config[key]`` describes by its ``_target_``.

    Raises
    ------
    ConfigError
        If the target does not exist or refuses its arguments; an error of ours passes through unchanged.
    """
    if not isinstance(config[key], Mapping) or "_target_" not in config[key]:
        raise ConfigError(f"{key} has no _target_; expected the class or function that makes it, by its dotted name")
    node = dict(config[key])
    try:
        check_types(get_object(str(node["_target_"])), node, key)
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, SedpoolError):
            raise error.__cause__ from None
        reason = str(error.__cause__ or error).splitlines()[0]
        raise ConfigError(f"{key} ({node['_target_']}): {reason}") from error
    except (ImportError, AttributeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{key}._target_={node['_target_']}: {reason}") from None


def load_run(
    folder: str | os.PathLike[str], *, trust_code: bool = False, cache: str | Path = "data/features"
) -> "Fitted":
    """The trained detector of a finished run.

    Parameters
    ----------
    folder : path-like
        The run folder.
    trust_code : bool
        Whether to build what the run names outside sedpool too: its code is then executed.
    cache : path-like
        Parent folder of feature stores, for what is predicted with it.

    Raises
    ------
    ConfigError
        If the run is not finished, or names code outside sedpool.
    StorageError
        If its weights are damaged or belong to another network.
    """
    run = finished(folder)
    if not trust_code:
        refuse_foreign_code(run, ("features", "model", "pooling"))
    import_backend()
    from sedpool.fitting import Fitted
    from sedpool.training.loop import Outcome

    extractor: LogMel = build(run.config, "features")
    detector = _trained_detector(run, extractor)
    outcome = Outcome(run.history, run.alpha, kept_epoch(run.history), run.gradient_share)
    return Fitted(detector, outcome, extractor, Path(cache))


def _trained_detector(run: RunFolder, extractor: LogMel) -> "Detector":
    from sedpool.models.detector import build_detector
    from sedpool.training.backend import precision
    from sedpool.training.weights import load_weights

    config = run.config
    with precision(run.environment["precision"]):
        detector = build_detector(
            build(config, "model"),
            build(config, "pooling"),
            classes=run.classes,
            patch_frames=extractor.n_frames(config["training"]["patch_duration"]),
            supervision=config["supervision"],
        )
    load_weights(detector.network, run.file("weights.npz"))
    return detector


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

    run = finished(config["training"]["init_from"])
    detector.check_classes(run.classes, f"run {run.path}")
    others = "; ".join(_differences(run.config, config, ("model", "pooling")))
    try:
        load_weights(detector.network, run.file("weights.npz"))
    except StorageError as error:
        raise StorageError(f"{error}; that run has {others}" if others else str(error)) from None
    say(f"starts from the weights of {run.path}" + (f", which has {others}" if others else ""))


def _differences(there: Mapping[str, Any], here: Mapping[str, Any], groups: Sequence[str]) -> Iterator[str]:
    """What two configurations have differently, as ``model.filters=[16] (here [32])``."""
    for group in groups:
        theirs, ours = there[group], here[group]
        for key in sorted(theirs.keys() | ours.keys()):
            if theirs.get(key) != ours.get(key):
                yield f"{group}.{key}={theirs.get(key)} (here {ours.get(key)})"


def dataset_of(folder: RunFolder, root: Path | None = None) -> Dataset:
    """The corpus that a finished run was made with.

    Parameters
    ----------
    folder : RunFolder
        The run.
    root : Path, optional
        Where the corpus is now, if not where the run found it (``dataset.root``). One that sedpool makes on first use
        is not made there, and one with other clips or labels than the run's is said to be so.

    Raises
    ------
    ConfigError
        If the run is not finished, or its corpus is loaded by code outside sedpool.
    DataError
        If the corpus is not in `root`.
    """
    config = finished(folder.path).config
    refuse_foreign_code(folder, ("dataset",))
    if root is not None and not root.is_dir():
        raise ConfigError(f"--root {root}: no such folder; expected the corpus of {folder.path}")
    node = config["dataset"] if root is None else {**config["dataset"], "root": str(root)}
    with nullcontext() if root is None else made_only():
        dataset: Dataset = build({"dataset": node}, "dataset")
    if root is not None and _is_another(dataset, folder):
        say(f"warning: {root}: other clips or labels than {folder.path} was made with (the hash of its manifest)")
    return dataset


def _is_another(dataset: Dataset, run: RunFolder) -> bool:
    """Whether a run was made with other clips or labels, as far as its manifest is that of the corpus itself."""
    labels = checked(LabelSettings, run.config["labels"], "labels")
    if run.manifest is None or labels.bag_duration is not None or labels.are_noisy:
        return False
    return bool(manifest_of(dataset, run.manifest["unusable"])["hash"] != run.manifest["hash"])


def finished(folder: str | os.PathLike[str]) -> RunFolder:
    """The run in a folder, if it is complete.

    Raises
    ------
    ConfigError
        If there is no finished run.
    """
    run = RunFolder(folder)
    if not run.file("config.yaml").is_file():
        raise ConfigError(f"{run.path}: no run in it (no file config.yaml); give the folder that training printed")
    if not run.is_done:
        raise ConfigError(f"{run.path}: not finished (no file DONE); run its training again")
    return run


def refuse_foreign_code(run: RunFolder, groups: Sequence[str]) -> None:
    """See that a run's configuration names nothing but sedpool's own classes and a few of Keras's.

    Raises
    ------
    ConfigError
        With the first other target, by name.
    """
    for group in groups:
        for target in _targets(run.config.get(group)):
            if not _is_known(target):
                raise ConfigError(
                    f"{run.path}: {group} is made by {target}, code outside sedpool, which is not executed; "
                    "if you know it, load the run with trust_code=True"
                )


def _is_known(target: str) -> bool:
    """Whether a target is one of ours: by where it is defined, since ``sedpool.storage.os.system`` is a name too."""
    if target.startswith(_KERAS):
        return target.count(".") == 2 and target.rpartition(".")[2].isidentifier()
    if not target.startswith(tuple(f"{package}." for package in _OUR_PACKAGES)):
        return False
    try:
        defined_in = str(getattr(get_object(target), "__module__", ""))
    except (ImportError, AttributeError, ValueError):
        return False
    return defined_in.startswith(_OUR_PACKAGES)


def _targets(node: Any) -> Iterator[str]:
    """Every ``_target_`` at any depth."""
    if isinstance(node, Mapping) and "_target_" in node:
        yield str(node["_target_"])
    for item in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        yield from _targets(item)
