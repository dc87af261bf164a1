import shutil

import pytest

from sedpool.comparison.groups import grouped
from sedpool.reports.study_figures import figure_name, study_figures
from sedpool.run_folder import RunFolder
from tests.miniatures.runs import write_run

BEYOND = ["Precision and recall", "Average ranks", "α over the epochs", "Learnt α against"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return [
        write_run(folder, method, corpus=f"esc10-fold{fold}", scores_seed=seed)
        for seed, (method, fold) in enumerate([("cap", 1), ("cap", 2), ("max", 1), ("max", 2)])
    ]


@pytest.fixture
def records(written, tmp_path):
    """The same runs without what a record lacks."""
    runs = [RunFolder(shutil.copytree(run.path, tmp_path / run.path.name)) for run in written]
    for run in runs:
        for name in ("scores.parquet", "clip_scores.parquet", "events.tsv"):
            run.file(name).unlink()
    return runs


def study_of(runs, flagged=()):
    (study,) = grouped(runs, flagged=flagged, allow_repeated=True)
    return study


def names(blocks):
    return [block.name for block in blocks]


def test_records_give_every_figure_under_the_number_of_the_paper(records):
    blocks = study_figures(study_of(records), as_in_paper=True)
    assert names(blocks) == [
        "Figure 3 (esc10)",
        "Figure 7 (esc10)",
        "",
        "",
        "Figure 8 (esc10)",
        "",
        "",
        "Figure 9 (esc10)",
    ]
    unnamed = [block.title for block in blocks if not block.name]
    assert all(title.startswith(start) for title, start in zip(unnamed, BEYOND, strict=True))
    assert all("esc10" in block.title for block in blocks)


def test_a_report_that_is_not_of_the_paper_numbers_its_figures_itself(records):
    assert set(names(study_figures(study_of(records)))) == {""}


def test_the_corpora_of_the_paper_have_their_own_numbers():
    kinds = {"durations": (3, 4, 5), "class scores": (7, 10, 12)}
    for kind, numbers in kinds.items():
        found = [figure_name(kind, study) for study in ("urbansed", "dcase2017", "medleydb")]
        assert found == [f"Figure {number}" for number in numbers]
    assert [figure_name("alpha", study) for study in ("urbansed", "dcase2017")] == ["Figure 8", "Figure 11"]
    assert figure_name("alpha", "medleydb") == "Figure 8 (medleydb)"
    assert figure_name("example", "urbansed") == "Figure 9"


def test_one_run_has_no_ranks_and_without_alpha_none_of_its_figures(records):
    titles = " ".join(block.title for block in study_figures(study_of(records[2:3])))
    assert "ranks" not in titles
    assert "α" not in titles
    assert "Dynamic F1" in titles


def test_runs_that_are_not_valid_are_flagged_wherever_they_are_drawn(records):
    durations, *others = study_figures(study_of(records, flagged=records[:1]))
    assert "‡" not in durations.note
    assert all("‡: runs that are not valid, cap (1 of 2)." in block.note for block in others)
    keys = [text.get_text() for text in others[3].figure.legends[0].get_texts()]
    assert keys[:2] == ["cap ‡", "‡ a run that is not valid"]


def test_the_example_is_of_the_first_corpus_that_most_methods_have(records):
    titles = [study_figures(study_of(runs))[-1].title for runs in (records, records[1:])]
    assert titles[0].endswith("of esc10-fold1")
    assert titles[1].endswith("of esc10-fold2")


def test_weak_labels_leave_alpha_alone(make_run):
    run = make_run("cap", weak=True)
    titles = [block.title for block in study_figures(study_of([run]))]
    assert [title.split(" of ")[0].split(",")[0] for title in titles] == ["Learnt α", "α over the epochs"]


def test_runs_that_differ_by_nothing_named_are_not_averaged(records):
    (said,) = study_figures(study_of([*records, records[0]]))
    assert "cap ran 2 times on esc10-fold1 with seed 0" in said
