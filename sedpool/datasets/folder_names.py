"""Which recording of a folder a label file means: by its path, by its name, or by its name without the suffix."""

import difflib
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath, PureWindowsPath

from sedpool import audio
from sedpool.errors import DataError
from sedpool.formats.texts import tidied_text

_PATH = re.compile(r"[/\\:]|^\.{0,2}$")  # all but bare names


class RecordingNames:
    """The names of a folder's recordings, and how label files may write them.

    Parameters
    ----------
    recordings : sequence of str
        Paths from the folder with ``/``, in Unicode's composed form (NFC).
    """

    def __init__(self, recordings: Sequence[str]) -> None:
        self.recordings = sorted(recordings)
        self._known = set(recordings)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for recording in self.recordings:
            self._by_name[PurePosixPath(recording).name].append(recording)
            self._by_stem[_stem(recording)].append(recording)

    def find(self, written: str, *, folder: str = "", source: object = "labels") -> str:
        r"""Return the recording that a label file means.

        Parameters
        ----------
        written : str
            The name in the file: a path from the folder or from the file, also with ``\`` or of another computer, or a
            name, also without its suffix. Of several that fit, one beside or below the file is meant.
        folder : str
            Folder of the file, relative to that of the recordings.
        source : object
            The file, for messages.

        Returns
        -------
        recording : str
            One of the recordings or, if none fits, the name as a path from the folder.

        Raises
        ------
        DataError
            If several fit.

        Examples
        --------
        >>> names = RecordingNames(["day/a.wav", "b.WAV"])
        >>> names.find("C:\\field\\a.wav"), names.find("./b.wav"), names.find("c.wav")
        ('day/a.wav', 'b.WAV', 'c.wav')
        """
        text = tidied_text(written)
        if not _PATH.search(text):  # most are bare names, and there may be a million
            from_file = f"{folder}/{text}" if folder else text
            if from_file in self._known:
                return from_file
            if text not in self._by_name and audio.stem(text).casefold() not in self._by_stem:
                return from_file
        path = PureWindowsPath(text)
        is_absolute = bool(path.root or path.drive)
        name = path.name if is_absolute else posixpath.normpath(path.as_posix())
        from_file = posixpath.normpath(posixpath.join(folder, name))
        for relative in (from_file, name):
            if relative in self._known and not is_absolute:
                return relative
        candidates = self._by_name.get(path.name) or self._by_stem.get(_stem(path.name), [])
        if len(candidates) > 1:
            candidates = _most_alike(candidates, path.parts)
        if len(candidates) > 1 and folder:
            below = [name for name in candidates if name.startswith(f"{folder}/")]
            candidates = [name for name in below if posixpath.dirname(name) == folder] or below or candidates
        if len(candidates) > 1:
            raise DataError(
                f"{source}: {written} is ambiguous: {candidates[0]} or {candidates[1]}; write its path from the folder"
            )
        return candidates[0] if candidates else from_file

    def similar(self, names: Iterable[str]) -> list[str]:
        """Return recordings whose names resemble those of `names`, the most alike first."""
        found = [difflib.get_close_matches(name, self.recordings, n=1) for name in names]
        return list(dict.fromkeys(match for matches in found for match in matches))


def _stem(recording: str) -> str:
    return audio.stem(PurePosixPath(recording).name).casefold()


def _most_alike(candidates: Sequence[str], parts: Sequence[str]) -> list[str]:
    """Return the candidates that share most folders with a path, counted from its end."""

    def shared(candidate: str) -> int:
        pairs = zip(reversed(PurePosixPath(candidate).parts[:-1]), reversed(parts[:-1]), strict=False)
        count = 0
        for own, other in pairs:
            if own != other:
                break
            count += 1
        return count

    most = max(map(shared, candidates))
    return [candidate for candidate in candidates if shared(candidate) == most]
