import base64
import re
from dataclasses import replace

import numpy as np
import pytest
import yaml

from sedpool import storage
from sedpool.errors import DataError, StorageError
from sedpool.plot.example import example_figure
from sedpool.plot.style import data_uri
from sedpool.reports.run_report import renew_run_report, write_run_report
from sedpool.run_folder import RunFolder, kept_epoch

WARNED = {"hash": "0" * 64, "splits": {}, "warnings": ["not in every split, so that it is not learned: siren"]}


def page_of(run, examples=()):
    return write_run_report(run, examples).read_text(encoding="utf-8")


def test_the_page_holds_scores_baselines_figures_and_settings(make_run, example):
    page = page_of(make_run(), [example])
    for text in ("Clip level (static)", "own clip decisions, stretched", "every class, always", "engine_<wbr>idling"):
        assert text in page
    assert "3 of 3 test clips scored" in page
    assert "CAP&#39;s bound |α| ≤ 3.22 was reached by 2 of 4 classes: car_horn, dog_bark." in page
    assert page.count("data:image/svg+xml;base64,") == 4 + 2 + 2 + 1
    assert "frame with the largest gradient got" in page
    assert "epochs: 20" in page


def test_the_page_holds_psds_of_all_kinds_and_by_class(make_run):
    run = make_run()
    metrics, scenarios = dict(run.metrics), ("scenario1", "scenario2")
    of_classes = {label: 0.321 for label in metrics["clip"]["class_wise"]}
    metrics["pi_psds"] = dict.fromkeys(scenarios, 0.432)
    metrics["psds_by_class"] = {name: {"mean": 0.543, "class_wise": of_classes} for name in scenarios}
    metrics["box_psds"] = dict.fromkeys(scenarios, 0.654)
    storage.write_json(run.file("metrics.json"), metrics)
    page = page_of(RunFolder(run.path))
    for text, value in (("(piPSDS)", "0.432"), ("mean of the classes, at 0.5", "0.543"), ("boxes, at 0.5", "0.654")):
        assert re.search(re.escape(text) + rf".*?{value}.*?{value}", page, re.DOTALL)
    assert page.count("0.321") == 2 * len(of_classes)


def test_the_page_needs_no_other_file(make_run, example):
    page = page_of(make_run(), [example])
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []
    assert "url(" not in page
    assert "<script" not in page
    assert len(page) < 2_000_000


def test_a_spectrogram_has_its_frequencies(make_run, example):
    run = make_run()
    of_bands = replace(example, frequencies=np.geomspace(40, 20000, 128))
    figure = example_figure(of_bands, run.scores, run.clip_scores, run.events)
    axes = figure.axes[0]
    assert axes.get_ylabel() == "frequency (kHz)"
    at = {label.get_text(): y for label, y in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)}
    assert at["20"] == 127.5
    assert at["2"] == pytest.approx(0.5 + 127 * np.log(2000 / 40) / np.log(20000 / 40), abs=0.1)


def test_names_are_escaped(make_run):
    page = page_of(make_run(method="<script>x"))
    assert "<script" not in page
    assert "&lt;script&gt;x" in page


def test_a_renewed_page_has_the_new_metrics_and_the_figures_of_before(make_run, example):
    run = make_run()
    name = 'a "b" of <c>.wav'
    for table in (run.scores, run.clip_scores, run.events):
        table["filename"] = table["filename"].replace(example.filename, name)
    before = page_of(run, [replace(example, filename=name), replace(example, filename="soundscape_1.wav")])
    metrics = dict(run.metrics)
    metrics["tuned"]["n_clips"] = 12345
    storage.write_json(run.file("metrics.json"), metrics)
    after = renew_run_report(RunFolder(run.path)).read_text(encoding="utf-8")
    assert "12345 validation clips" in after
    assert after.index("12345 validation clips") < after.index("In a few numbers")
    assert "12345" not in before
    figures = re.compile(r'<figure class="example">.*?</figure>')
    assert len(figures.findall(before)) == 2
    assert figures.findall(after) == figures.findall(before)
    run.file("report.html").unlink()
    assert not figures.findall(renew_run_report(RunFolder(run.path)).read_text(encoding="utf-8"))


def test_an_example_without_scores_is_an_error(make_run, example):
    with pytest.raises(DataError, match=r"other\.wav: no scores"):
        write_run_report(make_run(), [replace(example, filename="other.wav")])


def test_pooling_without_alpha_has_no_such_section(make_run):
    assert "Learned α" not in page_of(make_run("max"))


def test_the_page_says_that_its_epochs_are_those_of_the_last_round(make_run):
    run = make_run()
    assert "(self-training)" not in page_of(run)
    config = yaml.safe_load(run.file("config.yaml").read_text(encoding="utf-8"))
    config["training"]["self_training_rounds"] = 2
    storage.write_text(run.file("config.yaml"), yaml.safe_dump(config))
    assert "in the last of 3 rounds (self-training) for" in page_of(RunFolder(run.path))


