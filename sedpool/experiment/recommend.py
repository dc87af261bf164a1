"""Which front-end, frames, recipe and pooling suit a corpus, by what was measured: ``training=auto``."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sedpool.formats.notes import gathered
from sedpool.frontends.aisfx_weights import weights_file
from sedpool.frontends.catalog import AISFX
from sedpool.settings.compose import compose
from sedpool.settings.instantiate import build
from sedpool.soundscapes.writing import NotSynthesised, without_synthesis

logger = logging.getLogger(__name__)

AUTO = "training=auto"
MANY_CLIPS = 480
"""Clips that fill 30 batches of 16; with fewer an epoch takes 30 batches all the same."""


@dataclass(frozen=True)
class Recommendation:
    """A row of the table of methods.

    Attributes
    ----------
    has_front_end : bool
        Whether it needs the weights of aisfx.
    has_times : bool
        Whether it is for labels with times.
    has_many_clips : bool
        Whether it is for `MANY_CLIPS` training clips and more, or for fewer.
    settings : tuple of str
        What it stands for, as on the command line.
    reason : str
        The measurement that it rests on.
    """

    has_front_end: bool
    has_times: bool
    has_many_clips: bool
    settings: tuple[str, ...]
    reason: str


_FEW_SHOT = "eight recordings of a class gave an accuracy of 0.90, log-mel statistics 0.63 (experiments/few-shot)"
_FEW = ("training=small", "model=compact")
_NOT_MEASURED = "for so few clips no network without a front-end was measured"
_FINE = (
    *("training=study", "training.epochs=30", "training.early_stopping_patience=6", "training.lr_patience=3"),
    *("training.learning_rate=2.0e-3", "features.sr=22050", "features.n_mels=64"),
    *("model=compact", "model.filters=[32,64,96,128]", "model.time_reduction=2"),  # frames of 93 ms
)
_COARSE = "the paper's network, with frames of 0.37 s"
_LAYER = ("model=aisfx", "model.hidden=[128]", "model.dropout=0.3", "features.frame_period=93")
TABLE = (
    Recommendation(
        True,
        True,
        True,
        ("training=study", *_LAYER, "supervision=strong", "evaluation.tune=all", "evaluation.tune_on=event"),
        "on 1,500 soundscapes times gave event F1 0.391 and PSDS1 0.337, on four folds with three seeds "
        "(experiments/weak-to-strong)",
    ),
    Recommendation(
        True,
        False,
        True,
        ("training=self_train", *_LAYER, "pooling=rap", "evaluation.tune=all"),
        "on 1,500 soundscapes RAP had the best PSDS1 of six operators, 0.328, and event F1 0.317, with a median filter "
        "and thresholds from tags, on four folds with three seeds (experiments/weak-to-strong)",
    ),
    Recommendation(
        True,
        True,
        False,
        ("training=study", "model=aisfx", "features.frame_period=93", "supervision=strong"),
        f"{_FEW_SHOT}; with times event F1 0.228 and PSDS1 0.155, self-trained from tags 0.223 and 0.134 (240 "
        "soundscapes, one fold, two seeds)",
    ),
    Recommendation(
        True,
        False,
        False,
        ("training=self_train", "model=aisfx", "features.frame_period=93", "pooling=auto", "evaluation.tune=all"),
        f"{_FEW_SHOT}; two rounds of self-training raised event F1 from 0.166, the best pooling's, to 0.223 (240 "
        "soundscapes, one fold, two seeds)",
    ),
    Recommendation(
        False,
        True,
        True,
        (
            *_FINE,
            *("training.monitor=psds1", "supervision=strong", "pooling=linear_softmax"),
            *("evaluation.tune=all", "evaluation.tune_on=event"),
        ),
        "on 1,500 soundscapes event F1 was 0.296 and PSDS1 0.191, on four folds with one seed "
        f"(experiments/weak-to-strong); {_COARSE}, had 0.194 and 0.137 (experiments/esc10-soundscapes)",
    ),
    Recommendation(
        False,
        False,
        True,
        (*_FINE, "training.monitor=map", "pooling=rap", "pooling.l2=1e-4", "evaluation.tune=all"),
        "on 1,500 soundscapes event F1 was 0.182 and PSDS1 0.114, on four folds with one seed "
        f"(experiments/weak-to-strong); {_COARSE}, had 0.104 and 0.117 (experiments/esc10-soundscapes)",
    ),
    Recommendation(
        False,
        True,
        False,
        (*_FEW, "supervision=strong"),
        f"{_NOT_MEASURED}; with 1,500 soundscapes times gave the best PSDS1 (experiments/esc10-soundscapes)",
    ),
    Recommendation(
        False,
        False,
        False,
        (*_FEW, "pooling=rap"),
        f"{_NOT_MEASURED}; on the demo's 600 it had the best segment F1, 0.795, with one seed (docs/results.md)",
    ),
)
"""By front-end, labels and size; the first row that fits is taken."""


def recommend(n_clips: int, *, has_times: bool, has_front_end: bool) -> Recommendation:
    """Return the row of the table for a corpus.

    Parameters
    ----------
    n_clips : int
        Training clips.
    has_times : bool
        Whether training and validation clips have times of events.
    has_front_end : bool
        Whether the weights of aisfx are there.
    """
    return next(
        row
        for row in TABLE
        if (row.has_front_end, row.has_times, row.has_many_clips) == (has_front_end, has_times, n_clips >= MANY_CLIPS)
    )


def with_recommendation(overrides: Sequence[str]) -> list[str]:
    """Replace ``training=auto`` by the settings that it stands for, and log them with their reason.

    Parameters
    ----------
    overrides : sequence of str
        As on the command line. What they set stays as it is.

    Raises
    ------
    ConfigError
        If the corpus cannot be composed or loaded.
    """
    others = [override for override in overrides if override != AUTO]
    given = dict(override.partition("=")[::2] for override in others)
    config = compose(others)
    try:
        with without_synthesis(), gathered(is_shown=False):  # the run says again what there is to say
            dataset = build(config, "dataset")
        split = dataset.clips["split"]
        n_clips, weak = int((split == "train").sum()), set(split if dataset.events is None else dataset.weak_splits)
        has_times = not weak & {"train", "validate"}
    except NotSynthesised:  # soundscapes, which have times, are still to be made
        n_clips, has_times = config["dataset"]["n_train"], True
    if config["labels"]["times"] == "test":
        has_times = False
    has_times = given["supervision"] != "weak" if "supervision" in given else has_times
    front_end_fits = {"model", "features"}.isdisjoint(given)
    row = recommend(n_clips, has_times=has_times, has_front_end=front_end_fits and weights_file().is_file())
    settings = list(row.settings)
    if n_clips < MANY_CLIPS and "training=small" not in settings:
        settings.append("training.batches_per_epoch=30")
    chosen = [setting for setting in settings if _is_free(setting.partition("=")[0], given)]
    described = f"{n_clips} training clips with {'times' if has_times else 'tags'}"
    logger.info(f"{AUTO}: {described}: {' '.join(chosen)}, since {row.reason}")
    if front_end_fits and not row.has_front_end:
        logger.info(f"a pretrained front-end would be chosen if it were here: {AISFX.command} ({_FEW_SHOT})")
    return [*chosen, *others]


def _is_free(name: str, given: dict[str, str]) -> bool:
    """Whether a setting, and the choice that it refines, was left open."""
    group = name.partition(".")[0]
    if group == "training":
        return name not in given
    return name not in given and group not in given
