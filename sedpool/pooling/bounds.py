"""How far one frame of a bag can count under AutoPool: the algebra behind CAP, in plain numbers.

With frame probabilities in [0, 1] and a bag of m frames, the weights softmax(α p) have bounds that depend on α and m
alone. Turned round, they give the largest |α| that keeps every weight below a wanted maximum or above a wanted minimum.
McFee, Salamon and Bello (2018), section III, equations 7 and 9 to 12.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, lambertw

from sedpool.errors import ConfigError
from sedpool.runtime.arrays import Float64Array


def weight_bounds(alpha: ArrayLike, bag_size: ArrayLike) -> tuple[Float64Array, Float64Array]:
    """Smallest and largest weight that a frame can have.

    Parameters
    ----------
    alpha : array_like
        AutoPool's α, of any sign; 1 is softmax pooling (equation 7).
    bag_size : array_like
        Number m of frames.

    Returns
    -------
    smallest, largest : ndarray
        1 / (1 + e^|α| (m − 1)) and e^|α| / (e^|α| + m − 1). A frame reaches one of them if it lies at one end of [0, 1]
        while all others lie at the other end.

    Examples
    --------
    >>> smallest, largest = weight_bounds(alpha=np.log(25), bag_size=26)
    >>> round(float(largest), 6)
    0.5
    """
    sharpness = np.abs(np.asarray(alpha, dtype=float))
    with np.errstate(divide="ignore"):  # the only frame of a bag counts 1, and ln 0 = −∞ says so
        log_others = np.log(np.asarray(bag_size, dtype=float) - 1)
    return expit(-sharpness - log_others), expit(sharpness - log_others)


def gap_to_max(alpha: ArrayLike, bag_size: ArrayLike) -> Float64Array:
    """Upper bound on how far AutoPool with α > 0 lies below the maximum: W((m − 1) / e) / |α|.

    Parameters
    ----------
    alpha : array_like
        AutoPool's α. Below 0 the bound is on how far it lies above the minimum.
    bag_size : array_like
        Number m of frames.

    Returns
    -------
    ndarray
        The largest max p − P over all bags of m real numbers, W being Lambert's function; infinite at α = 0. A bag
        reaches it whose other frames all lie (1 + W) / |α| below its largest. With p in [0, 1] there is none for
        |α| < 1 + W((m − 1) / e), which is 2.69 for 26 frames: AutoPool stays closer than the bound.

    Examples
    --------
    >>> round(float(gap_to_max(alpha=5.0, bag_size=26)), 3)
    0.339
    """
    others = np.asarray(bag_size, dtype=float) - 1
    of_sharpness_1 = np.real(lambertw(others / np.e))
    with np.errstate(divide="ignore", invalid="ignore"):  # α = 0: any gap, but none in a bag of one frame
        return np.where(of_sharpness_1 == 0, 0.0, of_sharpness_1 / np.abs(np.asarray(alpha, dtype=float)))


def alpha_for_max_weight(max_weight: float, bag_size: int) -> float:
    """Largest |α| at which no frame can count more than a given weight (equation 11).

    Parameters
    ----------
    max_weight : float
        φ₊; above ``1 / bag_size``, which is the mean, and below 1.
    bag_size : int
        Number m of frames.

    Returns
    -------
    float
        ln(φ₊ / (1 − φ₊)) + ln(m − 1).

    Raises
    ------
    ConfigError
        If no α keeps `max_weight` in such a bag, or every α does.

    Examples
    --------
    >>> round(alpha_for_max_weight(0.5, bag_size=26), 7)
    3.2188758
    """
    if not 1 / bag_size < max_weight < 1:
        raise ConfigError(
            f"max_weight={max_weight} cannot hold in a bag of {bag_size} frames: it must lie between "
            f"1/{bag_size} = {1 / bag_size:.4g} and 1 (both excluded)"
        )
    return math.log(max_weight / (1 - max_weight)) + math.log(bag_size - 1)


def alpha_for_min_weight(min_weight: float, bag_size: int) -> float:
    """Largest |α| at which every frame counts at least a given weight (equation 12).

    Parameters
    ----------
    min_weight : float
        φ₋; above 0 and at most ``1 / bag_size``, which is the mean.
    bag_size : int
        Number m of frames.

    Returns
    -------
    float
        ln((1 − φ₋) / φ₋) − ln(m − 1).

    Raises
    ------
    ConfigError
        If no α keeps `min_weight` in such a bag, or every α does.

    Examples
    --------
    >>> round(alpha_for_min_weight(0.01, bag_size=26), 7)
    1.376244
    """
    if bag_size < 2 or not 0 < min_weight <= 1 / bag_size:
        raise ConfigError(
            f"min_weight={min_weight} cannot hold in a bag of {bag_size} frames: the bag needs two or more, and "
            f"min_weight must be above 0 and at most 1/{bag_size} = {1 / bag_size:.4g}"
        )
    # At 1/m the two logarithms cancel except for rounding.
    return max(0.0, math.log((1 - min_weight) / min_weight) - math.log(bag_size - 1))
