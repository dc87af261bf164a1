"""How a value is drawn: the distributions of Scaper's specs, written as Scaper writes them.

``[const, 3]``, ``[choose, [1, 2, 4]]``, ``[uniform, 0.5, 3]``, ``[normal, mean, deviation]`` and
``[truncnorm, mean, deviation, low, high]``. A number alone is a constant; a value that ``choose`` lists twice is twice
as likely.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from sedpool.errors import ConfigError

_DRAWS = 1000  # of an unbounded distribution before it counts as one that never falls within its limits


@dataclass(frozen=True)
class Distribution:
    """A distribution of numbers.

    Attributes
    ----------
    name : {"const", "choose", "uniform", "normal", "truncnorm"}
    parameters : tuple of float
        The constant; the choices; low and high; mean and deviation; mean, deviation, low and high.
    """

    name: str
    parameters: tuple[float, ...]

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value that can be drawn."""
        if self.name == "normal":
            return -math.inf, math.inf
        ends = self.parameters[2:] if self.name == "truncnorm" else self.parameters
        return min(ends), max(ends)

    def draw(self, rng: np.random.Generator) -> float:
        """Draw a value."""
        return _DRAW[self.name](self.parameters, rng)

    def draw_count(self, rng: np.random.Generator) -> int:
        """Draw a whole number: of ``uniform`` each from low to high is as likely, others are rounded, 0 at least."""
        if self.name == "uniform":
            low, high = self.parameters
            return int(rng.integers(math.ceil(low), math.floor(high) + 1))
        return max(0, round(self.draw(rng)))

    def draw_within(self, low: float, high: float, rng: np.random.Generator, key: str) -> float:
        """Draw until the value is from `low` to `high`, which only ``normal`` may miss.

        Raises
        ------
        ConfigError
            If 1,000 draws fail; the message names `key`.
        """
        for _ in range(_DRAWS):
            value = self.draw(rng)
            if low <= value <= high:
                return value
        raise ConfigError(f"{key}={self}: {_DRAWS} draws gave no value from {low} to {high}; correct the distribution")

    def __str__(self) -> str:
        return f"[{', '.join(map(str, (self.name, *self.parameters)))}]"


def parse(value: Any) -> Distribution:
    """Distribution that a YAML value stands for.

    Raises
    ------
    ValueError
        If it is none; pydantic and `sedpool.settings.schema.checked` add the key.

    Examples
    --------
    >>> parse(["uniform", 0.5, 3]), parse(2)
    (Distribution(name='uniform', parameters=(0.5, 3.0)), Distribution(name='const', parameters=(2.0,)))
    """
    if isinstance(value, Distribution):
        return value
    if _is_number(value):
        return Distribution("const", (float(value),))
    if not isinstance(value, list | tuple) or not value or value[0] not in _SHAPES:
        raise ValueError(f"expected a number or [{' | '.join(_SHAPES)}, ...]")
    name, *given = value
    if name == "choose" and len(given) == 1 and isinstance(given[0], list | tuple):
        given = list(given[0])
    if not given or not all(map(_is_number, given)) or (name != "choose" and len(given) != _SHAPES[name].count(",")):
        raise ValueError(f"expected {_SHAPES[name]}, all of them finite numbers")
    _check_order(name, given)
    return Distribution(name, tuple(map(float, given)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_order(name: str, given: list[float]) -> None:
    if name in ("uniform", "truncnorm") and given[-2] > given[-1]:
        raise ValueError(f"low {given[-2]} is above high {given[-1]}")
    if name in ("normal", "truncnorm") and given[1] <= 0:
        raise ValueError(f"deviation {given[1]}; expected more than 0")
    if name == "truncnorm" and not ndtr((given[3] - given[0]) / given[1]) > ndtr((given[2] - given[0]) / given[1]):
        raise ValueError(f"nothing is drawn from {given[2]} to {given[3]}, so far from the mean {given[0]}")


def _draw_truncnorm(parameters: tuple[float, ...], rng: np.random.Generator) -> float:
    mean, deviation, low, high = parameters
    below, above = ndtr((low - mean) / deviation), ndtr((high - mean) / deviation)
    return float(np.clip(mean + deviation * ndtri(rng.uniform(below, above)), low, high))


_SHAPES = {
    "const": "[const, value]",
    "choose": "[choose, [value, ...]]",
    "uniform": "[uniform, low, high]",
    "normal": "[normal, mean, deviation]",
    "truncnorm": "[truncnorm, mean, deviation, low, high]",
}
_DRAW: dict[str, Callable[[tuple[float, ...], np.random.Generator], float]] = {
    "const": lambda parameters, rng: parameters[0],
    "choose": lambda parameters, rng: parameters[int(rng.integers(len(parameters)))],
    "uniform": lambda parameters, rng: float(rng.uniform(parameters[0], parameters[1])),
    "normal": lambda parameters, rng: float(rng.normal(parameters[0], parameters[1])),
    "truncnorm": _draw_truncnorm,
}
