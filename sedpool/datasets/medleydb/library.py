"""The multitracks and mixes of MedleyDB, and the paths of their files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sedpool.datasets.medleydb.multitrack import (
    Activations,
    Multitrack,
    find,
    read_activations,
    read_multitrack,
)
from sedpool.errors import DataError

REMOVED = (
    "acoustic guitar",
    "auxiliary percussion",
    "cello",
    "clean electric guitar",
    "distorted electric guitar",
    "double bass",
    "drum set",
    "electric bass",
    "female singer",
    "flute",
    "male singer",
    "piano",
    "violin",
    "vocalists",
)
"""The instruments that the paper removes from multitracks that have them."""
SEPARATOR = "---"
ACTIVATION_FOLDERS = ("Activation_Confidence_v2", "Activation_Confidence")


@dataclass(frozen=True)
class Mix:
    """A full mix, or one without an instrument.

    Attributes
    ----------
    track : str
        Name of the multitrack.
    removed : str
        The removed instrument; empty for the full mix.
    """

    track: str
    removed: str = ""

    @property
    def name(self) -> str:
        """Id in the form of the paper's authors: ``<Track>---<removed instrument>``."""
        return f"{self.track}{SEPARATOR}{self.removed}"


@dataclass(frozen=True)
class Library:
    """Multitracks with metadata and activations.

    Attributes
    ----------
    audio : Path
        Folder with a sub-folder of recordings for every multitrack on disk.
    multitracks : dict of str to Multitrack
        Metadata by name.
    activations : dict of str to Path
        File of activation confidences by name.
    unannotated : tuple of str
        Names of listed multitracks that lack metadata or activations.
    """

    audio: Path
    multitracks: dict[str, Multitrack]
    activations: dict[str, Path]
    unannotated: tuple[str, ...]

    def mixes(self) -> Iterator[Mix]:
        """Iterate over every full mix, each followed by its mixes without an instrument."""
        for name, track in self.multitracks.items():
            yield Mix(name)
            for instrument in REMOVED:
                if instrument in track.instruments and track.stems_without(instrument):
                    yield Mix(name, instrument)

    def stem_files(self, mix: Mix) -> dict[int, Path]:
        """Return the recordings of a mix's stems, by number."""
        track = self.multitracks[mix.track]
        folder = self.audio / mix.track / track.stem_dir
        return {stem: folder / track.stems[stem].filename for stem in track.stems_without(mix.removed)}

    def read_activations(self, name: str) -> Activations:
        """Read when the stems of a multitrack sound."""
        return read_activations(self.activations[name], self.multitracks[name].stems)


def read_library(audio: Path, annotations: Path, names: Iterable[str] | None = None) -> Library:
    """Read the metadata of all multitracks.

    Parameters
    ----------
    audio, annotations : Path
        Folders of recordings and annotations.
    names : iterable of str, optional
        The multitracks; by default those in ``tracklist_v1.txt`` or, without this list, all with metadata.

    Raises
    ------
    DataError
        If no multitrack is annotated, or a file has another form than expected.
    """
    metadata = find(annotations, "Metadata")
    if metadata is None:
        problem = "no folder Metadata in it" if annotations.is_dir() else "no such folder"
        raise DataError(
            f"medleydb: {annotations}: {problem}; give the folder that holds Metadata (dataset.annotations)"
        )
    if names is None and (tracklist := find(annotations, "tracklist_v1.txt")):
        names = tracklist.read_text(encoding="utf-8").split()
    elif names is None:
        names = [path.name.removesuffix("_METADATA.yaml") for path in metadata.glob("*_METADATA.yaml")]
    listed = sorted(set(names))
    files = {name: metadata / f"{name}_METADATA.yaml" for name in listed}
    labs = {
        name: find(annotations, *(f"{folder}/{name}_ACTIVATION_CONF.lab" for folder in ACTIVATION_FOLDERS))
        for name in listed
    }
    known = {name: lab for name, lab in labs.items() if lab and files[name].is_file()}
    if not known:
        raise DataError(f"medleydb: {annotations}: none of {len(listed)} multitracks has metadata and activations")
    tracks = {name: read_multitrack(files[name]) for name in known}
    # A single stem is no mix: the paper's lists lack the one multitrack that has only one.
    mixed = {name: track for name, track in tracks.items() if len(track.stems) > 1}
    return Library(audio, mixed, known, tuple(name for name in listed if name not in known))
