import csv
from importlib.resources import files

import pytest

from sedpool.evaluation.paper_compat import CORPORA
from sedpool.reports.document import Document, numbered
from sedpool.reproduction.claims import _agreeing
from sedpool.reproduction.contrasts import CONTRASTS
from sedpool.reproduction.published import COLUMNS, TABLES
from sedpool.reproduction.report import reproduction_sections


def document_of(runs):
    return Document("Reproduction", numbered(reproduction_sections(runs)))


def table_of(document, start):
    (table,) = [table for table in document.tables if f"{table.name} {table.title}".startswith(start)]
    return table


@pytest.fixture(scope="module")
def document(make_record):
    methods = ("max", "mean", "cap", "auto")
    return document_of([make_record(method, corpus=f"esc10-fold{fold}") for method in methods for fold in (1, 2)])


def test_every_finding_is_answered(document):
    findings = next(section for section in document.sections if section.title == "Findings")
    text = " ".join(
        f" {block.title} " + " ".join(row.title for row in block.rows)
        for block in findings.blocks
        if not isinstance(block, str)
    )
    for finding in [contrast.name for contrast in CONTRASTS] + ["4a", "4b", "Finding 6"]:
        assert f"{finding}:" in text


def test_findings_on_other_data_are_not_decided_and_say_why(document):
    table = next(table for table in document.tables if table.title.startswith("Findings that speak of other runs"))
    said = {row.title[:2]: [cell.text for cell in row.cells] for row in table.rows}
    assert list(said) == ["2c", "2d", "2e", "2f", "3f"]
    assert said["2e"] == ["not decidable", "the paper says so of MedleyDB, where no run here was tested"]
    assert "on esc10, events fill 28% of the segments" in said["3f"][1]
    paragraphs = " ".join(block for block in document.sections[0].blocks if isinstance(block, str))
    assert "Not decidable here, because they are about other runs than these: 2c, 2d, 2e, 2f, 3f." in paragraphs


def test_methods_that_locate_nothing_and_those_below_the_true_tags_are_named(make_record):
    answers = {"max": (0.9, 0.01), "mean": (1.0, 0.9)}
    runs = [
        make_record(method, corpus=f"esc10-fold{fold}", answers=each)
        for method, each in answers.items()
        for fold in (1, 2)
    ]
    findings = document_of(runs).sections[0].blocks
    said = next(block for block in findings if block.startswith("At threshold 0.5, these methods are shown to locate"))
    assert "stretched over the clip: max; not shown: mean (not held)." in said
    assert said.endswith("which know what sounds but not when: mean.")


def test_a_column_for_the_paper_is_there_where_it_says_something(document, make_paper_record):
    assert "paper" not in table_of(document, "Table 1 ").columns
    runs = [make_paper_record(method) for method in ("auto", "cap")]
    assert "paper" in table_of(document_of(runs), "Table 1 ").columns


def test_every_method_that_ran_is_held_to_its_own_clip_decisions(document):
    own = next(table for table in document.tables if table.title.startswith("Dynamic F1 above"))
    assert [row.title for row in own.rows] == ["max", "mean", "cap", "auto"]
    assert {row.cells[2].text for row in own.rows} <= {"held", "not held", "not decidable"}


def test_no_p_value_is_shown_as_nothing():
    row = {"agreeing": 12, "n_blocks": 12, "p_value": 2**-11, "smallest_p": 2**-11}
    assert _agreeing(row).text == "12 of 12, p 0.000488 (least 0.000488)"
    row = {"agreeing": 4, "n_blocks": 4, "p_value": 0.125, "smallest_p": 0.125}
    assert _agreeing(row).text == "4 of 4, p 0.125 (least 0.125)"


def test_without_runs_on_its_corpus_a_published_table_stands_alone(document):
    for name, n_methods in (("Table I", 9), ("Table II", 8), ("Table III", 9)):
        table = table_of(document, f"{name} ")
        assert len(table.rows) == n_methods
        assert "No run here was on this whole corpus" in table.note
        assert all(row.title.endswith("published") for row in table.rows)
    assert not [table for table in document.tables if table.name == "Ledger I"]


def test_the_best_published_cells_are_bold(document):
    row = table_of(document, "Table II ").rows[-1]
    assert (row.title, row.cells[0].text, row.cells[0].best) == ("auto, published", "0.454", True)
    # Of error rates the lowest is the best.
    assert table_of(document, "Table II ").rows[0].cells[6].best


@pytest.mark.parametrize("corpus", CORPORA)
def test_published_numbers_have_the_digits_that_were_published(document, corpus):
    with files("sedpool.reproduction").joinpath("mcfee2018", "tables.csv").open(encoding="utf-8") as stream:
        published = [row for row in csv.DictReader(stream) if row["dataset"] == corpus]
    table = table_of(document, f"Table {TABLES[corpus]} ")
    shown = [[cell.text for cell in row.cells] for row in table.rows]
    assert shown == [[row[column] for column in COLUMNS] for row in published]


def test_ours_stand_below_the_published_row_and_in_the_comparison(make_paper_record):
    document = document_of([make_paper_record("max", dynamic_f1=0.463)])
    rows = {row.title: row.cells for row in table_of(document, "Table I ").rows}
    assert list(rows)[:4] == [
        "max, published",
        "max, ours, published evaluation",
        "max, ours, correct",
        "max, ours, tuned",
    ]
    assert rows["max, ours, published evaluation"][3].text == "0.463"
    baselines = [row.title for row in table_of(document, "Table I ").rows if row.is_baseline]
    assert baselines == ["max: own clip decisions, stretched", "true tags, stretched"]
    assert rows["true tags, stretched"][5].text == "1.000"  # they miss no segment
    details = table_of(document, "Ledger I ")
    assert len(details.rows) == len(COLUMNS)
    assert details.rows[3].title == "max, dynamic f1"


def test_what_the_tables_say_of_themselves_is_said(document):
    said = " ".join(block for block in document.sections[-1].blocks if isinstance(block, str))
    assert "in 23 of 26 rows, but not in mean (MedleyDB), rap_1e-4 (MedleyDB), auto (MedleyDB)" in said
    assert "26 of 26 error rates are possible" in said
    assert "9 of the 9 rows" in said
