"""What a loaded configuration may build: the public names of each group, and what configurations called them before.

A configuration of one's own may name any class or function there is as its ``_target_``. In a run folder that came from
elsewhere such a name would be code to execute, so a loaded configuration builds only what stands here.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sedpool.errors import ConfigError


@dataclass(frozen=True)
class Target:
    """A public class or function of sedpool that a configuration builds.

    Attributes
    ----------
    former : str
        Its name in configurations of sedpool 0.1.
    places : frozenset of str
        Arguments that say where things lie, what they are called or how a machine is used: no number depends on them.
    outside : frozenset of str
        Arguments that do so only where they name a path outside the folder of a corpus; within it they choose a file.
    """

    former: str
    places: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()

    def says_where(self, argument: str, value: Any) -> bool:
        """Whether a value of an argument is a place alone, so that no number depends on it."""
        if argument in self.outside and isinstance(value, str):
            return Path(value).is_absolute() or ".." in Path(value).parts
        return argument in self.places


_CORPUS = frozenset({"root", "n_jobs"})

TARGETS: Mapping[str, Mapping[str, Target]] = {
    "dataset": {
        "sedpool.load_dcase2017": Target("sedpool.datasets.dcase2017.load_dcase2017", _CORPUS),
        "sedpool.load_demo": Target("sedpool.datasets.demo.load_demo", _CORPUS),
        "sedpool.load_desed": Target("sedpool.datasets.desed.load_desed", _CORPUS),
        "sedpool.load_folder": Target(
            "sedpool.datasets.folder.load_folder", _CORPUS | {"name", "unknown"}, frozenset({"labels"})
        ),
        "sedpool.load_medleydb": Target(
            "sedpool.datasets.medleydb.load.load_medleydb", _CORPUS | {"annotations", "splits", "cache"}
        ),
        "sedpool.load_soundscapes": Target(
            "sedpool.datasets.soundscapes.load.load_soundscapes", _CORPUS | {"foreground", "background"}
        ),
        "sedpool.load_synthesised": Target("sedpool.datasets.soundscapes.load.load_synthesised", _CORPUS),
        "sedpool.load_urbansed": Target("sedpool.datasets.urbansed.load_urbansed", _CORPUS),
    },
    "features": {
        "sedpool.Aisfx": Target("sedpool.frontends.aisfx.Aisfx"),
        "sedpool.LogMel": Target("sedpool.features.LogMel"),
        "sedpool.OnnxEmbedding": Target("sedpool.frontends.onnx_network.OnnxEmbedding", frozenset({"path"})),
        "sedpool.PCEN": Target("sedpool.features.PCEN"),
    },
    "model": {
        "sedpool.aisfx_last_block": Target("sedpool.models.heads.aisfx_last_block"),
        "sedpool.compact_cnn": Target("sedpool.models.compact_cnn"),
        "sedpool.embedding_head": Target("sedpool.models.heads.embedding_head"),
        "sedpool.onnx_head": Target("sedpool.models.heads.onnx_head", frozenset({"path"})),
        "sedpool.paper_cnn": Target("sedpool.models.paper_cnn"),
        "sedpool.paper_crnn": Target("sedpool.models.paper_crnn"),
    },
    "pooling": {
        f"sedpool.{name}": Target(f"sedpool.pooling.{name}")
        for name in (
            "AlphaBound",
            "Attention",
            "AutoPool",
            "AutoPool1D",
            "GeneralizedMean",
            "GlobalWeightedRank",
            "Hierarchical",
            "ISR",
            "LinearSoftmax",
            "LogSumExp",
            "Max",
            "Mean",
            "Min",
            "NoisyOr",
            "Power",
            "SoftMaxPool1D",
            "Softmax",
            "TopKMean",
            "cap",
            "rap",
        )
    },
}
"""By group and public name. The constructor is what the package has under that name."""

FORMER_NAMES = {target.former: name for targets in TARGETS.values() for name, target in targets.items()}
"""Public names by what configurations of sedpool 0.1 called them."""

KERAS = frozenset(
    f"keras.{module}.{name}"
    for module, names in {
        "constraints": ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"),
        "initializers": ("Constant", "Ones", "RandomNormal", "RandomUniform", "TruncatedNormal", "Zeros"),
        "regularizers": ("L1", "L1L2", "L2"),
    }.items()
    for name in names
)
"""Classes of Keras that may stand in an argument."""

_LARGEST = 10**300
_NEVER_ONES_OWN = frozenset(
    {"hydra", "jax", "joblib", "keras", "mlflow", "numpy", "omegaconf", "pandas", "sedpool", "tensorflow", "torch"}
)


def check_texts(config: Mapping[str, Any], path: str) -> None:
    """Check that everything in a loaded configuration is plain: no odd types, interpolation or control characters.

    Raises
    ------
    ConfigError
        With the first value that is no text, number, truth value, list or mapping by texts, such as a date or a set;
        the first number that is not finite or out of any range; and the first text that holds ``${``, or a character
        that cannot be printed.
    """
    parts = list(_parts(config))
    keys = [key for part in parts if isinstance(part, Mapping) for key in part]
    odd = [part for part in parts if not (part is None or isinstance(part, str | int | float | list | Mapping))]
    for value in [*(key for key in keys if not isinstance(key, str)), *odd]:
        raise ConfigError(f"{path}: {value!r} is no plain value; expected texts, numbers, lists and settings by name")
    for number in (part for part in parts if isinstance(part, int | float)):
        if not -_LARGEST < number < _LARGEST:
            shown = number if isinstance(number, float) else "a number of hundreds of digits"
            raise ConfigError(f"{path}: {shown} is nothing to count with; expected a finite number below {_LARGEST:g}")
    for text in (part for part in parts if isinstance(part, str)):
        if "${" in text:
            raise ConfigError(
                f"{path}: {text!r} would be looked up, in the environment or elsewhere, which a loaded configuration "
                "may not ask for; write the value itself"
            )
        if not text.isprintable():
            raise ConfigError(f"{path}: {text!r} holds a character that cannot be printed; remove it")


def refuse_unlisted(node: Any, group: str, path: str, *, trust_code: bool = False) -> tuple[str, ...]:
    """Check that a group of a loaded configuration builds only what it may.

    Parameters
    ----------
    node : mapping
        The group's settings.
    group : str
        Its name, a key of `TARGETS`.
    path : str
        Where the configuration was read, for messages.
    trust_code : bool
        Whether classes and functions of the user's own may be built too.

    Returns
    -------
    names : tuple of str
        The user's own classes and functions, whose code will run.

    Raises
    ------
    ConfigError
        With the first name that is not listed, or the first key by which Hydra would do more than build it.
    """
    own: dict[str, None] = {}
    if isinstance(node, Mapping) and str(node.get("_target_")) in KERAS:
        raise ConfigError(
            f"{path}: {group} is made by {node['_target_']}, which may only be an argument; "
            f"expected one of {', '.join(sorted(TARGETS[group]))}"
        )
    for mapping in (part for part in _parts(node) if isinstance(part, Mapping)):
        if odd := [key for key in mapping if str(key).startswith("_") and key != "_target_"]:
            raise ConfigError(f"{path}: {group} has the key {odd[0]}, which no setting of sedpool has; remove it")
        if "_target_" not in mapping:
            if group == "dataset":
                continue
            raise ConfigError(f"{path}: {group} holds {dict(mapping)} where a value or a class is expected")
        target = str(mapping["_target_"])
        if target in TARGETS[group] or target in KERAS:
            continue
        if not trust_code:
            raise ConfigError(
                f"{path}: {group} is made by {target}, code outside sedpool's public names, which is not executed; "
                "if you know it, trust it: --trust-code, or trust_code=True in Python"
            )
        package = target.partition(".")[0]  # trust is for the user's own classes, not for libraries
        if package in _NEVER_ONES_OWN or package in sys.stdlib_module_names or "." not in target:
            raise ConfigError(
                f"{path}: {group} is made by {target}, which is no class or function of your own; "
                f"expected one of {', '.join(sorted(TARGETS[group]))}, or of a module of yours"
            )
        own[target] = None
    return tuple(own)


def _parts(node: Any) -> Iterator[Any]:
    """Yield a configuration and everything in it, keys included, at any depth."""
    yield node
    if isinstance(node, Mapping):
        yield from node
    for item in node.values() if isinstance(node, Mapping) else node if isinstance(node, list | tuple) else ():
        yield from _parts(item)
