"""The library as a notebook uses it."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import sedpool as sp
from sedpool.augment.prepare import AugmentationInputs, prepare_augmentation
from sedpool.errors import ConfigError, DataError
from sedpool.features.prepare import prepare
from sedpool.training.fit import fit_prepared
from sedpool.training.recipe import STUDY


def test_train_predict_decode_evaluate_in_a_notebook(tmp_path: Path) -> None:
    corpus = sp.load_demo(tmp_path, n_train=16, n_validate=8, n_test=8)
    train, validate, test = (corpus.split(name) for name in ("train", "validate", "test"))
    model = sp.build_detector(sp.compact_cnn(), sp.AutoPool(axis=1), classes=corpus.classes)
    features = sp.LogMel(sr=44100)
    recipe = replace(STUDY, epochs=1)
    detector = sp.fit(
        model, train, validate=validate, features=features, recipe=recipe, cache=tmp_path / "f", progress=False
    )
    scores = detector.predict(test)
    assert len(scores) == 8 * 26
    assert len(detector.predict_clips(test)) == 8
    detector.save(tmp_path / "mine.sedpool")
    loaded = sp.load(tmp_path / "mine.sedpool", cache=tmp_path / "f")
    pd.testing.assert_frame_equal(loaded.predict(test), scores, rtol=0, atol=0)
    assert loaded.result.alpha is not None
    table = sp.evaluate(sp.decode(scores, threshold=0.2), test)
    assert {"segment", "event", "intersection", "onset"} == set(table["level"])

    fewer = replace(test, classes=test.classes[1:], tags=test.tags[list(test.classes[1:])])
    with pytest.raises(ConfigError, match="only the detector: air_conditioner"):
        sp.fit(model, fewer, validate=fewer, features=features, recipe=recipe, cache=tmp_path / "f", progress=False)


def test_augmented_training(tmp_path: Path) -> None:
    corpus = sp.load_demo(tmp_path, n_train=16, n_validate=8, n_test=8)
    train, validate = corpus.split("train"), corpus.split("validate")
    augmentation = sp.Augmentation(
        pitch_shift=[-1, 0],
        time_shift=1.0,
        gain=3.0,
        background=str(Path(train.clips["path"].iloc[0]).parent),
        time_masks=1,
        mel_masks=1,
        mixup=0.2,
        bag_duration=(5.0, 10.0),
    )
    model = sp.build_detector(sp.compact_cnn(), sp.cap(), classes=corpus.classes)
    places = {"features": sp.LogMel(), "cache": tmp_path / "features", "progress": False}
    recipe = replace(STUDY, epochs=2)
    detector = sp.fit(model, train, validate=validate, recipe=recipe, augmentation=augmentation, **places)
    assert detector.result.history["loss"].notna().all()
    assert len(list((tmp_path / "features").iterdir())) == 2


def test_bags_too_short_for_a_frame_of_output_are_refused(tmp_path: Path) -> None:
    corpus = sp.load_demo(tmp_path, n_train=2, n_validate=2, n_test=2)
    prepared = prepare(corpus.split("train"), sp.LogMel(), cache=tmp_path / "f", progress=False)
    detector = sp.build_detector(sp.compact_cnn(filters=(4, 4, 4)), sp.cap(), classes=corpus.classes)
    augmentation = AugmentationInputs(sp.Augmentation(bag_duration=(0.2, 5.0)))
    with pytest.raises(ConfigError, match=r"has 8 frames, and 16 make one .*lengthen augment\.bag_duration"):
        fit_prepared(detector, prepared, prepared, STUDY, seed=0, augmentation=augmentation, progress=False)


def test_a_folder_without_backgrounds_is_refused(tmp_path: Path) -> None:
    corpus = sp.load_demo(tmp_path, n_train=2, n_validate=2, n_test=2)
    prepared = prepare(corpus.split("train"), sp.LogMel(), cache=tmp_path / "f", progress=False)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match=r"augment\.background .*empty: no audio in it"):
        prepare_augmentation(prepared, sp.Augmentation(background=str(empty)), cache=tmp_path / "f", progress=False)
