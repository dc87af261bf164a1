"""What counts as found in PSDS, and what false alarms cost."""

import math
from dataclasses import dataclass
from typing import Any

from sedpool.errors import ConfigError
from sedpool.evaluation.intersection import MICROSECONDS


@dataclass(frozen=True)
class Scenario:
    """What counts as found, and what false alarms cost.

    Attributes
    ----------
    dtc, gtc, cttc : float
        Shares, above 0 and up to 1; see `sedpool.evaluation.intersection`.
    alpha_ct : float
        Weight of cross-triggers beside other false positives, 0 or more; with 0, `cttc` is without effect.
    alpha_st : float
        Weight of the standard deviation over classes, 0 or more.
    max_efpr : float
        Effective false positives per hour at which the curve ends, above 0.
    decimals : int or None
        See `sedpool.evaluation.intersection.MICROSECONDS`; None to compare as psds_eval does.

    Raises
    ------
    ConfigError
        If a value is out of its range.
    """

    dtc: float
    gtc: float
    cttc: float = 0.3
    alpha_ct: float = 0.0
    alpha_st: float = 1.0
    max_efpr: float = 100.0
    decimals: int | None = MICROSECONDS

    def __post_init__(self) -> None:
        for name in _KEYS:
            value = getattr(self, name)
            if name in ("dtc", "gtc", "cttc"):
                fits, expected = 0 < value <= 1, "a share above 0, up to 1"
            elif name == "max_efpr":
                fits, expected = 0 < value < math.inf, "a number above 0"
            else:
                fits, expected = 0 <= value < math.inf, "a number from 0"
            if not fits:
                raise ConfigError(f"psds: {name}={value:g}; expected {expected}")

    def __str__(self) -> str:
        """Return the form that `parse_scenario` reads, with all values."""
        return ",".join(f"{name}={getattr(self, name):.12g}" for name in _KEYS)


_KEYS = ("dtc", "gtc", "cttc", "alpha_ct", "alpha_st", "max_efpr")

SCENARIO_1 = Scenario(dtc=0.7, gtc=0.7)
"""DCASE task 4: a system that reacts fast, and so must locate well."""

SCENARIO_2 = Scenario(dtc=0.1, gtc=0.1, cttc=0.3, alpha_ct=0.5)
"""DCASE task 4: a system that must not confuse classes."""

SCENARIOS = {"scenario1": SCENARIO_1, "scenario2": SCENARIO_2}


def parse_scenario(text: str) -> Scenario:
    """Parse a scenario as on the command line; what is not given has the default of `Scenario`.

    Raises
    ------
    ConfigError
        If a key is unknown, given twice or missing, or a value is no number in its range.

    Examples
    --------
    >>> print(parse_scenario("dtc=0.5,gtc=0.5,alpha_st=0"))
    dtc=0.5,gtc=0.5,cttc=0.3,alpha_ct=0,alpha_st=0,max_efpr=100
    """
    values: dict[str, Any] = {}
    for part in text.split(","):
        key, _, value = (piece.strip() for piece in part.partition("="))
        if key not in _KEYS or key in values:
            problem = "given twice" if key in values else "no such key"
            raise ConfigError(f"psds: {key!r}: {problem}; expected {', '.join(_KEYS)}, as in dtc=0.5,gtc=0.5")
        try:
            values[key] = float(value)
        except ValueError:
            raise ConfigError(f"psds: {key}={value}: no number; expected one, as in dtc=0.5,gtc=0.5") from None
    if missing := [key for key in ("dtc", "gtc") if key not in values]:
        raise ConfigError(f"psds: {text}: no {' and no '.join(missing)}; expected dtc=0.5,gtc=0.5 and the like")
    return Scenario(**values)
