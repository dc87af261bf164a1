"""Types and ranges of the settings that YAML cannot check, with errors that name the key."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

from pydantic import ConfigDict, Field, PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sedpool.errors import ConfigError

Settings = TypeVar("Settings")
LONGEST = 1e7
"""Seconds, 115 days: no recording is longer."""
Seconds = Annotated[float, Field(gt=0, le=LONGEST, allow_inf_nan=False)]
SecondsOrNone = Annotated[float, Field(ge=0, le=LONGEST, allow_inf_nan=False)]
FilterSeconds = Annotated[float, Field(ge=0, le=600)]
Probability = Annotated[float, Field(gt=0, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class RunSettings:
    """The settings of a run that belong to no group.

    Attributes
    ----------
    supervision : {'weak', 'strong', 'mixed'}
        Labels that training uses.
    seed : int
        Drives training.
    allow_missing, force : bool
        Whether to go on without missing clips; whether to repeat a finished run.
    jobs : int or None
        Processes for feature extraction; None for one per processor.
    corpus, method : str
        Names of the run folder.
    data_root, cache, runs : str
        Folders.
    """

    supervision: Literal["weak", "strong", "mixed"]
    seed: Annotated[int, Field(ge=0, strict=True)]
    allow_missing: Annotated[bool, Field(strict=True)]
    force: Annotated[bool, Field(strict=True)]
    jobs: Annotated[int, Field(ge=1, strict=True)] | None
    corpus: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    method: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    data_root: str
    cache: str
    runs: str


@dataclass(frozen=True, config=_STRICT)
class LabelSettings:
    """How labels are changed before training; see ``configs/train.yaml``.

    Attributes
    ----------
    map : list of (str, str) or None
        What labels become; see `sedpool.settings.label_map`.
    n_train : int or None
        How many training clips to draw.
    bag_duration : float or None
        Length in seconds of the bags that training and validation clips are cut into.
    drop, add : float or dict of str to float
        Probability that a right tag of a training clip is dropped, and a wrong one added, for all classes or by name.
    seed : int
        Draws them, and the training clips.
    times : {'all', 'test'}
        Whether training and validation clips keep the times of their events, or only test clips do.
    """

    map: list[tuple[str, str]] | None
    bag_duration: Seconds | None
    drop: Share | dict[str, Share]
    add: Share | dict[str, Share]
    seed: Annotated[int, Field(ge=0, strict=True)]
    times: Literal["all", "test"] = "all"
    n_train: Annotated[int, Field(ge=1, strict=True)] | None = None

    @property
    def are_noisy(self) -> bool:
        """Whether tags may change."""
        return bool(self.drop or self.add)


@dataclass(frozen=True, config=_STRICT)
class EvaluationSettings:
    """See ``configs/evaluation/default.yaml``; `Decoder` explains the first nine and the last."""

    threshold: Probability | dict[str, Probability]
    clip_threshold: Probability | dict[str, Probability]
    low_threshold: Probability | dict[str, Probability] | None
    median_filter: FilterSeconds | dict[str, FilterSeconds]
    max_gap: SecondsOrNone | dict[str, SecondsOrNone]
    min_duration: SecondsOrNone | dict[str, SecondsOrNone]
    box_filter: FilterSeconds | dict[str, FilterSeconds] | None
    merge_drop: Probability | dict[str, Probability]
    merge_share: Probability | dict[str, Probability]
    tune: Literal["global", "per_class", "all"] | None
    tune_on: Literal["segment", "event", "clip"]
    paper_compat: Annotated[bool, Field(strict=True)] | None
    resolution: Annotated[float, Field(ge=1e-3, le=LONGEST)]
    collar: Seconds
    offset_tolerance_ratio: Annotated[float, Field(ge=0, le=1)]
    clip_mask: Annotated[bool, Field(strict=True)] = False


@dataclass(frozen=True, config=_STRICT)
class TrackingSettings:
    """What is recorded of a run besides its numbers, which depend on none of this.

    Attributes
    ----------
    uri : str or None
        Tracking URI of MLflow; None copies nothing there.
    experiment : str
        Name of the MLflow experiment.
    energy : bool
        Whether CodeCarbon, where it is installed, meters every epoch.
    """

    uri: str | None
    experiment: str
    energy: Annotated[bool, Field(strict=True)]


@dataclass(frozen=True, config=_STRICT)
class LauncherSettings:
    """Where the jobs of a sweep, a search or a study run; see ``configs/launcher/``.

    Attributes
    ----------
    kind : {'local', 'slurm'}
        On this machine, or on a cluster.
    jobs : int
        How many at a time.
    sbatch : str
        Further options of SLURM's command ``sbatch``.
    """

    kind: Literal["local", "slurm"]
    jobs: Annotated[int, Field(ge=1, strict=True)]
    sbatch: str = ""


@dataclass(frozen=True, config=_STRICT)
class ParallelSettings:
    """Where features are computed, sounds rendered and recordings detected in; see ``configs/parallel/``.

    Attributes
    ----------
    kind : {'local', 'dask'}
        In processes of this machine, or on the workers of a Dask cluster.
    address : str or None
        Of the cluster's scheduler.
    """

    kind: Literal["local", "dask"]
    address: str | None = None

    def __post_init__(self) -> None:
        if (self.kind == "dask") != (self.address is not None):
            expected = "the address of its scheduler, such as tcp://192.168.0.7:8786" if self.kind == "dask" else "none"
            raise ConfigError(f"parallel={self.kind} parallel.address={self.address}: expected {expected}")


@dataclass(frozen=True, config=_STRICT)
class SearchSettings:
    """How a search goes; see ``configs/hydra/sweeper/``.

    Attributes
    ----------
    method : {'random', 'optuna'}
        Who proposes.
    n_trials : int
        How many jobs.
    seed : int
        Of the proposals.
    """

    method: Literal["random", "optuna"]
    n_trials: Annotated[int, Field(ge=1, strict=True)]
    seed: Annotated[int, Field(ge=0, strict=True)]


def checked(kind: type[Settings], values: Mapping[str, Any], group: str = "") -> Settings:
    """Build settings, or raise an error that names the wrong key.

    Parameters
    ----------
    kind : type
        A pydantic dataclass.
    values : mapping
        Its arguments.
    group : str
        Config group, for the message.

    Raises
    ------
    ConfigError
        On a value of the wrong type or out of range, or an unknown or missing key.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{group}={values}: expected its settings by name")
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in ([group] if group else []) + list(first["loc"][:1]))
        if first["type"] == "missing":
            raise ConfigError(f"{key} is missing; give it a value") from None
        message = first["msg"].removeprefix("Value error, ")
        reason = message[0].lower() + message[1:]
        raise ConfigError(f"{key}={first['input']}: {reason}") from None


def check_types(target: Callable[..., Any], values: Mapping[str, Any], group: str) -> None:
    """Compare values with the annotations of what they will be handed to.

    Parameters
    ----------
    target : callable
        A class or function. Annotations that say nothing about plain values are passed over.
    values : mapping
        Its arguments; what the target does not name is passed over, and so is what names a target of its own.
    group : str
        Config group, for the message.

    Raises
    ------
    ConfigError
        On the first value of the wrong type.
    """
    hints = get_type_hints(vars(target).get("__init__", target) if isinstance(target, type) else target)
    for name, value in values.items():
        if isinstance(value, Mapping) and "_target_" in value:
            continue
        try:
            TypeAdapter(hints.get(name, Any), config=ConfigDict(arbitrary_types_allowed=True)).validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            reason = f"expected a list, [{value}]" if first["type"] == "sequence_str" else first["msg"]
            raise ConfigError(f"{group}.{name}={value}: {reason[0].lower()}{reason[1:]}") from None
        except PydanticSchemaGenerationError:
            continue
