"""Hydra composes a configuration from the folder ``configs`` and overrides."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from sedpool.errors import ConfigError
from sedpool.settings.comments import options
from sedpool.settings.identity import upgraded
from sedpool.settings.label_map import read_label_map
from sedpool.settings.overrides import quote_texts, quoted_form
from sedpool.settings.schema import LauncherSettings, ParallelSettings, checked
from sedpool.settings.suggestions import did_you_mean
from sedpool.settings.targets import TARGETS

_PACKAGE = Path(__file__).resolve().parents[1]


def config_folder() -> Path:
    """Return the configuration folder: packaged beside this file, or at the top of the repository."""
    packaged = _PACKAGE / "configs"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "configs"


def compose(overrides: Sequence[str], folders: Mapping[str, str] | None = None, /, **dataset: Any) -> dict[str, Any]:
    """Compose the resolved configuration that ``train.py`` would run, for commands that share its settings.

    Parameters
    ----------
    overrides : sequence of str
        As on the command line, e.g. ``["dataset=urbansed", "features.sr=22050"]``.
    folders : mapping of str to str, optional
        Plain values for `data_root`, `cache` and `runs`, which need no quoting.
    **dataset
        The same for keys of the group `dataset`, e.g. `root`.

    Raises
    ------
    ConfigError
        If they do not compose, or a mandatory value is missing.
    """
    try:
        with hydra.initialize_config_dir(str(config_folder()), version_base="1.3"):
            cfg = hydra.compose("train", quote_texts(overrides), return_hydra_config=True)
        choices = dict(cfg.hydra.runtime.choices)
        OmegaConf.set_struct(cfg, False)
        del cfg["hydra"]
        cfg.update(folders or {})
        cfg.dataset.update(dataset)
        return resolve(cfg, choices, overrides)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(one_line(error)) from None


def compose_unresolved(overrides: Sequence[str], folders: Sequence[Path] = ()) -> tuple[dict[str, Any], dict[str, Any]]:
    """Compose a configuration without looking up what its values refer to, for the help.

    Parameters
    ----------
    overrides : sequence of str
        As on the command line.
    folders : sequence of Path
        Further configuration folders (``--config-dir``).

    Returns
    -------
    config : dict
        Settings by group, with those of Hydra as ``hydra``.
    choices : dict of str to str
        The chosen config file of each group.

    Raises
    ------
    ConfigError
        If they do not compose.
    """
    search = [f"hydra.searchpath=[{','.join(f'file://{folder.resolve()}' for folder in folders)}]"] if folders else []
    try:
        with hydra.initialize_config_dir(str(config_folder()), version_base="1.3"):
            cfg = hydra.compose("train", [*search, *quote_texts(overrides)], return_hydra_config=True)
        config: dict[str, Any] = OmegaConf.to_container(cfg, resolve=False)  # type: ignore[assignment]
        return config, dict(cfg.hydra.runtime.choices)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(one_line(error)) from None


def resolve(cfg: DictConfig, choices: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Resolve a composed configuration to plain values, and name the run's corpus and method unless they are named.

    A class or function of the user's own (``pooling._target_=mine.Layer``) is called with what the command line gives
    it, and not with what the chosen config file has for the one that it replaces.

    Parameters
    ----------
    cfg : DictConfig
        As Hydra composes it.
    choices : mapping of str to str
        The chosen config file of each group.
    overrides : sequence of str
        As on the command line.
    """
    OmegaConf.set_struct(cfg, False)
    for group in ("launcher", "parallel"):  # as `hydra`: how and where a run computes is no part of it
        cfg.pop(group, None)
    asked = {override.lstrip("+~").partition("=")[0] for override in overrides}
    replaced = [group for group in TARGETS if f"{group}._target_" in asked]
    for group in replaced:
        given = {name.split(".")[1] for name in asked if name.startswith(f"{group}.")}
        for key in [key for key in cfg[group] if key not in given]:
            del cfg[group][key]
    config: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    names = {group: str(config[group]["_target_"]).rpartition(".")[2] for group in replaced}
    if choices["dataset"] == "folder" and "dataset" not in names:
        names["dataset"] = config["dataset"]["name"] or Path(config["dataset"]["root"]).resolve().name
    method = "strong" if config["supervision"] == "strong" else names.get("pooling", str(choices["pooling"]))
    method += "-mixed" if config["supervision"] == "mixed" else ""
    config["corpus"] = config["corpus"] or names.get("dataset", str(choices["dataset"])).removeprefix("load_")
    config["method"] = config["method"] or method
    if isinstance(config["labels"]["map"], str):  # the run keeps what is in the file, not where it lies
        config["labels"]["map"] = read_label_map(config["labels"]["map"])
    return upgraded(config)


