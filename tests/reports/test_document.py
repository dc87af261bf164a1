import pytest
from matplotlib.figure import Figure

from sedpool.reports.document import Cell, Document, FigureBlock, Section, TableBlock, TableRow, number_cell, numbered


def table(name="", cells=2, groups=()):
    row = TableRow("cap", [number_cell(0.5)] * cells)
    return TableBlock(name, "Segments", ["F1", "P"], [row], groups=groups)


def test_rows_have_as_many_cells_as_there_are_columns():
    with pytest.raises(ValueError, match=r"Segments: rows with other than 2 cells: \['cap'\]"):
        table(cells=3)


def test_groups_span_all_columns():
    assert table(groups=[("at 0.5", 1), ("", 1)]).full_columns == ["at 0.5: F1", "P"]
    with pytest.raises(ValueError, match="do not span 2 columns"):
        table(groups=[("at 0.5", 1)])


def test_blocks_without_a_name_are_numbered_and_the_others_keep_theirs():
    sections = [
        Section("One", [table("Table I"), "text", table(), FigureBlock("", "α", Figure())]),
        Section("Two", [table(), FigureBlock("Figure 8", "α", Figure())]),
    ]
    document = Document("Runs", numbered(sections, "S"))
    names = [block.name for block in document.blocks]
    assert names == ["Table I", "Table S1", "Figure S1", "Table S2", "Figure 8"]


@pytest.mark.parametrize("names", [("Table I", "Table I"), ("Table I", "table-i"), ("Table I", "")])
def test_two_blocks_never_share_a_file(names):
    with pytest.raises(ValueError, match="must differ"):
        Document("Runs", [Section("One", [table(name) for name in names])])


def test_columns_in_which_no_row_says_anything_are_left_out():
    rows = [TableRow("cap", [number_cell(None), Cell(""), number_cell(0.5)]), TableRow("max", [Cell("–")] * 3)]
    kept = TableBlock("", "Segments", ["F1", "P", "R"], rows, groups=[("at 0.5", 1), ("tuned", 2)])
    kept = kept.without_blank_columns()
    assert (kept.columns, kept.groups) == (["R"], [("tuned", 1)])
    assert [[cell.text for cell in row.cells] for row in kept.rows] == [["0.500"], ["–"]]


def test_links_lead_somewhere():
    def document(name):
        rows = [TableRow("Figure 7", [Cell(f"see {name}", links=(name,))])]
        return Document("Runs", [Section("One", [TableBlock("Table I", "Index", ["where"], rows)])])

    for name in ("Table I", "One"):
        assert document(name).tables
    with pytest.raises(ValueError, match="links to what is not here: Table II"):
        document("Table II")


def test_empty_tables_and_sections_are_left_out():
    empty, full = (TableBlock("", "Any", ["a"], rows) for rows in ([], [TableRow("b", [Cell("c")])]))
    sections = numbered([Section("One", [empty]), Section("Two", [empty, full]), Section("Three", [])])
    assert [section.title for section in sections] == ["Two"]
    assert [block.name for block in sections[0].blocks] == ["Table 1"]


def test_some_columns_are_kept_with_their_groups():
    row = TableRow("r", [Cell(text) for text in "abcd"])
    kept = TableBlock("T", "Any", list("ABCD"), [row], groups=[("left", 3), ("right", 1)])
    kept = kept.with_columns([False, True, True, False])
    assert (kept.columns, kept.groups) == (["B", "C"], [("left", 2)])
    assert [cell.text for cell in kept.rows[0].cells] == ["b", "c"]
