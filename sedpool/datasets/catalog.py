"""The catalogue: size, licence, citation, layout and origin of each corpus, read from ``catalog.yaml``."""

import os
from pathlib import Path

import yaml
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from sedpool.errors import DataError


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class RemoteFile:
    """A file to download for a corpus.

    Attributes
    ----------
    name : str
        Path to write the file to, relative to the corpus's folder.
    url : str
        Address to fetch it from.
    md5 : str
        Checksum, as hexadecimal digits.
    contents : tuple of str
        For an archive, the files and folders that it unpacks to in the corpus's folder (a single folder around them is
        dropped). The archive is deleted once it is unpacked.
    unpacked_bytes : int
        For an archive, about how many bytes its contents occupy.
    """

    name: str
    url: str
    md5: str
    contents: tuple[str, ...] = ()
    unpacked_bytes: int = 0


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Corpus:
    """One entry of the catalogue.

    Attributes
    ----------
    name : str
        Name in commands and in ``configs/dataset``.
    title : str
        Name for people.
    labels : str
        Whether the labels of its splits are weak or strong.
    size : str
        Number and length of the clips, number of classes.
    licence, citation, homepage : str
        Terms of use, reference to cite, and address with more about it.
    folder : str
        Its folder below the data root.
    layout : str
        Files and folders in that folder.
    files : tuple of RemoteFile
        Files that ``sedpool data download`` fetches.
    steps : str
        Instructions for what the user has to do, instead of the download or after it.
    """

    name: str
    title: str
    labels: str
    size: str
    licence: str
    citation: str
    homepage: str
    folder: str
    layout: str
    files: tuple[RemoteFile, ...] = ()
    steps: str = ""


CORPORA = TypeAdapter(tuple[Corpus, ...]).validate_python(
    yaml.safe_load(Path(__file__).with_name("catalog.yaml").read_text(encoding="utf-8"))
)
"""Every corpus that sedpool can load, as ``catalog.yaml`` describes it."""


def find(name: str) -> Corpus:
    """Return the catalogue's entry of a name.

    Raises
    ------
    DataError
        If there is no such entry.
    """
    for corpus in CORPORA:
        if corpus.name == name:
            return corpus
    raise DataError(f"{name}: no such corpus; known: {', '.join(corpus.name for corpus in CORPORA)}")


def default_root(corpus: Corpus) -> Path:
    """Return a corpus's default folder: below ``$SEDPOOL_DATA`` or, if that is not set, below ``data``."""
    return Path(os.environ.get("SEDPOOL_DATA", "data")) / corpus.folder


def is_on_disk(root: Path) -> bool:
    """Return whether a folder holds anything except the files of an unfinished download."""
    return root.is_dir() and any(not entry.name.startswith(".") and entry.suffix != ".part" for entry in root.iterdir())
