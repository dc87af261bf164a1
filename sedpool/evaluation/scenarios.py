"""What counts as found in PSDS, and what false alarms cost."""

from dataclasses import dataclass

from sedpool.evaluation.intersection import MICROSECONDS


@dataclass(frozen=True)
class Scenario:
    """What counts as found, and what false alarms cost.

    Attributes
    ----------
    dtc, gtc, cttc : float
        Shares, above 0; see `sedpool.evaluation.intersection`.
    alpha_ct : float
        Weight of cross-triggers beside other false positives; with 0, `cttc` is without effect.
    alpha_st : float
        Weight of the standard deviation over classes.
    max_efpr : float
        Effective false positives per hour at which the curve ends.
    decimals : int or None
        See `sedpool.evaluation.intersection.MICROSECONDS`; None to compare as psds_eval does.
    """

    dtc: float
    gtc: float
    cttc: float = 0.3
    alpha_ct: float = 0.0
    alpha_st: float = 1.0
    max_efpr: float = 100.0
    decimals: int | None = MICROSECONDS


SCENARIO_1 = Scenario(dtc=0.7, gtc=0.7)
"""DCASE task 4: a system that reacts fast, and so must locate well."""

SCENARIO_2 = Scenario(dtc=0.1, gtc=0.1, cttc=0.3, alpha_ct=0.5)
"""DCASE task 4: a system that must not confuse classes."""

SCENARIOS = {"scenario1": SCENARIO_1, "scenario2": SCENARIO_2}
