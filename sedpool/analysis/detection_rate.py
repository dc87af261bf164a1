"""Which events are found? Detection rate by duration, signal-to-noise ratio and polyphony."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from sedpool.analysis.timeline import Timeline
from sedpool.runtime.arrays import Float64Array

FOUND_SHARE = 0.5


def event_detections(line: Timeline, *, found_share: float = FOUND_SHARE) -> pd.DataFrame:
    """List every reference event, how much of it was detected, and what may have made it hard.

    Parameters
    ----------
    line : Timeline
        Reference and estimate.
    found_share : float
        An event is found if detections of its class cover this share of its time.

    Returns
    -------
    detections : DataFrame
        ``filename, onset, offset, event_label, duration`` (seconds), ``polyphony`` (mean number of other events that
        sound at the same time), ``covered`` (share of its time) and ``found``.
    """
    detections = line.events.copy()
    duration = (detections["offset"] - detections["onset"]).to_numpy()
    column = pd.Index(line.classes).get_indexer(pd.Index(detections["event_label"]))
    covered = line.sum_over_events(line.estimated.astype(float))[np.arange(len(column)), column] / duration
    detections["duration"] = duration
    detections["polyphony"] = (line.sum_over_events(line.n_sounding.astype(float)) / duration - 1).clip(min=0.0)
    detections["covered"] = covered.clip(0.0, 1.0)
    detections["found"] = covered >= found_share - 1e-9  # rounding of sums
    return detections


def with_snr(detections: pd.DataFrame, mixing: pd.DataFrame) -> pd.DataFrame:
    """Add a column `snr` (dB) to detections, NaN where `mixing` has none.

    Parameters
    ----------
    detections : DataFrame
        Of `event_detections`.
    mixing : DataFrame
        ``filename, onset, event_label, snr``, as in `sedpool.datasets.mixing.mixing_details`.
    """
    keys = ["filename", "onset", "event_label"]
    known = mixing[[*keys, "snr"]].drop_duplicates(keys)
    return detections.merge(known, on=keys, how="left", validate="many_to_one")


def detection_rate(detections: pd.DataFrame, by: str, edges: Sequence[float] | Float64Array) -> pd.DataFrame:
    """Compute the share of events found, by a property of the event.

    Parameters
    ----------
    detections : DataFrame
        Of `event_detections`.
    by : str
        A numeric column: `duration`, `polyphony`, `snr`.
    edges : sequence of float
        Bounds of the bins, the last one included; events outside or NaN are left out.

    Returns
    -------
    table : DataFrame
        ``event_label`` (empty for all classes together), ``low, high`` (of the bin), ``n_events, rate`` and its 95 %
        Wilson interval ``rate_low, rate_high``. Bins without events are left out.
    """
    values = detections[by].to_numpy(dtype=np.float64)
    bins = np.digitize(values, edges) - 1
    bins[values == edges[-1]] = len(edges) - 2
    inside = (bins >= 0) & (bins < len(edges) - 1) & np.isfinite(values)
    binned = detections.assign(bin=bins)[inside]
    together = binned.assign(event_label="").groupby(["event_label", "bin"])["found"].agg(["size", "sum"])
    each = binned.groupby(["event_label", "bin"])["found"].agg(["size", "sum"])
    rows = []
    for (label, index), n_events, n_found in pd.concat([together, each]).itertuples(name=None):
        interval = stats.binomtest(int(n_found), int(n_events)).proportion_ci(method="wilson")
        rate = n_found / n_events
        rows.append((label, edges[index], edges[index + 1], int(n_events), rate, interval.low, interval.high))
    return pd.DataFrame(rows, columns=["event_label", "low", "high", "n_events", "rate", "rate_low", "rate_high"])


def quantile_edges(values: pd.Series, n_bins: int = 6) -> Float64Array:
    """Choose edges of bins with about equally many events; fewer bins where values repeat.

    Examples
    --------
    >>> quantile_edges(pd.Series([1.0, 2.0, 3.0, 4.0]), n_bins=2).tolist()
    [1.0, 2.5, 4.0]
    """
    defined = values.dropna().to_numpy(dtype=np.float64)
    edges = np.unique(np.quantile(defined, np.linspace(0, 1, n_bins + 1)))
    return edges if len(edges) > 1 else np.array([edges[0], np.nextafter(edges[0], np.inf)])
