"""Signal-to-noise ratio and source recording of each event, from Scaper's annotations."""

import re
from pathlib import Path

import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.formats.jams import read_backgrounds, read_mixing

COLUMNS = ("filename", "onset", "event_label", "snr", "source_file")
_RECORDING = (
    re.compile(r"^(?P<recording>\d+)-\d+-\d+-\d+\.\w+$"),  # UrbanSound8K: <recording>-<class>-<occurrence>-<slice>
    re.compile(r"^\d-(?P<recording>\d+)-[A-Z](-\d+)?\.\w+$"),  # ESC-10 and -50: <fold>-<recording>-<take>[-<class>]
)
_MADE = "procedural/"  # the demo synthesises a new sound for each event


def mixing_details(dataset: Dataset) -> pd.DataFrame | None:
    """Read the signal-to-noise ratio and source of every event.

    Parameters
    ----------
    dataset : Dataset
        A corpus in URBAN-SED's layout, where the annotation of ``audio/<split>/<clip>.wav`` is
        ``annotations/<split>/<clip>.jams``.

    Returns
    -------
    details : DataFrame or None
        ``filename, onset`` (seconds), ``event_label, snr`` (dB over the background, NaN where not stated),
        ``source_file`` (empty where not stated). None if a clip has no such annotation.

    Raises
    ------
    DataError
        If an annotation is damaged.
    """
    rows: list[tuple[str, float, str, float, str]] = []
    for filename, path in dataset.clips[["filename", "path"]].itertuples(index=False, name=None):
        annotation = _annotation(path)
        if annotation is None:
            return None
        rows += [(filename, *event) for event in read_mixing(annotation)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _annotation(path: object) -> Path | None:
    if not isinstance(path, str):  # no audio: None, which a table may turn into NaN
        return None
    audio = Path(path)
    annotation = audio.parent.parent.parent / "annotations" / audio.parent.name / f"{audio.stem}.jams"
    return annotation if annotation.is_file() else None


def clip_sources(details: pd.DataFrame) -> pd.DataFrame:
    """List the recordings that each clip was mixed from.

    Parameters
    ----------
    details : DataFrame
        Of `mixing_details`.

    Returns
    -------
    sources : DataFrame
        ``filename, source``, each pair once. Slices and takes whose UrbanSound8K or ESC-50 names state the recording
        that they were cut from count as that recording; any other file counts as a recording of its own.
    """
    known = details[(details["source_file"] != "") & ~details["source_file"].str.startswith(_MADE)]
    sources = known.assign(source=known["source_file"].map(recording_of))
    return sources[["filename", "source"]].drop_duplicates(ignore_index=True)


def clip_backgrounds(dataset: Dataset) -> pd.DataFrame:
    """List the recordings behind the events of each clip.

    Parameters
    ----------
    dataset : Dataset
        A corpus as `mixing_details` takes it.

    Returns
    -------
    backgrounds : DataFrame
        ``filename, source``, each pair once; a clip without such an annotation has no row.

    Raises
    ------
    DataError
        If an annotation is damaged.
    """
    annotations = {
        filename: _annotation(path)
        for filename, path in dataset.clips[["filename", "path"]].itertuples(index=False, name=None)
    }
    rows = [(filename, source) for filename, path in annotations.items() if path for source in read_backgrounds(path)]
    return pd.DataFrame(rows, columns=["filename", "source"]).drop_duplicates(ignore_index=True)


def recording_of(source_file: str) -> str:
    """Return the recording that a source file was cut from.

    Examples
    --------
    >>> recording_of("gun_shot/135527-6-5-0.wav"), recording_of("dog/4-167077-C.ogg"), recording_of("my/dog.wav")
    ('135527', '167077', 'my/dog.wav')
    """
    name = source_file.replace("\\", "/").rsplit("/", 1)[-1]
    for pattern in _RECORDING:
        if found := pattern.match(name):
            return found["recording"]
    return source_file
