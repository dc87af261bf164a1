import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sedpool.cli.app import app
from sedpool.errors import ConfigError, DataError, StorageError
from sedpool.frontends.aisfx_weights import read_weights, weights_file, write_weights
from sedpool.frontends.fetch import add_aisfx, fetch_aisfx


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEDPOOL_DATA", str(tmp_path / "data"))
    return tmp_path


def said(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["models", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return " ".join(result.output.split())


def test_another_file_is_not_opened(elsewhere: Path) -> None:
    wheel = elsewhere / "aisfx-0.1.2-py2.py3-none-any.whl"
    with pytest.raises(DataError, match="no such file"):
        add_aisfx(wheel)
    wheel.write_bytes(b"PK\3\4")
    with pytest.raises(DataError, match=r"is not the wheel of aisfx==0\.1\.2"):
        add_aisfx(wheel)
    assert not weights_file().exists()


def test_other_weights_are_not_kept(front_ends: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEDPOOL_DATA", str(front_ends))
    weights = read_weights()
    monkeypatch.setenv("SEDPOOL_DATA", str(elsewhere))
    write_weights(weights)
    weights["block1_1_bias"][0] += 1
    weights_file().unlink()
    with pytest.raises(StorageError, match="nothing is kept"):
        write_weights(weights)
    assert not weights_file().exists()


@pytest.mark.parametrize(("variable", "value"), [("PIP_NO_INDEX", "1"), ("PIP_INDEX_URL", "http://127.0.0.1:9/simple")])
def test_pip_follows_its_settings_and_a_failure_is_one_line(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv(variable, value)
    with pytest.raises(
        DataError, match=r"aisfx==0\.1\.2: pip cannot download it .*sedpool models get aisfx FILE$"
    ) as e:
        fetch_aisfx()
    assert "\n" not in str(e.value)


def test_without_pip_a_wheel_is_asked_for(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = elsewhere / "python"
    python.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(ConfigError, match=r"has no pip, .*sedpool models get aisfx FILE"):
        fetch_aisfx()


def test_the_command_gets_the_weights_from_a_wheel() -> None:
    if not (wheel := os.environ.get("SEDPOOL_TEST_AISFX")):
        pytest.skip("set SEDPOOL_TEST_AISFX to the wheel of aisfx to run this")
    first, again = said("get", "aisfx", wheel), said("get", "aisfx")
    assert "aisfx.npz: written" in first
    assert "aisfx.npz: complete already" in again
    for text in (first, again, said("list")):
        assert "CC BY 4.0" in text
        assert "Alison B. Ma and Alexander Lerch" in text
        assert "trained on commercial libraries; overlap with ESC-10's sources possible and unknown" in text


def test_the_list_says_what_is_not_here_and_a_wrong_name_what_there_is() -> None:
    assert "–" in said("list")
    with pytest.raises(ConfigError, match="aisfy: no such network; expected aisfx"):
        said("get", "aisfy")
