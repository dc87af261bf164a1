import pandas as pd

from sedpool.comparison.tables import compare_runs
from sedpool.reports.comparison_files import to_markdown, write_comparison


def test_the_files_hold_every_row(make_run, tmp_path):
    make_run("max")
    table = compare_runs([make_run("cap").path.parent]).table
    csv, markdown = write_comparison(table, tmp_path)
    undefined = {column: [""] for column in table.select_dtypes("float")}
    read = pd.read_csv(csv, keep_default_na=False, na_values=undefined)
    pd.testing.assert_frame_equal(read, table, check_dtype=False)
    assert len(markdown.read_text(encoding="utf-8").splitlines()) == 2 + 2


def test_undefined_scores_are_dashes(make_run):
    assert "| – |" in to_markdown(compare_runs([make_run(weak=True).path]).table)