def launcher_of(cfg: DictConfig) -> LauncherSettings:
    """Return where the jobs of a sweep, a search or a study run, as a composed configuration says."""
    return checked(LauncherSettings, OmegaConf.to_container(cfg.launcher, resolve=True), "launcher")  # type: ignore[arg-type]


def compose_launcher(overrides: Sequence[str]) -> LauncherSettings:
    """Return what overrides such as ``launcher=slurm`` say.

    Raises
    ------
    ConfigError
        If they do not compose.
    """
    config, _ = compose_unresolved(overrides)
    return checked(LauncherSettings, config["launcher"], "launcher")


def parallel_of(cfg: DictConfig) -> ParallelSettings:
    """Return where features are computed and sounds rendered, as a composed configuration says."""
    return checked(ParallelSettings, OmegaConf.to_container(cfg.parallel, resolve=True), "parallel")  # type: ignore[arg-type]


def compose_parallel(overrides: Sequence[str]) -> ParallelSettings:
    """Return what overrides such as ``parallel=dask`` say; raises as `compose_launcher` does."""
    config, _ = compose_unresolved(overrides)
    return checked(ParallelSettings, config["parallel"], "parallel")


def one_line(error: BaseException) -> str:
    """Return the message of an error without Hydra's layout: what came, what was expected, what to do."""
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    is_refused = "Error parsing" not in str(cause) or "Unknown function" in str(cause)
    if isinstance(cause, OverrideParseException) and is_refused:
        form = quoted_form(cause.override)
        advice = f"quote texts with special characters: {form}"
        if re.search(r"[{,]\s*\w+\s*=", cause.override.partition("=")[2]):
            advice = f"write colons between names and values: {form}"
        if cause.override in form:
            advice = "only a file can hold keys with special characters (--config-dir; docs/extend.md)"
        return f"{cause.override}: not readable; {advice}"
    if isinstance(cause, MissingMandatoryValue):
        return f"{cause.full_key} is missing; give it as {cause.full_key}=..."
    if isinstance(cause, InterpolationKeyError):
        reason = " ".join(str(cause).splitlines()[0].split())
        return (
            f"{cause.full_key}: {reason}; choose options that belong together, such as model=aisfx for features=aisfx"
        )
    if isinstance(cause, ConfigKeyError | ConfigAttributeError) and cause.parent_node is not None:
        known = ", ".join(sorted(map(str, cause.parent_node)))
        root: Any = OmegaConf.to_container(cause.parent_node._get_root(), resolve=False)
        suggestion = did_you_mean(str(cause.full_key), _dotted_keys(root))
        group = str(cause.full_key).partition(".")[0]
        target = str((root.get(group) or {}).get("_target_", "")) if group in TARGETS else ""
        if target and not target.startswith("sedpool."):
            suggestion = f"if {target} takes it, add it: +{cause.full_key}=...; "
        return f"{cause.full_key}: no such setting; {suggestion}known: {known}"
    if isinstance(cause, MissingConfigException) and cause.options and cause.missing_cfg_file:
        group, _, option = cause.missing_cfg_file.rpartition("/")
        known_options = list(cause.options)
        if group.startswith("experiment"):  # Hydra lists the presets of one folder only
            group, _, option = cause.missing_cfg_file.partition("/")
            known_options = list(options([config_folder()])[group])
        suggestion = did_you_mean(option, known_options).replace("did you mean ", f"did you mean {group}=")
        return f"{group}={option}: no such option; {suggestion}known: {', '.join(known_options)}"
    lines = [line.strip() for line in str(cause).splitlines()]
    hidden = ("full_key:", "object_type=", "reference_type=", "Config search path", "provider=", "Set the environment")
    return " ".join(line for line in lines if line and not line.startswith(hidden)).strip()


def _dotted_keys(node: Any, prefix: str = "") -> list[str]:
    """Return the keys of a configuration, at any depth, without Hydra's own."""
    keys: list[str] = []
    for key, value in node.items():
        if key != "hydra":
            keys.append(f"{prefix}{key}")
            if isinstance(value, dict):
                keys += _dotted_keys(value, f"{prefix}{key}.")
    return keys
