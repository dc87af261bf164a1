"""The model of docs/pooling.md is built, saved and read as it stands there."""

import re
from pathlib import Path

import keras
import numpy as np

PAGE = Path(__file__).parents[2] / "docs" / "pooling.md"


def test_the_model_of_your_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    section = text[text.index("## In your own model") :]
    exec(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1], {})
    model = keras.saving.load_model("model.keras")
    clip = np.random.default_rng(0).normal(size=(2, 40, 64)).astype("float32")
    padded = np.concatenate([clip, np.zeros((2, 9, 64), "float32")], axis=1)
    for whole, short in zip(model.predict(padded, verbose=0), model.predict(clip, verbose=0), strict=True):
        np.testing.assert_allclose(whole, short, rtol=1e-5)
