import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.errors import DataError
from sedpool.formats import read_tsv, write_tsv
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.reports.document_csv import to_csv
from sedpool.text_tables import TextTable, refuse_rows, without_number

FIELD = st.text(st.sampled_from('ab \n",'), min_size=1, max_size=4).filter(str.strip)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows") / "table.txt"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("has_header", [True, False])
@given(rows=st.lists(st.tuples(FIELD, FIELD) | st.sampled_from(["", "  "])), header=st.integers(0, 2))
def test_a_row_that_pandas_reads_is_found_on_its_line(
    path: Path, ending: str, mark: str, has_header: bool, rows: list, header: int
) -> None:
    lines, first_lines = ["" for _ in range(header)], []
    if has_header:
        lines.append("one\ttwo")
    for row in rows:
        if isinstance(row, tuple):
            first_lines.append(len(lines) + 1)
            text = io.StringIO()
            csv.writer(text, delimiter="\t", lineterminator="\n").writerow(row)
            lines += text.getvalue().removesuffix("\n").split("\n")
        else:
            lines.append(row)
    path.write_bytes((mark + ending.join([*lines, ""])).encode())
    source = TextTable(path, has_header=has_header)
    table = source.read("a table", dtype=str, names=None if has_header else ["one", "two"], keep_default_na=False)
    written = [tuple(field.replace("\n", ending) for field in row) for row in rows if isinstance(row, tuple)]
    assert list(table.itertuples(index=False, name=None)) == written
    assert [source.line_of(row) for row in table.index] == first_lines


def test_a_file_that_changed_meanwhile(path: Path) -> None:
    path.write_text("one\n1\n")
    with pytest.raises(DataError, match=r"table\.txt: changed while it was read"):
        TextTable(path).line_of(1)


def test_the_first_wrong_row_is_named_and_the_others_are_counted(path: Path) -> None:
    path.write_text("name,value\na,1\n\nb,x\nc,\n")
    source = TextTable(path, ",")
    table = source.read("a table", dtype=str, keep_default_na=False)
    wrong = without_number(table[["value"]])
    assert wrong.tolist() == [False, True, True]
    with pytest.raises(DataError, match=r"table\.txt: line 4 \(b, x\) is wrong \(and 1 more\)$"):
        refuse_rows(table, wrong, "is wrong", source)
    with pytest.raises(DataError, match=r"^events: row 1 \(c, \) is wrong$"):
        refuse_rows(table.iloc[2:], [True], "is wrong", "events")
    refuse_rows(table, [False, False, False], "is wrong", source)


def test_fault_64_no_text_of_a_table_for_spreadsheets_is_a_formula() -> None:
    block = TableBlock(
        "", "", ["=SUM(A1)"], [TableRow("@x", [Cell("+1+1")]), TableRow("-0.5", [number_cell(-0.5)])], "r"
    )
    text = to_csv(block)
    assert text == "r,'=SUM(A1),is_baseline\n'@x,'+1+1,0\n-0.5,-0.5,0\n"


def test_fault_64_labels_that_look_like_formulas_are_kept_in_events(tmp_path: Path) -> None:
    events = pd.DataFrame({"filename": ["a.wav"], "onset": [0.0], "offset": [1.0], "event_label": ["=1+1"]})
    write_tsv(events, tmp_path / "a.tsv")
    assert read_tsv(tmp_path / "a.tsv")["event_label"].tolist() == ["=1+1"]


@pytest.mark.parametrize("header", ["a\tb\ta", "a\t\t", '"a"\ta\tc'])
def test_fault_67_two_columns_of_one_name_are_refused(tmp_path: Path, header: str) -> None:
    (tmp_path / "x.tsv").write_text(f"{header}\n1\t2\t3\n")
    with pytest.raises(DataError, match=r"x\.tsv: two columns a?; expected each once"):
        TextTable(tmp_path / "x.tsv").read("a table")
