"""What ``sedpool detect --out`` wrote, as a listening page shows it."""

from collections.abc import Sequence
from pathlib import Path

from sedpool.errors import ConfigError, DataError, StorageError
from sedpool.formats.detections import JOURNAL, read_detection_scores
from sedpool.inference.decode import Decoder
from sedpool.inference.recordings import Selection
from sedpool.listening import Listening, ScoredRecording
from sedpool.scores import classes_of
from sedpool.untrusted import parse_json


def detections_to_hear(folder: Path, slower: int) -> tuple[Listening, Sequence[ScoredRecording]]:
    """Read a folder of results: how was detected, and the recordings that have scores there.

    Parameters
    ----------
    folder : Path
        It has a journal (see `sedpool.inference.journal`).
    slower : int
        How many times slower recordings are played.

    Raises
    ------
    DataError
        If no scores were written.
    StorageError
        If the journal is damaged.
    """
    scores = read_detection_scores(folder)
    classes, by_name = classes_of(scores), dict(list(scores.groupby("filename", sort=False)))
    head, *lines = (folder / JOURNAL).read_bytes().splitlines(keepends=True) or [b""]
    try:
        method = parse_json(head)["method"]
        kept = method["selection"]
        selection = Selection(kept["min_confidence"], kept["classes"] and tuple(kept["classes"]), kept["top"])
        decoder = Decoder(**method["decoding"])
        decoder.check(classes)
        # The last line may have been cut by an interruption.
        entries = [entry for line in lines if line.endswith(b"\n") and "source" in (entry := parse_json(line))]
        paths = {str(entry["filename"]): Path(entry["source"][0]) for entry in entries}
    except (ConfigError, KeyError, TypeError, ValueError, IndexError) as error:
        raise StorageError(f"{folder / JOURNAL}: damaged ({error}); detect anew in another folder") from None
    recordings = [ScoredRecording(name, path, by_name[name]) for name, path in paths.items() if name in by_name]
    if not recordings:
        raise DataError(
            f"{folder}: no scores of its recordings; run the same sedpool detect again with --format scores"
        )
    shown = tuple(label for label in classes if label in (selection.classes or classes))
    return Listening(f"Detections in {folder.name}", shown, decoder, selection, slower=slower), recordings
