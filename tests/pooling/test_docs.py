"""The model and the operator of docs/pooling.md are built, saved and read as they stand there."""

import re
from pathlib import Path

import keras
import numpy as np

from sedpool.models import build_detector, compact_cnn

PAGE = Path(__file__).parents[2] / "docs" / "pooling.md"


def first_code_of(section):
    text = PAGE.read_text(encoding="utf-8")
    return re.search(r"```python\n(.*?)```", text[text.index(f"## {section}\n") :], re.DOTALL)[1]


def test_the_model_of_your_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(first_code_of("In your own model"), {})
    model = keras.saving.load_model("model.keras")
    clip = np.random.default_rng(0).normal(size=(2, 40, 64)).astype("float32")
    padded = np.concatenate([clip, np.zeros((2, 9, 64), "float32")], axis=1)
    for whole, short in zip(model.predict(padded, verbose=0), model.predict(clip, verbose=0), strict=True):
        np.testing.assert_allclose(whole, short, rtol=1e-5)


def test_the_operator_of_your_own(tmp_path):
    made = {"__name__": "mine"}
    exec(first_code_of("An operator of your own"), made)
    p = np.array([[[0.05], [0.2], [0.4]], [[0.3], [0.9], [0.9]]], "float32")
    mask = np.array([[True, True, True], [True, False, False]])
    frames = keras.Input((None, 1))
    keras.Model(frames, made["LoudMean"](threshold=0.1)(frames)).save(tmp_path / "model.keras")
    pool = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(pool(p, mask=mask)), [[0.3], [0.3]], rtol=1e-5)
    detector = build_detector(compact_cnn(n_mels=16, filters=(4,)), pool, classes="a")
    assert detector.pooling is pool
    assert detector.network(np.zeros((1, 32, 16), "float32"))["clip"].shape == (1, 1)
