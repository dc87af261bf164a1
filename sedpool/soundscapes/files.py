"""The files of one soundscape: its audio, its JAMS and text annotations and, on request, its events alone."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import soundfile as sf

from sedpool import audio
from sedpool.audio.band import FLOOR_DB
from sedpool.audio.loudness import DEFINITIONS
from sedpool.errors import DataError
from sedpool.formats import scaper_jams
from sedpool.runtime.arrays import Float32Array
from sedpool.soundscapes.mixing import Mixing, Soundscape, Track

FOLDERS = ("audio", "annotations")
ISOLATED = "isolated_events"


def stem_of(split: str, index: int) -> str:
    """Name of a soundscape."""
    return f"soundscape_{split}_{index:05d}"


def write_soundscape(
    root: Path, split: str, stem: str, soundscape: Soundscape, samples: Float32Array, mixing: Mixing, *, isolated: bool
) -> None:
    """Write a soundscape; the JAMS comes last and at once, so that a soundscape that has one is complete.

    Parameters
    ----------
    root : Path
        The corpus; see `sedpool.datasets.layout`.
    split, stem : str
        Which soundscape it is.
    soundscape : Soundscape
        What is in it.
    samples : ndarray of float32
        The mix, dithered for 16 bits.
    mixing : Mixing
        How it was mixed.
    isolated : bool
        Also write the background and every event alone, in 24 bits, which add up to the mix without its dither.
    """
    annotations = root / "annotations" / split
    sf.write(root / "audio" / split / f"{stem}.wav", samples, mixing.sr, subtype="PCM_16")
    if isolated:
        folder = root / ISOLATED / split / stem
        folder.mkdir(exist_ok=True)
        for name, alone in soundscape.isolated():
            # Not as floats: libsndfile writes the time of day into the header of those.
            sf.write(folder / f"{name}.wav", alone, mixing.sr, subtype="PCM_24")
    lines = [f"{track.event.onset!r}\t{track.event.offset!r}\t{track.event.label}\n" for track in soundscape.tracks]
    (annotations / f"{stem}.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
    temporary = annotations / f".{stem}.jams"
    temporary.write_text(json.dumps(jams_of(soundscape, mixing)), encoding="utf-8", newline="\n")
    os.replace(temporary, annotations / f"{stem}.jams")


def is_complete(root: Path, split: str, stem: str) -> bool:
    """Whether a soundscape was written before: its JAMS can be read, and its audio is as long as that says."""
    try:
        scene = scaper_jams.read_scene(root / "annotations" / split / f"{stem}.jams")
        return audio.duration(root / "audio" / split / f"{stem}.wav") == scene.duration
    except DataError:
        return False


def jams_of(soundscape: Soundscape, mixing: Mixing) -> dict[str, Any]:
    """JAMS document of a soundscape, in Scaper's namespace and with Scaper's names for its settings."""
    background = soundscape.background
    duration = len(background.samples) / mixing.sr
    settings = {
        "duration": duration,
        "sr": mixing.sr,
        "ref_db": mixing.ref_db,
        "n_channels": 1,
        "fade_in_len": mixing.fade_in,
        "fade_out_len": mixing.fade_out,
        "reverb": None,
        "n_events": len(soundscape.tracks),
        "peak_normalization_scale_factor": soundscape.gain,
        "background_band": background.band,
        "floor_db": FLOOR_DB,
        "snr_definition": DEFINITIONS[mixing.level],
    }
    bed = scaper_jams.Value(
        background.label, background.source_file, background.source_time, 0.0, duration, 0.0, "background"
    )
    values = [asdict(value) for value in (bed, *map(_value, soundscape.tracks))]
    return scaper_jams.document(duration, values, settings)


def _value(track: Track) -> scaper_jams.Value:
    event, sound = track.event, track.sound
    return scaper_jams.Value(
        event.label,
        sound.source_file,
        sound.source_time,
        event.onset,
        event.duration,
        event.snr,
        "foreground",
        event.pitch_shift,
        event.time_stretch,
    )
