"""Which recording of a folder a label file means: by its path, by its name, or by its name without the suffix."""

import difflib
import itertools
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
        # 1. A bare name beside the file, or of no recording: most are such, and there may be a million.
        if not _PATH.search(text):
            beside = f"{folder}/{text}" if folder else text
            is_nowhere = text not in self._by_name and audio.stem(text).casefold() not in self._by_stem
            if beside in self._known or is_nowhere:
                return beside

        # 2. A path from the file or from the folder; of a path of another computer the name counts.
        path = PureWindowsPath(text)
        is_absolute = bool(path.root or path.drive)
        relative = path.name if is_absolute else posixpath.normpath(path.as_posix())
        from_file = posixpath.normpath(posixpath.join(folder, relative))
        if not is_absolute:
            for candidate in (from_file, relative):
                if candidate in self._known:
                    return candidate

        # 3. By name, then by name without suffix; of several, those with the most folders in common with the path, and
        #    of these the one beside the file, or below it.
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

    def n_shared(candidate: str) -> int:
        own = reversed(PurePosixPath(candidate).parts[:-1])
        pairs = zip(own, reversed(parts[:-1]), strict=False)
        return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))

    most = max(map(n_shared, candidates))
    return [candidate for candidate in candidates if n_shared(candidate) == most]
