"""A run's test clips as a listening page shows them, decoded as the run was tuned."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sedpool.datasets.base import Dataset
from sedpool.evaluation.evaluation_input import reference_input
from sedpool.evaluation.levels import Criteria
from sedpool.experiment.load import dataset_of, decoding_of
from sedpool.listening import Listening, ScoredRecording
from sedpool.run_folder import RunFolder
from sedpool.scores import classes_of


class ClipsToHear(NamedTuple):
    """Test clips for a page.

    Attributes
    ----------
    listening : Listening
        What the page shows besides them.
    recordings : sequence of ScoredRecording
        The clips; of more than were asked for, so many at equal distances.
    n_scored : int
        How many test clips the run scored.
    decoding : str
        How they are decoded, in words.
    """

    listening: Listening
    recordings: Sequence[ScoredRecording]
    n_scored: int
    decoding: str


def clips_to_hear(run: RunFolder, n_clips: int, *, root: Path | None = None, trust_code: bool = False) -> ClipsToHear:
    """Collect test clips of a finished run with their scores and, where it is known, their reference.

    Parameters
    ----------
    run : RunFolder
        The run.
    n_clips : int
        How many clips at most.
    root, trust_code
        As in `sedpool.experiment.load.dataset_of`, and so are the errors.
    """
    scores, classes = run.scores, classes_of(run.scores)
    test: Dataset = dataset_of(run, root, trust_code=trust_code).split("test")
    scored = [name for name in test.clips["filename"] if name in set(scores["filename"])]
    chosen = [scored[number * len(scored) // n_clips] for number in range(n_clips)] if len(scored) > n_clips else scored
    clips = test.select(chosen)
    reference = None
    if clips.events is not None:
        reference = reference_input(clips.events, durations=clips.durations, classes=classes, unknown=clips.regions)
    decoder, described = decoding_of(run, tuned=True)
    criteria = Criteria(collar=run.metrics["collar"], offset_tolerance_ratio=run.metrics["offset_share"])
    listening = Listening(
        f"{run.dataset} · {run.method}: test clips", classes, decoder, reference=reference, criteria=criteria
    )
    by_clip = dict(list(scores.groupby("filename", sort=False)))
    paths = dict(zip(clips.clips["filename"], clips.clips["path"], strict=True))
    recordings = [ScoredRecording(name, Path(paths[name]), by_clip[name], clips.windows.get(name)) for name in chosen]
    return ClipsToHear(listening, recordings, len(scored), described)
