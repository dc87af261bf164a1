"""Write the listening page: one file that holds everything, or a folder for what is too long for that.

Names of recordings and classes come from anywhere. They get into the page as JSON in which no letter can end the
element that holds it, and the script sets them as text; a policy in the page lets nothing run but its own script, and
lets it load nothing from elsewhere.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from sedpool import storage
from sedpool.evaluation.evaluation_input import EvaluationInput
from sedpool.evaluation.levels import Criteria
from sedpool.features.bands import Scale
from sedpool.inference.decode import Decoder
from sedpool.inference.recordings import Selection
from sedpool.listening.content import (
    ScoredRecording,
    decoder_content,
    encoded,
    reference_content,
    restricted,
    scores_content,
)
from sedpool.listening.media import PIECE_SECONDS, Grey, make_media, scales
from sedpool.scores import FRAME_COLUMNS

_STATIC = files("sedpool.listening") / "static"


@dataclass(frozen=True)
class Listening:
    """What a listening page shows besides the recordings.

    Attributes
    ----------
    title : str
        Its heading.
    classes : tuple of str
        Columns of the scores that are shown, in their order.
    decoder : Decoder
        Makes events from scores until the threshold is moved.
    selection : Selection
        Which events count.
    reference : EvaluationInput or None
        Annotated events of some recordings or all; the others are not scored. None for none.
    criteria : Criteria
        When an event is right.
    slower : int
        How many times slower recordings are played.
    """

    title: str
    classes: tuple[str, ...]
    decoder: Decoder
    selection: Selection = Selection()  # noqa: RUF009 (frozen)
    reference: EvaluationInput | None = None
    criteria: Criteria = Criteria()  # noqa: RUF009 (frozen)
    slower: int = 1


Level = tuple[float, list[str]]
"""Seconds of the recording that each picture has, and the names of the pictures; the last may have fewer."""


@dataclass(frozen=True)
class Shown:
    """A recording with the names by which the page finds its sound and pictures.

    Attributes
    ----------
    recording : ScoredRecording
        The recording.
    duration : float
        Its length in seconds.
    highest : float
        Upper end of the pictures in Hz.
    sound : str
        Name of the sound.
    peaks : ndarray of uint8
        As in `Media`.
    pictures : dict of str to list of Level
        By frequency scale; from the shortest pieces of time to the longest.
    """

    recording: ScoredRecording
    duration: float
    highest: float
    sound: str
    peaks: Grey
    pictures: dict[Scale, list[Level]]


def write_page(path: Path, listening: Listening, recordings: Iterable[ScoredRecording]) -> None:
    """Write a page that needs no other file; parameters and errors are those of `page_text`."""
    storage.write_text(path, page_text(listening, recordings))


def page_text(listening: Listening, recordings: Iterable[ScoredRecording]) -> str:
    """Make a page that needs no other file.

    Parameters
    ----------
    listening : Listening
        What it shows.
    recordings : iterable of ScoredRecording
        Each is looked at once, in turn.

    Raises
    ------
    AudioError
        If a recording cannot be read.
    """
    media: dict[str, str] = {}

    def keep(name: str, content: bytes) -> None:
        media[name] = f'<script type="text/plain" id="{name}">{encoded(content)}</script>\n'

    content = _content(listening, recordings, keep, is_folder=False)
    first = "".join(text for name, text in media.items() if name.startswith("0/"))
    rest = "".join(text for name, text in media.items() if not name.startswith("0/"))
    return _filled(listening.title, content, first, rest)


def write_folder(folder: Path, listening: Listening, recordings: Iterable[ScoredRecording]) -> Path:
    """Write a page whose sound and pictures lie beside it, to be loaded when they are looked at.

    Returns
    -------
    path : Path
        ``index.html`` in the folder; the other parameters and errors are those of `page_text`.
    """

    def keep(name: str, content: bytes) -> None:
        storage.write_bytes(folder / name, content)

    content = _content(listening, recordings, keep, is_folder=True)
    storage.write_text(folder / "index.html", _filled(listening.title, content))
    return folder / "index.html"


def served_page(listening: Listening, shown: Iterable[Shown], home: str) -> str:
    """Make a page whose sound and pictures a server has, at the addresses by which `shown` names them.

    Parameters
    ----------
    listening : Listening
        What it shows.
    shown : iterable of Shown
        The recordings.
    home : str
        Address of the page that leads to this one.
    """
    recordings = [_shown_content(listening, one) for one in shown]
    content = {**_decisions(listening), "folder": True, "home": home, "recordings": recordings}
    return _filled(listening.title, content)


def _content(
    listening: Listening,
    recordings: Iterable[ScoredRecording],
    keep: Callable[[str, bytes], None],
    *,
    is_folder: bool,
) -> dict[str, Any]:
    """Return what the page's script knows; sound and pictures are given to `keep` with their names."""
    content = _decisions(listening)
    content["folder"] = is_folder
    for number, recording in enumerate(recordings):
        onset, duration = recording.part or (0.0, None)
        media = make_media(recording.path, listening.slower, onset=onset, duration=duration)
        sound = f"{number}/sound.mp3"
        keep(sound, media.mp3)
        levels: dict[Scale, list[Level]] = {}
        for scale, pictures in media.pictures.items():
            names = [f"{number}/{scale}-{piece}.webp" for piece in range(len(pictures))]
            levels[scale] = [(PIECE_SECONDS / listening.slower, names)]
            for name, data in zip(names, pictures, strict=True):
                keep(name, data)
            if scale in media.whole:
                levels[scale].append((media.duration, [f"{number}/{scale}.webp"]))
                keep(f"{number}/{scale}.webp", media.whole[scale])
        shown = Shown(recording, media.duration, media.highest, sound, media.peaks, levels)
        content["recordings"].append(_shown_content(listening, shown))
    return content


