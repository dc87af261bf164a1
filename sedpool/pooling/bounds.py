"""How far one frame of a bag can count under AutoPool: the algebra behind CAP, in plain numbers.

With frame probabilities in [0, 1] and a bag of ``m`` frames, softmax weights of sharpness α have bounds that depend
on α and m alone (McFee, Salamon and Bello 2018, equations 7, 9 and 10). Turned round, they give the α that keeps
every weight below a wanted maximum or above a wanted minimum (equations 11 and 12).
"""

import math

from sedpool.errors import ConfigError


def alpha_for_max_weight(max_weight: float, bag_size: int) -> float:
    """Largest |α| at which no frame can count more than ``max_weight``."""
    if not 1 / bag_size < max_weight < 1:
        raise ConfigError(
            f"max_weight={max_weight} cannot hold in a bag of {bag_size} frames: it must lie between "
            f"1/{bag_size} = {1 / bag_size:.4g} and 1 (both excluded)"
        )
    return math.log(max_weight / (1 - max_weight)) + math.log(bag_size - 1)


def alpha_for_min_weight(min_weight: float, bag_size: int) -> float:
    """Largest |α| at which every frame counts at least ``min_weight``."""
    if not 0 < min_weight <= 1 / bag_size:
        raise ConfigError(
            f"min_weight={min_weight} cannot hold in a bag of {bag_size} frames: it must be above 0 and at most "
            f"1/{bag_size} = {1 / bag_size:.4g}"
        )
    if bag_size == 1:
        return math.inf  # the only frame counts 1 whatever α
    return max(0.0, math.log((1 - min_weight) / min_weight) - math.log(bag_size - 1))
