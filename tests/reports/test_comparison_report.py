import pandas as pd

from sedpool import storage
from sedpool.comparison.tables import compare_runs, with_significance
from sedpool.reports.comparison_report import report_comparison, write_comparison


def test_the_files_hold_every_row(make_run, tmp_path):
    make_run("max")
    table, _, _ = with_significance(compare_runs([make_run("cap").path.parent]), "segment_f1_micro")
    csv, markdown, figure = write_comparison(table, "segment_f1_micro", tmp_path)
    assert figure.read_bytes().startswith(b"\x89PNG")
    undefined = {column: [""] for column in table.select_dtypes("float")}
    read = pd.read_csv(csv, keep_default_na=False, na_values=undefined)
    pd.testing.assert_frame_equal(read, table, check_dtype=False)
    assert len(markdown.read_text(encoding="utf-8").splitlines()) == 2 + 2


def test_undefined_scores_are_dashes_on_the_terminal_and_in_markdown(make_run, tmp_path, capsys):
    report_comparison([make_run(weak=True).path], output=tmp_path)
    assert "| – |" in (tmp_path / "comparison.md").read_text(encoding="utf-8")
    printed = capsys.readouterr().out
    assert "demo: Clip level (static)" in printed
    assert "Segments" not in printed
    assert "95 % intervals of clip_f1_macro" in printed
    assert "no intervals" not in printed
    assert "intervals_demo.png" in printed
    assert f"written: {tmp_path / 'comparison.csv'}, {tmp_path / 'comparison.md'}" in printed
    report_comparison([tmp_path], "segment_f1_micro", tmp_path)
    printed = capsys.readouterr().out
    assert "note: demo: no intervals, for its test clips have no times" in printed
    assert "intervals of segment" not in printed


def test_the_terminal_says_what_the_frames_allow(make_run, tmp_path, capsys):
    run = make_run()
    ceiling = {"frame_seconds": 0.37, "event": {"f1": 0.8}, "psds": {"scenario1": 0.5}}
    storage.write_json(run.file("metrics.json"), run.metrics | {"ceiling": ceiling})
    report_comparison([run.path], output=tmp_path)
    assert "demo: Resolution ceiling: with frames of 0.37 s" in capsys.readouterr().out
