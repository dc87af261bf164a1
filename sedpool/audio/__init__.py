"""Audio: reading and writing files, and changing or measuring samples: pitch and tempo, loudness, bands."""

from sedpool.audio.files import (
    EXTENSIONS,
    RESAMPLER,
    Info,
    Inspection,
    copy_part,
    duration,
    find,
    info,
    inspect,
    list_files,
    read,
    stem,
    wav_bytes,
    write_wav,
)

__all__ = [
    "EXTENSIONS",
    "RESAMPLER",
    "Info",
    "Inspection",
    "copy_part",
    "duration",
    "find",
    "info",
    "inspect",
    "list_files",
    "read",
    "stem",
    "wav_bytes",
    "write_wav",
]
