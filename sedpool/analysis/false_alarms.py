"""What sounded instead when a class was falsely detected? False alarms by what was really there, found or not."""

import numpy as np
import pandas as pd

from sedpool.analysis.confusion import NOTHING
from sedpool.analysis.timeline import Timeline, tidy_seconds


def false_alarms(line: Timeline) -> pd.DataFrame:
    """Sum the seconds of false detections by what sounded.

    Unlike a confusion, a class that was itself detected counts here: it may still be what set the alarm off.

    Parameters
    ----------
    line : Timeline
        Reference and estimate.

    Returns
    -------
    table : DataFrame
        ``event_label`` (falsely detected), ``sounded`` (`NOTHING` where no class did), ``seconds`` (time shared
        equally among the classes that sounded together) and ``share`` of the class's false seconds, NaN where it
        has none.
    """
    false = line.estimated & ~line.reference
    n_sounding = line.reference.sum(axis=1)
    shared = line.reference * (line.seconds / np.maximum(n_sounding, 1))[:, None]
    silent = np.where(n_sounding == 0, line.seconds, 0.0)
    seconds = false.T @ np.column_stack([shared, silent])
    matrix = pd.DataFrame(seconds, index=list(line.classes), columns=[*line.classes, NOTHING])
    table = tidy_seconds(matrix, "event_label", "sounded")
    table["share"] = table["seconds"] / table.groupby("event_label")["seconds"].transform("sum").replace(0.0, np.nan)
    return table