def test_a_run_that_recorded_no_gradient_has_no_such_section(make_run):
    run = make_run()
    run.file("gradient_share.csv").unlink()
    assert "Gradient among frames" not in page_of(run)


def test_a_run_that_an_older_version_began_has_no_gradient_of_its_kept_epoch(make_run):
    run = make_run()
    table = run.gradient_share
    assert "Gradient among frames" in page_of(run)
    table[table["epoch"] > kept_epoch(run.history)].to_csv(run.file("gradient_share.csv"), index=False)
    assert "Gradient among frames" not in page_of(RunFolder(run.path))


def test_a_weakly_labelled_test_set_has_clip_scores_only(make_run, example):
    run = make_run(weak=True)
    page = page_of(run, [replace(example, reference_events=None)])
    assert "weak labels only" in page
    assert "tells what sounds, not when" not in page
    ends = run.scores.groupby("filename", as_index=False)["offset"].max()
    vars(run)["events"] = ends.assign(onset=0.0, event_label="siren")
    assert "every event lasts from their start to their end" in page_of(run)
    assert "Segments of 1 s" not in page
    assert "Grey rows" not in page
    assert "ER: error rate" not in page


def test_a_run_without_metrics_is_an_error(make_run):
    run = make_run()
    run.file("metrics.json").unlink()
    with pytest.raises(StorageError, match=r"metrics\.json: no such file"):
        write_run_report(run)


def test_the_page_says_what_was_learned_then_shows_clips_then_few_numbers(make_run, example):
    page = page_of(make_run(), [example])
    order = [
        "It has learned what sounds, and roughly when",
        "Training had not finished",
        'class="example"',
        'class="card"',
    ]
    places = [page.index(text) for text in [*order, "Clip level (static)", "Learned α", "Environment (", "<dl>"]]
    assert places == sorted(places)


def test_every_term_that_the_page_links_to_is_explained_on_it(make_run, example):
    page = page_of(make_run(), [example])
    linked, explained = (set(re.findall(pattern, page)) for pattern in ('href="#([^"]*)"', '<dt id="([^"]*)"'))
    assert {"term-f1", "term-collar", "term-event", "term-psds"} < linked
    assert linked <= explained


def test_the_page_to_listen_to_is_linked_once_it_is_there(make_run, example):
    run = make_run()
    assert f'sedpool report {run.path.name} <span class="whole">--audio' in page_of(run, [example])
    storage.write_text(run.file("report/listening.html"), "a page")
    page = renew_run_report(RunFolder(run.path)).read_text(encoding="utf-8")
    assert '<a href="report/listening.html">' in page
    assert "--audio" not in page


def test_pictures_say_how_their_events_were_decoded(make_run, example):
    run = make_run()
    scores, clips = run.scores, run.clip_scores
    figure = example_figure(example, scores, clips, run.events, "as tuned")
    assert any("detected events framed (as tuned)" in axes.get_title(loc="left") for axes in figure.axes)


def test_frames_of_events_lie_on_their_rows(make_run, example):
    run = make_run()
    figure = example_figure(example, run.scores, run.clip_scores, run.events)
    image = base64.b64decode(data_uri(figure).split(",")[1]).decode()
    rows = next(axes for axes in figure.axes if "frame probabilities" in axes.get_title(loc="left"))
    box = rows.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    top, height = (72 * inches for inches in (figure.get_figheight() - box.y1, box.height))
    drawn = re.findall(r'<image [^>]*scale\(1 -1\)[^>]* y="([-\d.]+)" width="(\d{3}[^"]*)" height="([\d.]+)"', image)
    ((y, _, drawn_height),) = drawn  # the field of probabilities; the others are narrow, or drawn as they are
    assert -float(y) == pytest.approx(top, abs=0.4)  # points
    assert float(drawn_height) == pytest.approx(height, abs=0.4)


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_cut_and_nothing_scrolls(make_run, example, browser, width):
    run = make_run()
    storage.write_json(run.file("manifest.json"), WARNED)
    path = write_run_report(RunFolder(run.path), [example])
    assert "Classes not in every split, so that it is not learned: siren." in path.read_text(encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    wide = "[...document.querySelectorAll('.scroll')].filter(box => box.scrollWidth > box.clientWidth + 1).length"
    assert page.evaluate(wide) == 0
    beyond = f"[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > {width}).length"
    assert page.evaluate(beyond) == 0
    page.close()


@pytest.mark.parametrize("width", [400, 1280])
def test_no_tile_stands_alone(make_run, browser, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(write_run_report(make_run()).as_uri())
    boxes = page.evaluate("[...document.querySelectorAll('.card')].map(e => e.getBoundingClientRect().toJSON())")
    inner = page.evaluate("document.querySelector('.cards').clientWidth")
    for row in {box["top"] for box in boxes}:
        widths = [box["width"] for box in boxes if box["top"] == row]
        assert sum(widths) > 0.9 * inner
    page.close()
