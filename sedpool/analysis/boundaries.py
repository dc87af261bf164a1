"""How early or late do detections start and end? Deviations of matched events."""

import numpy as np
import pandas as pd

from sedpool.evaluation.matching import first_come_matching


def boundary_deviations(reference: pd.DataFrame, estimated: pd.DataFrame) -> pd.DataFrame:
    """Measure onset and offset deviations of every reference event that a detection of its class overlaps.

    Pairs are one to one, the longest overlaps first.

    Parameters
    ----------
    reference, estimated : DataFrame
        Event tables (see `sedpool.events`).

    Returns
    -------
    deviations : DataFrame
        ``filename, event_label, duration`` (of the reference event), ``onset_deviation, offset_deviation``: seconds by
        which the detection starts and ends later.
    """
    keys = ["filename", "event_label"]
    pairs = _numbered(reference).merge(_numbered(estimated), on=keys, suffixes=("", "_est"))
    overlap = pairs[["offset", "offset_est"]].min(axis=1) - pairs[["onset", "onset_est"]].max(axis=1)
    pairs = pairs.assign(overlap=overlap).query("overlap > 0").sort_values("overlap", ascending=False, kind="stable")
    chosen = first_come_matching(pairs[["number", "number_est"]].to_numpy(dtype=np.int64).T)
    matched = pairs.set_index(["number", "number_est"]).loc[list(map(tuple, chosen.T.tolist()))].reset_index(drop=True)
    return pd.DataFrame(
        {
            "filename": matched["filename"],
            "event_label": matched["event_label"],
            "duration": matched["offset"] - matched["onset"],
            "onset_deviation": matched["onset_est"] - matched["onset"],
            "offset_deviation": matched["offset_est"] - matched["offset"],
        }
    )


def _numbered(events: pd.DataFrame) -> pd.DataFrame:
    return events.assign(number=np.arange(len(events)))
