"""Objects from a configuration, by the ``_target_`` that names their class or function."""

from collections.abc import Mapping
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate

from sedpool.errors import ConfigError, SedpoolError
from sedpool.settings.schema import check_types


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
        cause = error.__cause__ or error
        reason = next(iter(str(cause).splitlines()), type(cause).__name__)  # a MemoryError says nothing
        raise ConfigError(f"{key} ({node['_target_']}): {reason}") from error
    except (ImportError, AttributeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{key}._target_={node['_target_']}: {reason}") from None