def _decisions(listening: Listening) -> dict[str, Any]:
    """Return what the page's script knows besides the recordings."""
    columns = list(listening.classes)
    return {
        "classes": columns,
        "decoder": decoder_content(restricted(listening.decoder, columns), columns),
        "selection": {"minConfidence": listening.selection.min_confidence, "top": listening.selection.top},
        "criteria": {
            "collar": listening.criteria.collar,
            "offsetToleranceRatio": listening.criteria.offset_tolerance_ratio,
        },
        "scales": scales(listening.slower),
        "slower": listening.slower,
        "recordings": [],
    }


def _shown_content(listening: Listening, shown: Shown) -> dict[str, Any]:
    """Return what the page's script knows of one recording."""
    columns = list(listening.classes)
    return {
        "name": shown.recording.filename,
        "duration": shown.duration,
        "highest": shown.highest,
        "audio": shown.sound,
        "peaks": encoded(shown.peaks.tobytes()),
        "pictures": shown.pictures,
        **scores_content(shown.recording.scores[[*FRAME_COLUMNS, *columns]], restricted(listening.decoder, columns)),
        **reference_content(listening.reference, shown.recording.filename),
    }


def _filled(title: str, content: dict[str, Any], first: str = "", rest: str = "") -> str:
    """Fill in the page: the media of its first recording come before the script, so that it need not wait for all."""
    licence = _static("wavesurfer.LICENSE")
    scripts = [f"/* wavesurfer.js\n{licence}*/", *map(_static, ("wavesurfer.min.js", "decode.js", "page.js"))]
    script = "\n".join(scripts)
    # Only the script with this hash may run, and nothing but what the page or its folder holds may be loaded.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    own = "data: blob: 'self' file:" if content["folder"] else "data: blob:"
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    parts = {
        "policy": f"{policy}; script-src 'sha256-{digest}'; img-src {own}; media-src {own}",
        "title": html.escape(title.encode("utf-8", "replace").decode()),
        "style": _static("page.css"),
        "data": text.translate({ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&'"}),
        "script": script,
        "first": first,
        "rest": rest,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda name: parts[name[1]], _static("page.html"))


def _static(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
