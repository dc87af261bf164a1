"""What decides on the kept epoch where validation has events: how well they are located."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sedpool import evaluation, pooling
from sedpool.errors import ConfigError, TrainingError
from sedpool.events import empty_events
from sedpool.inference.trained_detector import score
from sedpool.models import Detector, build_detector, compact_cnn
from sedpool.run_folder import kept_epoch
from sedpool.runtime.backend import configure
from sedpool.training import session
from sedpool.training.fit import fit, fit_prepared
from sedpool.training.recipe import STUDY
from tests.training.test_self_training import CLASSES, N_FRAMES, prepared, same_weights

RECIPE = replace(
    STUDY, epochs=8, batch_size=8, patch_duration=4.0, learning_rate=0.02, clip_loss_weight=1.0, monitor="psds1"
)


def trained(folder: Path | None = None, validate=None, event_score=evaluation.psds1, **changes):
    configure(seed=0, threads=None, precision="float32")
    backbone = compact_cnn(n_mels=32, filters=(8, 8), head_filters=16, time_reduction=4)
    built = build_detector(backbone, pooling.AutoPool(), classes=CLASSES, supervision="strong", patch_frames=N_FRAMES)
    data = prepared(64), prepared(64, 1, "validate") if validate is None else validate
    recipe = replace(RECIPE, **changes)
    return built, fit_prepared(built, *data, recipe, seed=0, folder=folder, progress=False, event_score=event_score)


@pytest.fixture(scope="module")
def uninterrupted():
    """The detector of a whole run, which no test changes, and what came of training."""
    return trained()


def psds_of(built: Detector) -> float | None:
    validate = prepared(64, 1, "validate")
    scores, _ = score(built, validate)
    dataset = validate.dataset
    return evaluation.psds_of_scores(
        scores,
        dataset.events,
        durations=dataset.durations,
        classes=dataset.classes,
        scenario=evaluation.SCENARIO_1,
    )


def test_the_kept_epoch_is_that_of_the_highest_psds(uninterrupted):
    built, result = uninterrupted
    measured = result.history["val_psds1"]
    assert len(measured.unique()) > 1
    assert result.best_epoch == kept_epoch(result.history) == measured.idxmax() + 1
    assert psds_of(built) == pytest.approx(measured.max(), abs=1e-12)


def test_epochs_that_locate_nothing_are_judged_by_their_loss():
    measures = iter([0.0, 0.0, 0.0, 0.0, 0.25, 0.0, 0.125, 0.0])
    _, result = trained(event_score=lambda *_: next(measures), early_stopping_patience=3)
    history = result.history
    assert len(history) == 8
    assert history["monitored"].tolist()[:4] == [-loss for loss in history["val_loss"][:4]]
    assert history["monitored"][4] == history["val_psds1"][4] == 0.25
    assert result.best_epoch == 5


def test_an_interrupted_run_goes_on_to_the_same_bits(tmp_path, monkeypatch, uninterrupted):
    alone, whole = uninterrupted
    epoch, n_epochs = session.Session._epoch, []

    def interrupted(self, *arguments):
        if len(n_epochs) == 2:
            raise KeyboardInterrupt
        epoch(self, *arguments)
        n_epochs.append(self.position.epoch)

    monkeypatch.setattr(session.Session, "_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path)
    monkeypatch.setattr(session.Session, "_epoch", epoch)
    resumed, result = trained(tmp_path)
    assert same_weights(resumed, alone)
    assert result.best_epoch == whole.best_epoch
    columns = ["loss", "val_loss", "val_psds1", "monitored", "learning_rate"]
    pd.testing.assert_frame_equal(result.history[columns], whole.history[columns], check_exact=True)


def test_validation_without_times_and_a_missing_measure_are_refused():
    weak = prepared(16, 1, "validate")
    weak = replace(weak, dataset=replace(weak.dataset, events=None))
    with pytest.raises(
        ConfigError, match=r"^training\.monitor=psds1: the validation clips of dataset bursts have tags"
    ):
        trained(validate=weak)
    with pytest.raises(ConfigError, match=r"give event_score=sedpool\.evaluation\.psds1"):
        trained(event_score=None)
    with pytest.raises(ConfigError, match="have tags without times; monitor map, loss or accuracy"):
        fit(None, None, validate=weak.dataset, features=weak.extractor, recipe=RECIPE)
    with pytest.raises(ConfigError, match="monitor=psds1: it needs events, and with supervision=weak self-training"):
        replace(RECIPE, self_training_rounds=1).check_supervision("weak")


def test_validation_without_any_event_is_refused():
    silent = prepared(16, 1, "validate")
    tags = silent.dataset.tags & False
    silent = replace(silent, dataset=replace(silent.dataset, events=empty_events(), tags=tags))
    with pytest.raises(TrainingError, match="no validation clip has any event"):
        trained(validate=silent)


def test_only_clips_whose_events_are_known_are_scored():
    built, _ = trained(epochs=1)
    validate = prepared(16, 1, "validate")
    scores, _ = score(built, validate)
    dataset = validate.dataset
    split = np.where(np.arange(16) < 8, "validate", "weak")
    half = replace(dataset, clips=dataset.clips.assign(split=split), weak_splits=("weak",))
    names = list(dataset.clips["filename"][:8])
    kept = dataset.select(names)
    assert evaluation.psds1(scores, half) == evaluation.psds1(scores[scores["filename"].isin(names)], kept)
