"""The same document in four formats: nothing is lost, nothing is taken for markup, and the numbers agree."""

import csv
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from sedpool.reports.document import Cell, Document, FigureBlock, Section, TableBlock, TableRow, number_cell, numbered
from sedpool.reports.document_csv import to_csv
from sedpool.reports.document_files import write_document
from sedpool.reports.document_html import to_html
from sedpool.reports.document_latex import to_latex
from sedpool.reports.document_markdown import to_markdown

NASTY = r"50 % of $x_1$ & <script>alert('1')</script> | a\b ~ ^ {c} #1 *d* `e` [f](g) “α” ± 雨"
EMPTY_TAGS = {"meta", "img", "wbr", "br"}


def picture():
    figure = Figure(figsize=(3, 2))
    figure.subplots().plot([0, 1], [1, 2])
    return figure


@pytest.fixture
def table():
    rows = [
        TableRow("cap", [Cell("0.533", 1 / 1.875, best=True), number_cell(1.2345678901234567), Cell(NASTY)]),
        TableRow("rap_1e-3", [Cell("0.526", 0.1 + 0.426, with_best=True), number_cell(None), Cell("")]),
        TableRow("true tags, stretched", [number_cell(0.4), number_cell(2.5, 0.25), Cell("a, b")], is_baseline=True),
    ]
    return TableBlock("Table I", f"Segments {NASTY}", ["F1", "ER", "remark"], rows, "method", [("at 0.5", 2), ("", 1)])


@pytest.fixture
def document(table):
    blocks = [NASTY, table, FigureBlock("", "Trajectory of α", picture(), NASTY)]
    return Document(f"Runs {NASTY}", numbered([Section("Scores of all", blocks)]))


class Page(HTMLParser):
    """The texts of table rows, the addresses and the anchors of a page; refuses tags that do not match."""

    def __init__(self, page):
        super().__init__()
        self.open, self.rows, self.addresses, self.anchors = [], [], [], set()
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.addresses += [values[name] for name in ("src", "href") if name in values]
        if "id" in values:
            assert values["id"] not in self.anchors
            self.anchors.add(values["id"])
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in EMPTY_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def markdown_rows(text):
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    cells = [cell for tag, cell in pairwise(tokens) if tag.type in ("th_open", "td_open")]
    texts = ["".join(part.content for part in cell.children) for cell in cells]
    return [texts[index : index + 4] for index in range(0, len(texts), 4)]


def latex_rows(text):
    """Title and cells of each row; marks taken away, three of the signs of `NASTY` put back."""
    body = text.split(r"\midrule", 1)[1].split(r"\bottomrule")[0]
    lines = [line.removesuffix(r" \\") for line in body.splitlines() if line.endswith(r"\\")]
    plain = [re.sub(r"\\(textbf|textit|rlap|textsuperscript)\{|\\textdagger\}+|\}$", "", line) for line in lines]
    return [re.split(r"\}? (?<!\\)& ", line.replace(r"\(\pm\)", "±").replace("--", "–")) for line in plain]


def test_every_format_shows_the_same_texts(table, document):
    shown = [[row.title, *(cell.text for cell in row.cells)] for row in table.rows]
    page = [[cell.strip().removesuffix("†") for cell in row] for row in Page(to_html(document)).rows]
    assert page == [["", "at 0.5", ""], ["method", "F1", "ER", "remark"], *shown]
    marked = [[cell.removesuffix(" †") for cell in row] for row in markdown_rows(to_markdown(document))]
    assert marked == [["method", "at 0.5: F1", "at 0.5: ER", "remark"], *shown]
    numbers = [[cell.replace(r"\_", "_") for cell in row[:3]] for row in latex_rows(to_latex(document))]
    assert numbers == [row[:3] for row in shown]


def test_csv_reads_back_as_the_very_same_numbers(table):
    header, *rows = csv.reader(io.StringIO(to_csv(table)))
    assert header == ["method", "at 0.5: F1", "at 0.5: ER", "at 0.5: ER sd", "remark", "is_baseline"]
    for written, row in zip(rows, table.rows, strict=True):
        f1, error_rate = (cell.value for cell in row.cells[:2])
        assert float(written[1]) == f1
        assert (float(written[2]) if written[2] else None) == error_rate
        assert written[4:] == [row.cells[2].text, str(int(row.is_baseline))]
    assert [row[3] for row in rows] == ["", "", "0.25"]


def test_csv_has_the_ends_of_intervals():
    rows = [TableRow("a", [Cell("0.1 [0, 0.3]", 0.1, interval=(0.0, 0.3))]), TableRow("b", [number_cell(None)])]
    table = TableBlock("Table I", "Effects", ["effect"], rows)
    assert to_csv(table) == "row,effect,effect low,effect high,is_baseline\na,0.1,0.0,0.3,0\nb,,,,0\n"


def test_a_table_without_rows_is_written_too():
    document = Document("Nothing", [Section("Scores", [TableBlock("Table I", "None", ["F1"], [])])])
    assert to_csv(document.tables[0]) == "row,F1,is_baseline\n"
    for write in (to_html, to_markdown, to_latex):
        assert "Table" in write(document)


def test_the_page_is_well_formed_and_needs_no_other_file(document):
    page = Page(to_html(document))
    inside = [address for address in page.addresses if address.startswith("#")]
    assert {"#scores-of-all", "#table-i", "#figure-1"} == set(inside)
    assert {address[1:] for address in inside} <= page.anchors
    assert all(address.startswith(("#", "data:image/")) for address in page.addresses)
    assert "@import" not in to_html(document)
    assert "url(" not in to_html(document)


