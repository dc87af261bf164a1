"""ELAN's ``.eaf``: XML with annotations on tiers, one file per recording. Its tab export is a text table.

The XML is read event by event; a document type, which could define entities, is refused, and so is deep nesting.
"""

import os
from dataclasses import dataclass, field
from pathlib import PureWindowsPath
from urllib.parse import unquote
from xml.parsers import expat

import pandas as pd

from sedpool.errors import DataError
from sedpool.formats.columns import is_recording
from sedpool.formats.notes import note
from sedpool.formats.options import RECOGNISED, LabelOptions
from sedpool.formats.texts import tidied_text
from sedpool.formats.tiers import Tier, events_on_tiers
from sedpool.text_tables import file_bytes

MAX_DEPTH = 20  # ELAN's own files have 5


@dataclass
class _Annotation:
    tier: str
    begin: str = ""
    end: str = ""
    of: str = ""  # the annotation that it annotates
    value: str = ""


@dataclass
class _Document:
    """What has been read of a document."""

    path: str
    depth: int = 0
    media: list[str] = field(default_factory=list)
    slots: dict[str, float | None] = field(default_factory=dict)
    tiers: list[str] = field(default_factory=list)
    annotations: dict[str, _Annotation] = field(default_factory=dict)
    current: str = ""
    texts: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise DataError(f"{self.path}: elements are nested more than {MAX_DEPTH} deep; expected an ELAN document")
        if self.depth == 1 and name != "ANNOTATION_DOCUMENT":
            raise DataError(f"{self.path}: an XML document of {name}; expected ELAN's ANNOTATION_DOCUMENT")
        if name == "MEDIA_DESCRIPTOR":
            self.media.append(attributes.get("MEDIA_URL", ""))
        elif name == "TIME_SLOT":
            value = attributes.get("TIME_VALUE")
            if value is not None and "_" in value:  # which Python takes for a number, as 1_0
                raise ValueError(f"a time of {value!r}")
            self.slots[attributes.get("TIME_SLOT_ID", "")] = None if value is None else float(value) / 1000
        elif name == "TIER":
            self.tiers.append(attributes.get("TIER_ID", ""))
        elif name in ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION"):
            self.current = attributes.get("ANNOTATION_ID", "")
            if self.current in self.annotations or not self.tiers:
                problem = "on no tier" if not self.tiers else "there twice"
                raise DataError(f"{self.path}: annotation {self.current} is {problem}; save it again in ELAN")
            begin, end = (attributes.get(f"TIME_SLOT_REF{number}", "") for number in (1, 2))
            of = attributes.get("ANNOTATION_REF", "")
            self.annotations[self.current] = _Annotation(self.tiers[-1], begin, end, of)
        elif name == "ANNOTATION_VALUE":
            self.texts = []

    def characters(self, text: str) -> None:
        if self.texts is not None:
            self.texts.append(text)

    def end(self, name: str) -> None:
        self.depth -= 1
        if name == "ANNOTATION_VALUE" and self.texts is not None and self.current in self.annotations:
            self.annotations[self.current].value = "".join(self.texts)
            self.texts = None

    def times(self, annotation: _Annotation) -> tuple[float | None, float | None]:
        """Return onset and offset of an annotation, or of the one that it annotates."""
        seen = set()
        while annotation.of in self.annotations and annotation.of not in seen:
            seen.add(annotation.of)
            annotation = self.annotations[annotation.of]
        return self.slots.get(annotation.begin), self.slots.get(annotation.end)


def read_elan(
    path: str | os.PathLike[str], filename: str | None = None, options: LabelOptions = RECOGNISED
) -> pd.DataFrame:
    """Read the annotations of an ``.eaf`` document.

    Parameters
    ----------
    path : path-like
        The file.
    filename : str, optional
        Id of the recording; by default the name of the document's first sound, or of its first video, else that of the
        audio file beside it with the same stem, else ``stem.wav``.
    options : LabelOptions
        Which tiers to read; by default all that annotate the recording itself, not other annotations.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`; annotations without a time or a value are none.

    Raises
    ------
    DataError
        If the file is no such document or a time in it is impossible.
    ConfigError
        If a chosen tier is not there.
    """
    document = _parsed(path)
    tiers: dict[str, list[tuple[float, float, str]]] = {name: [] for name in document.tiers}
    n_without = 0
    for annotation in document.annotations.values():
        onset, offset = document.times(annotation)
        if onset is None or offset is None:
            n_without += 1
        else:
            tiers[annotation.tier].append((onset, offset, annotation.value))
    if n_without:
        note(path, "not read, as they have no time: {n} annotations", n_without)
    referring = {annotation.tier for annotation in document.annotations.values() if annotation.of}
    found = {name: Tier(name, intervals, is_main=name not in referring) for name, intervals in tiers.items()}
    media = [tidied_text(PureWindowsPath(unquote(url)).name) for url in document.media]
    name = next(filter(is_recording, media), media[0] if media else "")
    return events_on_tiers(found, path, filename or name or None, options)


def _parsed(path: str | os.PathLike[str]) -> _Document:
    document = _Document(str(path))

    def refuse(*_: object) -> None:
        raise DataError(f"{path}: has a document type, which could hide entities; expected ELAN's XML without one")

    parser = expat.ParserCreate()
    parser.StartElementHandler = document.start
    parser.EndElementHandler = document.end
    parser.CharacterDataHandler = document.characters
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(file_bytes(path), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(f"{path}: not an ELAN document ({error})") from None
    return document
