"""The library as a notebook uses it."""

from dataclasses import replace
from pathlib import Path

import pytest

import sedpool as sp
from sedpool.errors import ConfigError
from sedpool.training.recipe import STUDY


def test_train_predict_decode_evaluate_in_a_notebook(tmp_path: Path) -> None:
    corpus = sp.load_demo(tmp_path, n_train=16, n_validate=8, n_test=8)
    train, validate, test = (corpus.split(name) for name in ("train", "validate", "test"))
    detector = sp.build_detector(sp.compact_cnn(), sp.AutoPool(axis=1), classes=corpus.classes)
    features = sp.LogMel(sr=44100)
    recipe = replace(STUDY, epochs=1)
    fitted = sp.fit(
        detector, train, validate=validate, features=features, recipe=recipe, cache=tmp_path / "f", progress=False
    )
    scores = fitted.predict(test)
    assert len(scores) == 8 * 26
    assert len(fitted.predict_clips(test)) == 8
    table = sp.evaluate(sp.decode(scores, threshold=0.2), test)
    assert {"segment", "event"} == set(table["level"])

    fewer = replace(test, classes=test.classes[1:], tags=test.tags[list(test.classes[1:])])
    with pytest.raises(ConfigError, match="only the detector: air_conditioner"):
        sp.fit(detector, fewer, validate=fewer, features=features, recipe=recipe, cache=tmp_path / "f", progress=False)
