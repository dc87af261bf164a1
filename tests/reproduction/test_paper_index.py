from matplotlib.figure import Figure

from sedpool.comparison.groups import grouped
from sedpool.reports.document import Document, FigureBlock, Section, numbered
from sedpool.reproduction.paper_index import paper_index, published_figures
from sedpool.reproduction.published_comparison import published_comparison, published_comparison_sections


def index(*figures, runs=(), scores=()):
    drawn = [FigureBlock(name, name, Figure()) for name in ("Figure 2", *figures)]
    sections = [
        *published_comparison_sections(published_comparison(grouped(runs))),
        Section("Figures", [*drawn, *published_figures()]),
        *(Section(name, ["Scores."]) for name in scores),
    ]
    section = paper_index(sections, scores)
    block = Document("Study", numbered([section, *sections])).tables[0]  # which refuses links to nothing
    return {row.title: row.cells for row in block.rows}


def test_every_table_and_figure_of_the_paper_is_listed():
    assert list(index()) == [
        *("Table I", "Table II", "Table III", "Figures 1, 6"),
        *(f"Figure {number}" for number in (2, 3, 4, 5, 7, 8, 9, 10, 11, 12)),
    ]


def test_what_is_not_there_says_why_and_what_stands_for_it():
    rows = index("Figure 7 (esc10)", scores=["esc10: scores"])
    assert rows["Figure 10"][1].links == ("Figure 10 (published)",)
    assert rows["Figure 12"][1].text == "no numbers published"
    assert rows["Figure 12"][2].text == "no run on the whole of MedleyDB; the same on other data: Figure 7 (esc10)"
    assert rows["Figure 12"][2].links == ("Figure 7 (esc10)",)
    assert (rows["Figure 4"][2].text, rows["Figure 4"][2].links) == ("no run on the whole of DCASE 2017", ())
    assert rows["Table II"][2].links == ("esc10: scores",)


def test_runs_on_the_papers_corpora_stand_for_themselves(make_paper_record):
    rows = index("Figure 7", "Figure 8", runs=[make_paper_record("max")])
    assert rows["Figure 7"][2].links == ("Figure 7",)
    assert rows["Figure 7"][1].links == ("Figure 7 (published)",)
    assert rows["Table I"][2].links == ("Table I",)
    assert rows["Figure 12"][2].text == "no run on the whole of MedleyDB"


def test_published_figures_show_every_method_that_has_numbers():
    first, second = published_figures()
    assert (first.name, second.name) == ("Figure 7 (published)", "Figure 10 (published)")
    panels = [axes for axes in first.figure.axes if axes.get_visible()]
    assert len(panels) == 10
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["max", "mean", "softmax", "auto", "strong"]
