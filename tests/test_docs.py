"""The examples in the documentation run, and print what the pages say."""

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("page", ["metrics.md", "statistics.md"])
def test_examples(page):
    text = re.sub(r"^```.*$", "", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    examples = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    said = []
    results = doctest.DocTestRunner().run(examples, out=said.append)
    assert results.attempted > 0
    assert not results.failed, "".join(said)
