"""What can this test set, or this number of runs, not show? Smallest differences and smallest p-values."""

import math

from scipy import stats

SIGNIFICANCE_LEVEL, POWER = 0.05, 0.8


def detectable_difference(
    standard_error: float, *, significance_level: float = SIGNIFICANCE_LEVEL, power: float = POWER
) -> float:
    """Compute the smallest true difference that a two-sided test finds with probability `power`.

    Parameters
    ----------
    standard_error : float
        Of the paired difference, as its bootstrap over clips gives it.
    significance_level : float
        Of the test.
    power : float
        Probability of finding the difference.

    Returns
    -------
    difference : float
        2.8 standard errors, by default.

    Examples
    --------
    >>> round(detectable_difference(0.01), 3)
    0.028
    """
    return float((stats.norm.isf(significance_level / 2) + stats.norm.isf(1 - power)) * standard_error)


def noninferiority_power(
    standard_error: float, margin: float, degrees: int, *, confidence_level: float = 0.95
) -> float:
    """Compute how probable it is to find a system not inferior that is in truth exactly as good as the other.

    Parameters
    ----------
    standard_error : float
        Of the difference.
    margin : float
        How far below 0 the lower end of the interval of the difference may lie.
    degrees : int
        Degrees of freedom of the standard error.
    confidence_level : float
        Of the two-sided interval.

    Examples
    --------
    >>> [round(noninferiority_power(error, 0.02, 9), 2) for error in (0.005, 0.01, 0.02)]
    [0.94, 0.4, 0.12]
    """
    limit = stats.t.isf((1 - confidence_level) / 2, degrees)
    return float(stats.t.cdf(margin / standard_error - limit, degrees))


def smallest_p_sign_flip(n_pairs: int) -> float:
    """Compute the smallest possible p-value of the sign-flip test and of McNemar's: all differences have one sign.

    Parameters
    ----------
    n_pairs : int
        Runs of two methods; for McNemar's test clips on which two systems differ.

    Examples
    --------
    >>> smallest_p_sign_flip(3), smallest_p_sign_flip(6)
    (0.25, 0.03125)
    """
    return min(1.0, 2.0 ** (1 - n_pairs))


def smallest_p_friedman(n_methods: int, n_blocks: int) -> float:
    """Compute the smallest possible p-value of Friedman's test: the same order in every block.

    Examples
    --------
    >>> smallest_p_friedman(2, 3), round(smallest_p_friedman(6, 2), 4)
    (0.25, 0.0014)
    """
    return float(math.factorial(n_methods)) ** (1 - n_blocks)
