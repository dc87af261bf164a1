"""The record of where a run was made."""

from pathlib import Path

import pytest

from sedpool.runtime.environment import keras_backend

BACKENDS = [
    ("jax", '{"backend": "torch"}', "jax"),
    (None, '{"backend": "torch"}', "torch"),
    ("", '{"floatx": "float32"}', "tensorflow"),
    (None, "not JSON", "tensorflow"),
    (None, None, "tensorflow"),
]


@pytest.mark.parametrize(("variable", "settings", "expected"), BACKENDS)
def test_the_backend_is_the_one_that_keras_will_take(
    variable: str | None, settings: str | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if variable is not None:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    if settings is not None:
        (tmp_path / "keras.json").write_text(settings)
    assert keras_backend() == expected
