"""How often is each class detected in each hour, and how long was listened? Hours without detections count too."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from sedpool.audio.start_time import later


def hourly_detections(
    events: pd.DataFrame,
    durations: Mapping[str, float],
    starts: Mapping[str, datetime | None],
    classes: Sequence[str],
) -> pd.DataFrame:
    """Count the detections of each class in each recording and hour of the clock.

    Parameters
    ----------
    events : DataFrame
        Detected events. An event belongs to the hour in which it begins.
    durations : mapping of str to float
        Length in seconds of every recording, also of those without events.
    starts : mapping of str to datetime or None
        When each recording begins; None where that is not known.
    classes : sequence of str
        The classes to count.

    Returns
    -------
    summary : DataFrame
        `filename, hour, event_label, detections, hours_listened`, one row per recording, hour and class. `hour` is the
        start of the hour in ISO 8601; a recording whose start is not known has one row per class, with an empty hour.

    Examples
    --------
    >>> from sedpool.events import events_from_rows
    >>> events = events_from_rows([("a.wav", 1900, 1901, "owl")])
    >>> hourly_detections(events, {"a.wav": 3600.0}, {"a.wav": datetime(2024, 6, 1, 21, 30)}, ["owl"])
      filename                 hour event_label  detections  hours_listened
    0    a.wav  2024-06-01T21:00:00         owl           0             0.5
    1    a.wav  2024-06-01T22:00:00         owl           1             0.5
    """
    by_file = dict(list(events.groupby("filename", sort=False)))
    tables = []
    for filename, duration in durations.items():
        hours, begins = zip(*_hours(starts.get(filename), duration), strict=True)
        found = by_file.get(filename, events.iloc[:0])
        row = np.searchsorted(begins, found["onset"], side="right") - 1
        column = pd.Index(classes).get_indexer(pd.Index(found["event_label"]))
        counts = np.zeros((len(hours), len(classes)), dtype=np.int64)
        np.add.at(counts, (row[column >= 0], column[column >= 0]), 1)
        listened = np.diff([*begins, duration]) / 3600
        tables.append(
            pd.DataFrame(
                {
                    "filename": filename,
                    "hour": np.repeat(hours, len(classes)),
                    "event_label": np.tile(classes, len(hours)),
                    "detections": counts.ravel(),
                    "hours_listened": np.repeat(listened, len(classes)),
                }
            )
        )
    columns = ["filename", "hour", "event_label", "detections", "hours_listened"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _hours(start: datetime | None, duration: float) -> Iterator[tuple[str, float]]:
    """Yield the hours of the clock that a recording touches, and the second of the recording at which each begins."""
    if start is None:
        yield "", 0.0
        return
    hour, begin = start.replace(minute=0, second=0, microsecond=0), 0.0
    until = 3600 - (start - hour).total_seconds()
    while begin < duration or begin == 0:
        yield hour.isoformat(), begin
        hour, begin, until = later(hour, 3600), until, until + 3600
