"""Rendering soundscapes again from their Scaper JAMS and the recordings that these name.

JAMS written by Scaper are rendered as Scaper does: levels in LUFS, no low-pass at the end of the background's band, and
a background shorter than the soundscape is repeated. JAMS written by sedpool give the same audio again, except for the
dither.
"""

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from sedpool import audio
from sedpool.audio.band import SR, dither
from sedpool.audio.loudness import DEFINITIONS
from sedpool.errors import DataError
from sedpool.formats.scaper_jams import Scene, Value, read_scene
from sedpool.runtime import parallel
from sedpool.runtime.arrays import Float32Array
from sedpool.soundscapes.mixing import Mixing, Sound, Soundscape, mix
from sedpool.soundscapes.sampling import Event

PathLike = str | os.PathLike[str]


def render_files(
    paths: Sequence[PathLike],
    foreground: PathLike,
    background: PathLike,
    out: PathLike,
    *,
    dry: bool = False,
    n_jobs: int = -1,
) -> list[Path]:
    """Render soundscapes again, each to ``out/<stem of its JAMS>.wav``, 16 bits.

    Parameters
    ----------
    paths : sequence of path-like
        Scaper JAMS.
    foreground, background : path-like
        Folders of the recordings; a recording is the file there whose path agrees with the longest end of
        `source_file`.
    out : path-like
        Folder to write to.
    dry : bool
        Render without reverb, which is not supported; otherwise soundscapes with reverb are refused.
    n_jobs : int
        Number of worker processes, -1 for one per core.

    Raises
    ------
    DataError
        If a JAMS is not what it should be, two would be written to one file, or a recording is missing or too short.
    """
    targets = {Path(out) / f"{Path(path).stem}.wav": Path(path) for path in paths}
    if len(targets) < len(paths):
        raise DataError(
            f"{len(paths)} JAMS have only {len(targets)} names; render those of the same name to different folders"
        )
    folders = Path(foreground), Path(background)
    for _ in parallel.each(partial(_render_file, *folders, dry), list(targets.items()), n_jobs):
        pass
    return list(targets)


def _render_file(foreground: Path, background: Path, dry: bool, named: tuple[Path, Path]) -> None:
    target, path = named
    scene = read_scene(path)
    if scene.settings.get("reverb") and not dry:
        raise DataError(
            f"{path}: made with reverb {scene.settings['reverb']}, which cannot be rendered; leave it out (dry)"
        )
    try:
        mixing = mixing_of(scene)
        soundscape = render(scene, foreground, background)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    noise = dither(len(soundscape.samples), np.random.default_rng(0))
    audio.write_wav(target, soundscape.samples + noise, mixing.sr)


def render(scene: Scene, foreground: PathLike, background: PathLike) -> Soundscape:
    """Mix a soundscape again, without any reverb.

    Parameters
    ----------
    scene : Scene
        What to mix.
    foreground, background : path-like
        Folders of the recordings.

    Raises
    ------
    DataError
        If a recording is missing or too short, or the soundscape had several channels.
    """
    mixing = mixing_of(scene)
    bed = _background(scene, Path(background), mixing.sr)
    events = [_event(value, Path(foreground), mixing.sr) for value in scene.events]
    return mix(bed, events, mixing, gain=float(scene.settings.get("peak_normalization_scale_factor") or 1.0))


def mixing_of(scene: Scene) -> Mixing:
    """Return how a soundscape was mixed, with Scaper's defaults for what its settings lack."""
    settings = scene.settings
    if settings.get("n_channels", 1) != 1:
        raise DataError(f"made with {settings['n_channels']} channels; expected 1, since only mono can be rendered")
    known = {definition: level for level, definition in DEFINITIONS.items()}
    level = known.get(settings.get("snr_definition", ""), "scaper")
    return Mixing(
        level,
        int(_number(settings, "sr", SR)),
        _number(settings, "ref_db", -12.0),
        _number(settings, "fade_in_len", 0.010),
        _number(settings, "fade_out_len", 0.010),
    )


def _number(settings: Mapping[str, Any], key: str, default: float) -> float:
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"sandbox.scaper.{key} is {value!r}; expected a number")
    return float(value)


def _background(scene: Scene, folder: Path, sr: int) -> Sound:
    value, length = scene.background, round(scene.duration * sr)
    path = find_source(value.source_file, folder)
    samples = _read(path, sr)[round(value.source_time * sr) :][:length]
    if not len(samples):
        raise DataError(f"{path}: ends before {value.source_time} s, where the background starts")
    band = float(scene.settings.get("background_band") or np.inf)
    return Sound(np.resize(samples, length), value.source_file, value.source_time, value.label, band)


def _event(value: Value, folder: Path, sr: int) -> tuple[Event, Sound]:
    path = find_source(value.source_file, folder)
    first, length = round(value.source_time * sr), round(value.event_duration * sr)
    samples = _read(path, sr)[first : first + length]
    if len(samples) < length - 0.005 * sr:
        end = value.source_time + value.event_duration
        raise DataError(f"{path}: ends before {end} s, where {value.label} at {value.event_time} s does")
    event = Event(
        value.label,
        value.event_time,
        value.event_duration,
        value.snr,
        value.source_time,
        value.pitch_shift,
        value.time_stretch,
    )
    return event, Sound(samples, value.source_file, value.source_time, value.label)


def find_source(name: str, folder: Path) -> Path:
    """Find the recording that a JAMS names: the file under `folder` that matches the longest end of its path.

    Raises
    ------
    DataError
        If there is none.
    """
    parts = Path(name.replace("\\", "/")).parts
    ends = (folder.joinpath(*parts[start:]) for start in range(len(parts)) if parts[start] not in ("/", ".."))
    found = next((path for path in ends if path.is_file()), None)
    if found is None:
        raise DataError(f"{folder}: no {name} in it, nor any end of this path; give the folder of its recordings")
    return found


@lru_cache(maxsize=64)
def _read(path: Path, sr: int) -> Float32Array:
    return audio.read(path, sr)
