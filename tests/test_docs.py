"""The examples in the documentation run, and print what the pages say."""

import doctest
import re
from pathlib import Path

import pytest

import sedpool as sp

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("page", ["metrics.md", "statistics.md"])
def test_examples(page):
    text = re.sub(r"^```.*$", "", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    examples = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    said = []
    results = doctest.DocTestRunner().run(examples, out=said.append)
    assert results.attempted > 0
    assert not results.failed, "".join(said)


def test_the_example_of_label_files_writes_what_can_be_read(tmp_path, monkeypatch):
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / "corpora.md").read_text(encoding="utf-8"), re.S | re.M)
    (example,) = (block for block in blocks if "write_jams" in block)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "monday 1.txt").write_text("1\t2\tdog\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(example, {"sp": sp})
    for name in ("all.tsv", "monday 1.txt", "monday 1.Table.1.selections.txt", "monday 1.jams"):
        assert sp.read_events(name).drop(columns="filename").to_numpy().tolist() == [[1.0, 2.0, "dog"]]
