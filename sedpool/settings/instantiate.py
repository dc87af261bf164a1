"""Objects from a configuration, by the ``_target_`` that names their class or function."""

import inspect
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from hydra._internal.utils import _locate
from hydra.errors import InstantiationException
from hydra.utils import instantiate

from sedpool.errors import ConfigError, SedpoolError
from sedpool.settings.schema import check_types


def build(config: Mapping[str, Any], key: str) -> Any:
    """Build the object that ``config[key]`` describes by its ``_target_``.

    Raises
    ------
    ConfigError
        If the target does not exist or refuses its arguments; an error of ours passes through unchanged.
    """
    check_target(config, key)
    node = dict(config[key])
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, SedpoolError):
            raise error.__cause__ from None
        cause = error.__cause__ or error
        reason = next(iter(str(cause).splitlines()), type(cause).__name__)  # a MemoryError says nothing
        raise ConfigError(f"{key} ({node['_target_']}): {reason}") from error
    except (ImportError, AttributeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{key}._target_={node['_target_']}: {reason}") from None


def check_target(config: Mapping[str, Any], key: str) -> None:
    """Check that the class or function that ``config[key]`` names exists and can take its arguments.

    Raises
    ------
    ConfigError
        If it does not exist, lacks an argument, or one is of the wrong type.
    """
    if not isinstance(config[key], Mapping) or "_target_" not in config[key]:
        raise ConfigError(f"{key} has no _target_; expected the class or function that makes it, by its dotted name")
    node = config[key]
    name = str(node["_target_"])
    try:
        target = _locate(name)  # hydra.utils.get_object logs its errors, too
    except (ImportError, ValueError) as error:
        parent, _, last = name.rpartition(".")
        reason = " ".join(str(error).split())
        if parent in sys.modules:
            similar = get_close_matches(last, dir(sys.modules[parent]), n=1)
            reason = f"no {last} in {parent}" + "".join(f"; did you mean {parent}.{one}?" for one in similar)
        raise ConfigError(f"{key}._target_={name}: {reason}") from None
    check_types(target, node, key)
    for argument, parameter in inspect.signature(target).parameters.items():
        is_needed = parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        )
        if is_needed and argument not in node:
            raise ConfigError(f"{key} ({name}): the argument {argument} is missing; add +{key}.{argument}=...")
