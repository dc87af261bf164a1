"""How a soundscape's annotation is written to JAMS, as Scaper lays it out; `sedpool.formats.jams` reads it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sedpool.formats import jams


def document(duration: float, values: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> dict[str, Any]:
    """JAMS document in the namespace ``scaper``.

    Parameters
    ----------
    duration : float
        Length of the soundscape in seconds.
    values : sequence of mapping
        One event each, background included: `label`, `source_file`, `source_time`, `event_time`, `event_duration`
        (seconds), `snr` (dB), `role`, `pitch_shift`, `time_stretch`.
    settings : mapping
        How the soundscape was made; kept in the annotation's sandbox.
    """
    observations = [
        {"time": value["event_time"], "duration": value["event_duration"], "value": dict(value), "confidence": 1.0}
        for value in values
    ]
    return jams.document("scaper", duration, observations, sandbox={"scaper": dict(settings)})
