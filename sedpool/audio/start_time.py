"""When did a recording begin? Recorders write it into the name of a file, or into the metadata of a WAV file.

Names: ``20240601_053000.WAV`` (AudioMoth; Wildlife Acoustics and Song Meter with more before and after it),
``20240601T053000+0200`` (ISO 8601) and ``5E90A4D4.WAV`` (AudioMoth until 2019: seconds since 1970, hexadecimal).
Metadata: AudioMoth's comment, the chunk ``guan`` of bat detectors (GUANO) and ``bext`` (Broadcast Wave).
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sedpool.audio.containers.chunks import wav_chunks
from sedpool.errors import ConfigError

_IN_NAME = re.compile(r"(?<!\d)(\d{8})([_T$])(\d{6})(?:[._](\d{6}|\d{3})(?!\d))?(Z|[+-]\d\d:?\d\d)?(?!\d)")
_HEXADECIMAL = re.compile(r"(?=.*[A-F])[0-9A-F]{8}")
_YEARS = range(2015, 2038)  # of recorders that gave hexadecimal names; other such names mean something else
_CALENDAR = range(2, 9999)  # others could not be moved to another zone, or on by an hour
_AUDIOMOTH = re.compile(
    r"Recorded at (\d\d:\d\d:\d\d)(\.\d+)? (\d\d/\d\d/\d{4}) \(UTC(?:([+-])(\d\d?)(?::?(\d\d))?)?\)"
)
_GUANO = re.compile(r"^Timestamp:\s*(\S.*?)\s*$", re.MULTILINE)
_BEXT_TIME = slice(320, 338)  # of the chunk: the date and the time of day
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_DIRECTIVES = {
    **dict.fromkeys("mdHMSyI", r"\d{2}"),
    "Y": r"\d{4}",
    "j": r"\d{3}",
    "f": r"\d{1,6}",
    "z": r"(?:Z|[+-]\d\d:?\d\d)",
    "b": r"[^\W\d_]{3,}",
    "B": r"[^\W\d_]{3,}",
    "p": r"[APap][Mm]",
}


@dataclass(frozen=True)
class Clock:
    """How it is known when recordings begin.

    Attributes
    ----------
    time_pattern : str or None
        Time in the paths of the files, as `datetime.strptime` takes it; found anywhere in a path. None for what
        recorders write into names and metadata. What states its time zone is preferred.
    timezone : str or None
        Zone in which times are given, such as ``Europe/Berlin`` or ``+02:00``. Times that do not state their zone are
        taken to be in it. None to leave times as they are.

    Raises
    ------
    ConfigError
        If the pattern has no date, or there is no such zone.

    Examples
    --------
    >>> Clock().start("SM4_20240601_053000.wav")
    datetime.datetime(2024, 6, 1, 5, 30)
    >>> Clock(time_pattern="%d.%m.%Y/%H-%M").start("north/01.06.2024/05-30 dawn.wav")
    datetime.datetime(2024, 6, 1, 5, 30)
    """

    time_pattern: str | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        _ = self._zone, self._pattern

    def start(self, path: str | os.PathLike[str]) -> datetime | None:
        """Return when a recording begins; None if neither its name nor its metadata says so."""
        if self._pattern:
            found = [_parsed(text, str(self.time_pattern)) for text in self._pattern.findall(Path(path).as_posix())]
            times = [time for time in reversed(found) if time]
        else:
            times = [time for time in (_in_name(Path(path).stem),) if time]
            if not times or times[0].tzinfo is None:
                times += _in_metadata(path)
        if not times:
            return None
        time = min(times, key=lambda time: time.tzinfo is None)
        if self._zone is None:
            return time
        return time.astimezone(self._zone) if time.tzinfo else time.replace(tzinfo=self._zone)

    @cached_property
    def _zone(self) -> tzinfo | None:
        if self.timezone is None:
            return None
        try:
            if offset := _OFFSET.fullmatch(self.timezone):
                return _fixed(*offset.groups())
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(
                f"timezone {self.timezone!r}: unknown; expected a name such as Europe/Berlin, UTC, or +02:00"
            ) from None

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        """The pattern as a regular expression."""
        if self.time_pattern is None:
            return None
        parts = re.split(r"%(.)", self.time_pattern)
        directives = parts[1::2]
        if unknown := [one for one in directives if one not in {*_DIRECTIVES, "%"}]:
            known = ", ".join(f"%{one}" for one in _DIRECTIVES)
            raise ConfigError(f"time pattern {self.time_pattern!r}: %{unknown[0]} is unknown; expected some of {known}")
        if not ({"Y", "y"} & set(directives) and ({"d", "j"} & set(directives))):
            raise ConfigError(
                f"time pattern {self.time_pattern!r}: no date in it; expected year, month and day: %Y%m%d"
            )
        parts[0::2] = map(re.escape, parts[0::2])
        parts[1::2] = [_DIRECTIVES.get(one, one) for one in directives]
        return re.compile(rf"(?<!\d){''.join(parts)}(?!\d)")


def later(start: datetime, seconds: float) -> datetime:
    """Return the time so many seconds after another, in its zone, also where clocks change in between."""
    if start.tzinfo is None:
        return start + timedelta(seconds=seconds)
    return (start.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(start.tzinfo)


def _in_name(stem: str) -> datetime | None:
    """Return the last time in a recording's name."""
    if _HEXADECIMAL.fullmatch(stem):
        counted = datetime.fromtimestamp(int(stem, 16), UTC)
        return counted if counted.year in _YEARS else None
    for date, separator, clock, fraction, zone in reversed(_IN_NAME.findall(stem)):
        stated = zone if separator == "T" else ""  # otherwise it is a number that follows
        if time := _parsed(f"{date}{clock}.{fraction or 0}{stated}", "%Y%m%d%H%M%S.%f" + ("%z" if stated else "")):
            return time
    return None


def _in_metadata(path: str | os.PathLike[str]) -> list[datetime]:
    """Return the times in the metadata of a WAV file; none for other formats."""
    chunks: dict[bytes, bytes] = {}
    with suppress(OSError):  # reported when the recording is read
        chunks = wav_chunks(path, (b"ICMT", b"guan", b"bext"))
    times: list[datetime | None] = []
    if comment := _AUDIOMOTH.search(chunks.get(b"ICMT", b"").decode("utf-8", "replace")):
        clock, fraction, date, *offset = comment.groups()
        stated = _parsed(f"{date} {clock}{fraction or '.0'}", "%d/%m/%Y %H:%M:%S.%f")
        with suppress(ValueError):  # an offset of a day or more
            times.append(stated and stated.replace(tzinfo=_fixed(*offset) if offset[0] else UTC))
    if stamp := _GUANO.search(chunks.get(b"guan", b"").decode("utf-8", "replace").replace("\r", "\n")):
        with suppress(ValueError):
            time = datetime.fromisoformat(stamp[1])
            times.append(time if time.year in _CALENDAR else None)
    created = chunks.get(b"bext", b"")[_BEXT_TIME].decode("ascii", "replace")
    times.append(_parsed("".join(re.findall(r"\d", created)), "%Y%m%d%H%M%S"))
    return [time for time in times if time]


def _parsed(text: str, pattern: str) -> datetime | None:
    try:
        time = datetime.strptime(text, pattern)
    except ValueError:
        return None
    return time if time.year in _CALENDAR else None


def _fixed(sign: str, hours: str, minutes: str | None) -> tzinfo:
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-offset if sign == "-" else offset)
