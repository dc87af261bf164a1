"""What a user may say of label files, where they do not say it themselves."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sedpool.errors import ConfigError

ZeroLength = Literal["error", "drop", "keep"]
LabelFrom = Literal["text", "tier"]

NAMES: Mapping[str, tuple[str, ...]] = {
    "filename": (
        *(
            "filename",
            "file name",
            "begin file",
            "file",
            "begin path",
            "file path",
            "filepath",
            "path",
            "audio filename",
        ),
        *("audio file", "audio path", "audio", "recording", "sound file", "soundfile", "source file", "wav", "clip"),
        *("wav file", "recording name", "audio name", "fname", "input"),
    ),
    "onset": (
        "onset",
        "start",
        "begin",
        "start time",
        "begin time",
        "onset time",
        "event onset",
        "xmin",
        "tmin",
        "from",
    ),
    "offset": ("offset", "end", "stop", "end time", "stop time", "offset time", "event offset", "xmax", "tmax", "to"),
    "duration": ("duration", "length", "dur", "event duration"),
    "event_label": (
        *("annotation", "label", "event label", "species", "common name", "class", "event", "call type", "tag"),
        *("species code", "class name", "category", "event class", "event type", "scientific name", "sound"),
        *("species name", "sound class"),
    ),
    "event_labels": ("event labels", "labels", "tags", "classes"),
    "confidence": ("confidence", "confidence score", "score", "probability"),
    "channel": ("channel",),
    "low_frequency": ("low frequency", "low freq", "min frequency", "min freq", "fmin"),
    "high_frequency": ("high frequency", "high freq", "max frequency", "max freq", "fmax"),
    "file_offset": ("file offset",),
    "selection": ("selection",),
    "view": ("view",),
    "tier": ("tier",),
    "split": ("split",),
}
"""Names that a column may have for each meaning, the best first; case, unit and punctuation are ignored."""

UNITS: Mapping[str, float] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1000.0),
}
"""How many of a unit of time make a second, by its names."""


def parse_columns(text: str) -> dict[str, str | int]:
    """Parse columns as on the command line.

    Raises
    ------
    ConfigError
        If the text has another form.

    Examples
    --------
    >>> parse_columns("onset=Begin Time,event_label=3")
    {'onset': 'Begin Time', 'event_label': '3'}
    """
    columns: dict[str, str | int] = {}
    for part in text.split(","):
        meaning, equals, name = part.partition("=")
        if not equals or meaning.strip() in columns:
            raise ConfigError(f"columns={text}: expected MEANING=NAME between commas, such as onset=Start,offset=Stop")
        columns[meaning.strip()] = name.strip()
    return columns


@dataclass(frozen=True)
class LabelOptions:
    """How label files are to be read; what is not given is recognised.

    Attributes
    ----------
    columns : mapping of str to str or int
        For text tables, the name of a column, or its number from 1, by its meaning, a key of `NAMES`; an empty name for
        one that is not to be read.
    unit : str, optional
        Unit of the times in text tables: ``s``, ``ms`` or ``samples:RATE`` with the sampling rate in Hz.
    min_confidence : float, optional
        Events with a lower confidence are left out; those without one are kept.
    annotators : str, optional
        What counts where a recording has several annotations: ``union``, ``majority`` or the name of one annotator.
    tiers : sequence of str, optional
        Names of the tiers to read from TextGrids and ELAN's files, all by default; keys of the tags that are the labels
        in JSON of soundevent.
    point_duration : float, optional
        Seconds that a point on a tier lasts; by default points are not read.
    zero_length : {"error", "drop", "keep"}
        What becomes of rows of tables and lists that end when they start: an error; they are left out and their
        recordings stay; or they are events as any other, which only evaluation has a use for.
    label_from : {"text", "tier"}
        What the label is in TextGrids, ELAN's files and its export: the text of an annotation, or the name of its tier.

    Raises
    ------
    ConfigError
        If a value is none of these.
    """

    columns: Mapping[str, str | int] = field(default_factory=dict)
    unit: str | None = None
    min_confidence: float | None = None
    annotators: str | None = None
    tiers: Sequence[str] | None = None
    point_duration: float | None = None
    zero_length: ZeroLength = "error"
    label_from: LabelFrom = "text"

    def __post_init__(self) -> None:
        unknown = sorted(set(self.columns) - set(NAMES))
        if unknown:
            raise ConfigError(f"columns: {unknown[0]} is no meaning of a column; expected {', '.join(NAMES)}")
        if self.unit is not None:
            per_second(self.unit)
        if self.min_confidence is not None and not 0 <= self.min_confidence <= 1:
            raise ConfigError(f"min_confidence={self.min_confidence}: expected a number from 0 to 1")
        if self.zero_length not in ("error", "drop", "keep"):
            raise ConfigError(f"zero_length={self.zero_length}: expected error, drop or keep")
        if self.label_from not in ("text", "tier"):
            raise ConfigError(f"label_from={self.label_from}: expected text or tier")
        if self.point_duration is not None and not 0 < self.point_duration < math.inf:
            raise ConfigError(f"point_duration={self.point_duration}: expected seconds above 0")


def per_second(unit: str) -> float:
    """Return how many of a unit of time make a second.

    Raises
    ------
    ConfigError
        If it is none of those that `TableOptions` lists.

    Examples
    --------
    >>> per_second("ms"), per_second("samples:44100")
    (1000.0, 44100.0)
    """
    name, _, rate = unit.strip().lower().partition(":")
    if name in UNITS and not rate:
        return UNITS[name]
    if name in ("sample", "samples") and re.fullmatch(r"\d+(\.\d+)?", rate) and float(rate) > 0:
        return float(rate)
    raise ConfigError(f"unit={unit}: expected s, ms, or samples:RATE with the sampling rate in Hz (samples:44100)")


RECOGNISED = LabelOptions()
"""Nothing is said: all is recognised."""
