"""`sedpool data` as a shell sees it."""

import pytest
from typer.testing import CliRunner

from sedpool.cli.app import app
from sedpool.errors import DataError

runner = CliRunner()


def data(*arguments: object, **environment: str) -> str:
    """Standard output of a command that succeeds."""
    result = runner.invoke(app, ["data", *map(str, arguments)], env=environment, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list_says_which_corpora_are_on_disk(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "URBAN-SED" / "audio").mkdir(parents=True)
    rows = {
        row.split()[0]: row
        for row in data("list", SEDPOOL_DATA=str(tmp_path), COLUMNS="200").splitlines()
        if row.split()
    }
    assert rows["urbansed"].rstrip().endswith("yes")
    assert rows["desed"].rstrip().endswith("–")


def test_download_says_how_to_get_what_cannot_be_fetched() -> None:
    assert "zenodo.org/record/1649325" in data("download", "medleydb")


def test_a_wrong_name_lists_the_right_ones() -> None:
    with pytest.raises(DataError, match=r"urbansd: no such corpus; known: urbansed, dcase2017"):
        data("download", "urbansd")
