"""A run's output for some clips beside their reference: what tuning and run evaluation start from."""

from dataclasses import dataclass, replace
from functools import cached_property

from sedpool.datasets.base import Dataset
from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.evaluation_input import EvaluationInput, reference_input
from sedpool.evaluation.frames import FrameArrays, frame_arrays
from sedpool.evaluation.ranking import ranking_metrics
from sedpool.evaluation.validation import listed, refuse_unknown_files
from sedpool.inference.decode import Decoder, SystemOutput
from sedpool.scores import classes_of


@dataclass(frozen=True)
class ScoredClips:
    """A system's output for the clips of a Dataset; each table is checked and indexed once, when it is first needed.

    Attributes
    ----------
    output : SystemOutput
        Scores of these clips, with the decoder that was set.
    dataset : Dataset
        The reference.
    """

    output: SystemOutput
    dataset: Dataset

    @cached_property
    def reference(self) -> EvaluationInput | None:
        """The reference, without an estimate; None where there are only weak labels."""
        dataset = self.dataset
        if dataset.events is None:
            return None
        return reference_input(
            dataset.events, durations=dataset.durations, classes=dataset.classes, unknown=dataset.regions
        )

    @cached_property
    def rankings(self) -> Metrics:
        """Metrics of clip scores, which no decoding changes."""
        return ranking_metrics(self.dataset.tags, self.output.clip_scores)

    @cached_property
    def frames(self) -> FrameArrays:
        """The frame scores that the decoder compares with its thresholds."""
        smoothed = self.output.decoder.smoothed(self.output.frame_scores, self.output.clip_scores)
        return frame_arrays(smoothed, self.dataset.durations, self.dataset.classes)

    def frames_for(self, decoder: Decoder) -> FrameArrays:
        """Filter the frame scores as another decoder does; `frames` where it does so in the same way."""
        if decoder.filters_as(self.output.decoder):
            return self.frames
        return ScoredClips(replace(self.output, decoder=decoder), self.dataset).frames


def scored_clips(output: SystemOutput, dataset: Dataset, *, allow_missing: bool) -> ScoredClips:
    """Match scores and the clips of a Dataset by name and class.

    Parameters
    ----------
    output : SystemOutput
        Scores.
    dataset : Dataset
        The reference.
    allow_missing : bool
        Leave out clips without scores, instead of an error.

    Raises
    ------
    EvaluationError
        If classes differ, or a clip is unknown or has not both kinds of scores.
    """
    for source, scores in (("scores", output.frame_scores), ("clip scores", output.clip_scores)):
        different = sorted(set(classes_of(scores)) ^ set(dataset.classes))
        if different:
            raise EvaluationError(f"{source} and dataset {dataset.name} differ in the classes {listed(different)}")
        refuse_unknown_files(scores["filename"].unique(), dataset.clips["filename"], source=source)
    present = set(output.clip_scores["filename"])
    one_sided = sorted(present ^ set(output.frame_scores["filename"]))
    if one_sided:
        raise EvaluationError(f"{dataset.name}: {listed(one_sided)} have either frame or clip scores; expected both")
    missing = sorted(set(dataset.clips["filename"]) - present)
    if missing and not allow_missing:
        raise EvaluationError(
            f"{dataset.name}: {len(missing)} of {len(dataset)} clips have no scores ({listed(missing)}); "
            "detect them, or score the rest with allow_missing=true"
        )
    return ScoredClips(output, dataset.select(sorted(present)))
