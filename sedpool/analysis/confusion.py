"""Which class is taken for which? Seconds in which one class was missed while another was falsely detected."""

import numpy as np
import pandas as pd

from sedpool.analysis.timeline import Timeline, tidy_seconds

NOTHING = ""
"""In place of a class: nothing sounded, or nothing was detected."""


def confusion(line: Timeline) -> pd.DataFrame:
    """Compute for how long each class was taken for each other.

    At any moment, `m` missed and `f` falsely detected classes make ``min(m, f)`` substitutions, as in the error rate;
    each missed class is shared out equally among the false ones, and what is left over is missed (or invented)
    outright.

    Parameters
    ----------
    line : Timeline
        Reference and estimate.

    Returns
    -------
    table : DataFrame
        ``reference, estimated, seconds``: one row per pair of classes, `NOTHING` included. The rows of a reference
        class sum to the time it sounds, those of an estimated class to the time it is detected.
    """
    missed, false = line.reference & ~line.estimated, line.estimated & ~line.reference
    most = np.maximum(np.maximum(missed.sum(axis=1), false.sum(axis=1)), 1)
    substituted = missed.T @ (false * (line.seconds / most)[:, None])
    np.fill_diagonal(substituted, line.seconds @ (line.reference & line.estimated))
    matrix = pd.DataFrame(substituted, index=list(line.classes), columns=list(line.classes))
    matrix[NOTHING] = line.seconds @ line.reference - substituted.sum(axis=1)
    matrix.loc[NOTHING] = np.append(line.seconds @ line.estimated - substituted.sum(axis=0), 0.0)
    return tidy_seconds(matrix.clip(lower=0.0), "reference", "estimated")
