import json
from pathlib import Path

import pytest

from sedpool.errors import DataError
from sedpool.run_folder import run_name
from sedpool.settings.compose import compose
from sedpool.settings.label_map import read_label_map

PAIRS = [["*", ""], ["Plover, golden", "plover"], ["gull", "-"]]


@pytest.mark.parametrize(
    "text",
    [
        'from,to\n"Plover, golden",plover\ngull,-\n*,\n',
        "from;to\ngull;-\n\n*;\nPlover, golden;plover\n",
        "From\tTo\n*\nPlover, golden \t plover\ngull\t-\n",
        '\ufefffrom,to\r\n"Plover, golden",plover\r\ngull,-\r\n*,\r\n',
    ],
)
def test_separators_order_and_blanks_make_no_difference(text: str, tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text(text, encoding="utf-8", newline="")
    assert read_label_map(tmp_path / "map.csv") == PAIRS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 is ''; expected the columns from and to: from,to"),
        ("dog,animal\n", "line 1 is 'dog,animal'; expected the columns from and to"),
        ("from,to\ndog,a\ncat,b\ndog,c\n", r"line 4 \(dog, c\) maps a label that a row above maps already"),
        ("from,to\n,animal\n", r"line 2 \(, animal\) maps no label"),
        ("from,to\ndog,*\n", r"line 2 \(dog, \*\) maps to \*, which stands for all other labels"),
        ("from,to\ndog,animal,pet\n", "line 2 has 3 fields; expected 2"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_label_map(tmp_path / "map.csv")


def test_a_run_keeps_the_content_and_not_the_place(tmp_path: Path) -> None:
    for name, text in {"a.csv": "from,to\ndog,pet\ncat,pet\n", "b.csv": "from;to\ncat;pet\ndog;pet\n"}.items():
        (tmp_path / name).write_text(text)
    configs = [compose([f"labels.map='{tmp_path / name}'"]) for name in ("a.csv", "b.csv")]
    assert configs[0]["labels"]["map"] == [["cat", "pet"], ["dog", "pet"]]
    assert run_name(configs[0], {}) == run_name(configs[1], {}) != run_name(compose([]), {})
    assert run_name(json.loads(json.dumps(configs[0])), {}) == run_name(configs[0], {})
    (tmp_path / "a.csv").write_text("from,to\ndog,pet\n")
    assert run_name(compose([f"labels.map='{tmp_path / 'a.csv'}'"]), {}) != run_name(configs[0], {})
