"""How much less do clips tell that share source recordings? The design effect of a many-to-many sharing.

A soundscape is mixed from several recordings, and a recording is in several soundscapes. Then there are no blocks that
share nothing (all clips hang together), and weights drawn for recordings go wrong: the mean of the weights of a clip's
sources understates the variance, and their product, the pigeonhole bootstrap [1]_, overstates it manyfold (a clip of
five sources counts its own noise 31 times). So the variance is that of overlapping clusters [2]_ [3]_: the products of
the influences of all pairs of clips, once for each recording that the two share.

References
----------
.. [1] A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2), 2007.
.. [2] A. C. Cameron, J. B. Gelbach, D. L. Miller, "Robust inference with multiway clustering", Journal of Business &
   Economic Statistics 29(2), 2011.
.. [3] P. M. Aronow, C. Samii, V. A. Assenova, "Cluster-robust variance estimation for dyadic data", Political Analysis
   23(4), 2015.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse, stats

from sedpool.errors import EvaluationError
from sedpool.runtime.arrays import Float64Array

Membership = Any
"""`scipy.sparse.csr_array` (scipy has no type hints), shape (clips, sources): 1 where the clip has the source."""


def membership(filenames: Sequence[str], clip_sources: pd.DataFrame) -> Membership:
    """Build the matrix of which clip was made from which recordings.

    Parameters
    ----------
    filenames : sequence of str
        The clips, in the order of the counts.
    clip_sources : DataFrame
        Columns `filename` and `source`; a clip without rows shares nothing. Rows of other clips are ignored.

    Raises
    ------
    EvaluationError
        If a column is missing.
    """
    missing = [column for column in ("filename", "source") if column not in clip_sources.columns]
    if missing:
        raise EvaluationError(f"clip sources: no column {', '.join(missing)}; expected filename and source")
    pairs = clip_sources[["filename", "source"]].drop_duplicates()
    pairs = pairs.loc[pairs["filename"].isin(list(filenames))]
    rows = pd.Index(list(filenames)).get_indexer(pd.Index(pairs["filename"]))
    columns, sources = pd.factorize(pairs["source"])
    return sparse.csr_array((np.ones(len(pairs)), (rows, columns)), shape=(len(filenames), len(sources)))


def design_effect(influences: Float64Array, sources: Membership) -> float:
    """Compute the ratio of the variance with shared sources to that without, at least 1.

    Parameters
    ----------
    influences : ndarray, shape (clips,)
        How much each clip moves a metric.
    sources : Membership
        Which recordings each clip was made from.

    Returns
    -------
    effect : float
        1 where no source is shared, NaN where an influence is undefined. With one source per clip this is the ordinary
        cluster-robust variance ratio.

    Examples
    --------
    >>> two_blocks = sparse.csr_array(np.array([[1, 0], [1, 0], [0, 1], [0, 1]]))
    >>> design_effect(np.array([1.0, 1.0, -1.0, -1.0]), two_blocks)
    4.0
    """
    independent = float(np.sum(influences**2))
    return 1.0 if independent == 0 else clustered_variance(influences, [sources]) / independent


def clustered_variance(influences: Float64Array, kinds: Sequence[Membership]) -> float:
    """Compute the variance of a metric whose clips share recordings of several kinds, such as sounds and backgrounds.

    Parameters
    ----------
    influences : ndarray, shape (clips,)
        How much each clip moves the metric.
    kinds : sequence of Membership
        Which recordings of each kind each clip was made from. Pairs of clips that share recordings of two kinds count
        for both, so that the variance errs on the large side.

    Returns
    -------
    variance : float
        At least that of independent clips, NaN where an influence is undefined.

    Examples
    --------
    >>> two_blocks = sparse.csr_array(np.array([[1, 0], [1, 0], [0, 1], [0, 1]]))
    >>> clustered_variance(np.array([1.0, 1.0, -1.0, -1.0]), [two_blocks, two_blocks])
    28.0
    """
    squares = influences**2
    shared = float(np.sum(squares))
    for sources in kinds:
        per_source = sources.T @ influences
        n_sources = per_source.size
        few = n_sources / (n_sources - 1) if n_sources > 1 else 1.0
        # A clip's own square is in the sum of each of its sources, but belongs in the variance once.
        n_own = np.asarray(sources.sum(axis=1)).ravel()
        shared += few * float(np.sum(per_source**2)) - float(np.sum(n_own * squares))
    return float(np.maximum(np.sum(squares), shared))


def t_interval(
    estimate: float, variance: float, degrees: int, *, confidence_level: float = 0.95
) -> tuple[float, float]:
    """Return the ends of Student's interval around an estimate.

    Parameters
    ----------
    estimate, variance : float
        Of the metric, and of its estimate.
    degrees : int
        Degrees of freedom: of clustered clips one less than the fewest clusters of a kind.
    confidence_level : float
        Share of such intervals that should hold the true value.
    """
    reach = float(stats.t.isf((1 - confidence_level) / 2, degrees) * np.sqrt(variance))
    return estimate - reach, estimate + reach