def test_fault_48_names_are_never_markup(document):
    assert "<script" not in to_html(document)
    assert "<script" not in MarkdownIt("commonmark").enable("table").render(to_markdown(document))


def test_marks_and_baselines_are_set_apart(document):
    page, markdown, latex = to_html(document), to_markdown(document), to_latex(document)
    assert "<b>0.533</b>" in page
    assert '0.526<span class="mark">†</span>' in page
    assert 'class="baseline"><th scope="row">true tags' in page
    assert "| **0.533** |" in markdown
    assert "| 0.526 † |" in markdown
    assert r"\textbf{0.533}" in latex
    assert r"0.526\rlap{\textsuperscript{\textdagger}}" in latex
    for text in (page, markdown, latex):
        assert "Bold: the best of those compared in its column." in text


def test_links_and_marks_of_runs_that_are_not_valid_are_in_every_form():
    names = ("Figure 7", "Figure 7 (esc10)")
    row = TableRow("auto", [Cell("see Figure 7 (esc10), Figure 7", links=names)], is_flagged=True)
    figures = [FigureBlock(name, "F1", Figure()) for name in names]
    document = Document("Runs", [Section("One", [TableBlock("Table I", "Index", ["where"], [row]), *figures])])
    page, markdown, latex = to_html(document), to_markdown(document), to_latex(document)
    assert 'see <a href="#figure-7-esc10">Figure 7 (esc10)</a>, <a href="#figure-7">Figure 7</a>' in page
    assert "| auto ‡ | see [Figure 7 (esc10)](#figure-7-esc10), [Figure 7](#figure-7) |" in markdown
    assert r"auto \textdaggerdbl{} & see Figure 7 (esc10), Figure 7" in latex
    assert all("rests on runs that are not valid" in text for text in (page, markdown, latex))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85\xa0\xad"), min_size=1))
def test_markdown_shows_any_text_as_it_is(text):
    source = to_markdown(Document("Any", [Section("text", [f"x {text}"]), Section("start", [f"{text}."])]))
    paragraphs = [token for token in MarkdownIt("commonmark").parse(source) if token.type == "inline"]
    shown = ["".join(part.content for part in paragraph.children) for paragraph in paragraphs]
    expected = ["Any", "text", f"x {text}", "start", f"{text}."]
    assert shown == [" ".join(one.split()) for one in expected]


@pytest.mark.parametrize("sign", list("#$%&_{}"))
def test_latex_escapes_its_special_signs(sign):
    assert f"a \\{sign} b" in to_latex(Document("Any", [Section("text", [f"a {sign} b"])]))


def test_files_replace_those_of_an_earlier_report_and_leave_the_others(document, tmp_path):
    page = write_document(document, tmp_path)
    (tmp_path / "README.md").write_text("kept", encoding="utf-8")
    (tmp_path / "tables" / "table-ii.csv").write_text("of an earlier report", encoding="utf-8")
    (tmp_path / "figures" / "figure-2.png").write_text("of an earlier report", encoding="utf-8")
    write_document(document, tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    written = {"index.html", "report.md", "report.tex", "tables/table-i.csv", "figures/figure-1.png"}
    assert names == {"README.md"} | written
    assert page == tmp_path / "index.html"
    for name in re.findall(r"figures/[^)}]+\.png", (tmp_path / "report.md").read_text(encoding="utf-8")):
        assert (tmp_path / name).is_file()


def test_the_same_document_gives_the_same_bytes(document):
    assert to_html(document) == to_html(document)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(document, tmp_path):
    write_document(document, tmp_path)
    command = ["pdflatex", "-halt-on-error", "-interaction=batchmode", "report.tex"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    assert done.returncode == 0, (tmp_path / "report.log").read_text(encoding="latin-1")[-2000:]


@pytest.mark.parametrize(("cells", "is_wide"), [(["0.512 ± 0.012"] * 8, False), (["0.512 ± 0.012"] * 16, True)])
def test_the_widest_tables_are_printed_crosswise(cells, is_wide):
    columns = [f"column {index}" for index in range(len(cells))]
    row = TableRow("cap", [Cell(text, 0.512, 0.012) for text in cells])
    page = to_html(Document("Runs", [Section("One", [TableBlock("Table I", "Any", columns, [row])])]))
    assert ('class="table wide-page"' in page) == is_wide


def test_long_names_and_sentences_take_no_more_room_than_they_must():
    def width(text):
        page = to_html(
            Document("Runs", [Section("One", [TableBlock("T", "Any", ["a"], [TableRow("b", [Cell(text)])])])])
        )
        return int(re.search(r"--characters: (\d+)", page)[1])

    assert width("sedpool.pooling.AutoPool") == width("sedpool.") == width("Autopool")
    assert width("a sentence of many words, " * 9) == width("x" * 18)


@pytest.mark.parametrize("n_columns", [4, 60])
def test_a_table_is_never_set_too_small_to_read_in_print(browser, tmp_path, n_columns):
    columns = [f"class_with_a_name_{index}" for index in range(n_columns)]
    rows = [TableRow(method, [number_cell(0.5)] * n_columns) for method in ("cap", "max")]
    path = tmp_path / "page.html"
    path.write_text(to_html(Document("Any", [Section("One", [TableBlock("T", "Any", columns, rows)])])))
    page = browser.new_page()
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    sizes = page.evaluate("[...document.querySelectorAll('table')].map(e => parseFloat(getComputedStyle(e).fontSize))")
    assert (len(sizes) > 1) == (n_columns > 4)
    assert min(sizes) > 6.5 * 96 / 72
    headings = page.evaluate("[...document.querySelectorAll('thead th:not(:first-child)')].map(e => e.textContent)")
    assert headings == columns
    page.close()
