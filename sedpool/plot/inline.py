"""The listening page inside a notebook."""

import html
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import soundfile as sf

from sedpool.datasets.base import Dataset
from sedpool.errors import DataError
from sedpool.evaluation.evaluation_input import reference_input
from sedpool.inference.decode import Decoder
from sedpool.listening import Listening, ScoredRecording, page_text
from sedpool.scores import classes_of, validate_scores

if TYPE_CHECKING:
    from sedpool.inference.trained_detector import Audio, TrainedDetector


@dataclass(frozen=True)
class Player:
    """A listening page that a notebook shows.

    Attributes
    ----------
    page : str
        The page; it needs no other file.
    height : int
        Its height in pixels.
    """

    page: str
    height: int

    def __repr__(self) -> str:
        """Say how large the page is, which holds the recordings."""
        return f"Player({len(self.page) / 1e6:.1f} MB)"

    def _repr_html_(self) -> str:
        """Show the page in a frame of its own, whose script has no part in the notebook's page."""
        page = html.escape(self.page.encode(errors="backslashreplace").decode())
        style = f"width: 100%; height: {self.height}px; border: 0"
        return f'<iframe sandbox="allow-scripts allow-forms" style="{style}" srcdoc="{page}"></iframe>'


def player(
    detector_or_scores: "TrainedDetector | pd.DataFrame",
    recordings: "Audio | Dataset",
    sr: int | None = None,
    *,
    decoder: Decoder | None = None,
    height: int = 900,
) -> Player:
    """Show recordings with what is detected in them, to look at, play and filter, in a notebook.

    The notebook then holds the recordings, about 150 kB for ten seconds: pass it on only to those who may have them.

    Parameters
    ----------
    detector_or_scores : TrainedDetector or DataFrame
        What detects, or frame scores of the recordings (see `sedpool.scores`).
    recordings : path, ndarray, Dataset or sequence of paths
        Files; samples, shape (n,) or (channels, n); or clips, whose events of known classes are shown too. Scores
        name files by their paths as given or, if these differ, by their order.
    sr : int, optional
        Sampling rate of samples, in Hz.
    decoder : Decoder, optional
        Makes events from scores; by default the detector's own, or a threshold of 0.5.
    height : int
        Height in pixels.

    Raises
    ------
    AudioError
        If a recording cannot be read.
    DataError
        If `sr` is missing, or given for anything but samples, or a recording has no scores.
    """
    if isinstance(detector_or_scores, pd.DataFrame):
        scores = validate_scores(detector_or_scores, source="sp.plot.player")
        decoder = decoder or Decoder()
    else:
        scores = detector_or_scores.scores(recordings, sr)
        decoder = decoder or detector_or_scores.decoder
    if "onset" not in scores:
        raise DataError("sp.plot.player: probabilities of whole clips; expected frame scores, with onset and offset")
    if isinstance(recordings, np.ndarray) != (sr is not None):
        raise DataError(f"sr={sr}: give the rate of samples in Hz, and none for files, which state their own")
    by_name = dict(list(scores.groupby("filename", sort=False)))
    classes = classes_of(scores)
    parts: dict[str, tuple[float, float]] = {}
    reference = None
    with TemporaryDirectory() as folder:
        if isinstance(recordings, Dataset):
            paths = dict(zip(recordings.clips["filename"], recordings.clips["path"], strict=True))
            parts = recordings.windows
            if (known := recordings.known_events) is not None:
                known = known[known["event_label"].isin(list(classes))]
                unknown = recordings.regions[recordings.regions["event_label"].isin(["", *classes])]
                reference = reference_input(known, durations=recordings.durations, classes=classes, unknown=unknown)
        elif isinstance(recordings, np.ndarray):
            sf.write(Path(folder, "audio.wav"), recordings.T, sr, subtype="FLOAT")
            paths = {"audio": Path(folder, "audio.wav")}
        else:
            given = [recordings] if isinstance(recordings, str | os.PathLike) else recordings
            paths = {os.fspath(path): path for path in given}
        if missing := [name for name in paths if name not in by_name]:
            if len(paths) != len(by_name):
                raise DataError(
                    f"sp.plot.player: no scores of {missing[0]}; they are of {', '.join(map(str, list(by_name)[:3]))}"
                )
            by_name = dict(zip(paths, by_name.values(), strict=True))
        several = f"{len(paths)} recordings" if len(paths) != 1 else next(iter(paths))
        listening = Listening(f"Events in {several}", classes, decoder, reference=reference)
        return Player(
            page_text(
                listening,
                (ScoredRecording(name, Path(path), by_name[name], parts.get(name)) for name, path in paths.items()),
            ),
            height,
        )
