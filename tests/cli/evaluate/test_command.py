"""What is scored, and how it is shown."""

import json
import warnings

import pytest

from sedpool.evaluation import Scenario, event_ranking_metrics, frames, psds_of_scores, sed_eval_oracle
from sedpool.evaluation.evaluation_input import reference_input
from sedpool.evaluation.over_thresholds import psds_of_boxes
from sedpool.evaluation.sed_eval_oracle import score_events
from sedpool.formats import read_events
from sedpool.inference.decode import Decoder, SystemOutput
from sedpool.scores import highest_frames, read_scores, write_scores

from .conftest import DURATIONS, ESTIMATED, HEADER, REFERENCE, assert_one_line, metrics


def test_the_default_is_segments_and_events(evaluate, files):
    output = evaluate(*files()).output
    assert "Clips: 3 (each as long as its last event says), 1 without any detection." in output
    assert "segments of 1 s" in output
    assert "events, 0.2 s and 20%" in output
    # As by hand in tests/evaluation: P 5/6, R 5/10.
    assert "0.833  0.500" in output


def test_answers_that_locate_nothing_stand_below(evaluate, files):
    output = evaluate(*files()).output
    for title in ("own clip decisions, stretched", "true tags, stretched", "every class, always"):
        assert output.count(title) == 2
    baselines = metrics(evaluate, *files(), "-m", "segment", "-m", "clip")["baselines"]
    # Lengths unknown, a.wav ends after 6 s, b.wav after 2 s: true tags cover 6 + 6 + 2 seconds, 10 of them rightly.
    assert baselines["oracle_tags_stretched"]["segment"]["micro"]["precision"] == 10 / 14
    assert set(baselines["oracle_tags_stretched"]) == {"segment"}


def test_scores_give_psds_and_confidences(evaluate, files, scores, tmp_path):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    options = [*files(), "--scores", scores, "--durations", tmp_path / "durations.tsv", "-m", "psds"]
    found = metrics(evaluate, *options, "--jams", tmp_path / "jams")
    # The dog and one siren of two are found without a false positive: mean 0.75 less standard deviation 0.25.
    assert found["psds"] == pytest.approx({"scenario1": 0.5, "scenario2": 0.5})
    assert "PSDS, scenario 1: 0." in evaluate(*options).output
    observation = json.loads((tmp_path / "jams" / "b.jams").read_text())["annotations"][0]["data"][0]
    assert observation["confidence"] == 0.8


def test_scores_are_decoded_as_boxes_whose_psds_is_said(evaluate, files, scores, tmp_path):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    options = ["--reference", tmp_path / "reference.tsv", "--scores", scores, "--durations", tmp_path / "durations.tsv"]
    files()
    found = metrics(evaluate, *options, "-m", "event", "-m", "psds", "--box-filter", "1")
    decoder = Decoder(box_filter=1.0)
    shape = {"durations": {name: 10.0 for name in ("a.wav", "b.wav", "silent.wav")}, "classes": ["dog", "siren"]}
    reference, table = read_events(tmp_path / "reference.tsv"), read_scores(scores)
    expected = psds_of_boxes(reference_input(reference, **shape), SystemOutput(table, highest_frames(table), decoder))
    assert found["box_psds"] == expected
    assert found["event"]["micro"]["n_sys"] == len(decoder.events(table))
    assert ", boxes 0." in evaluate(*options, "-m", "psds", "--box-filter", "1").output
    assert metrics(evaluate, *options, "-m", "psds")["box_psds"] == {}
    assert_one_line(evaluate(*files(), "--box-filter", "1"), "--box-filter: it does nothing without --scores")
    assert_one_line(evaluate(*files(), "--scores", scores, "--box-filter", "1"), "--box-filter: it decodes scores")


def test_scores_rank_events_and_say_psds_by_class_after_one_look_at_the_frames(
    evaluate, files, scores, tmp_path, monkeypatch
):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    options = [*files(), "--scores", scores, "--durations", tmp_path / "durations.tsv", "-m", "event", "-m", "psds"]
    looks = []
    whole = frames.frames_of
    monkeypatch.setattr(frames, "frames_of", lambda table: looks.append(len(table)) or whole(table))
    found = metrics(evaluate, *options)
    assert len(looks) == 1
    table, lengths = read_scores(scores), {"a.wav": 10.0, "b.wav": 10.0, "silent.wav": 10.0}
    shape = {"durations": lengths, "classes": ["dog", "siren"]}
    reference = read_events(tmp_path / "reference.tsv")
    assert found["event_ranking"] == event_ranking_metrics(table, reference, **shape)
    assert found["psds_by_class"]["scenario1"] == {"mean": 0.75, "class_wise": {"dog": 1.0, "siren": 0.5}}
    assert found["pi_psds"]["scenario1"] >= found["psds"]["scenario1"]
    shown = evaluate(*options).output
    assert "events, 0.2 s and 20%, at every threshold" in shown
    assert "mean of classes (alpha_st=0) 0.750000, best median filter (piPSDS) 0." in shown
    without = metrics(evaluate, *files(), "--scores", scores, "-m", "event")  # how long an hour is is not known
    assert without["event_ranking"] is None
    assert without["pi_psds"] == {}


def test_frame_scores_tell_the_resolution_ceiling(evaluate, files, scores, tmp_path):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    options = [*files(REFERENCE.replace("2.0\tsiren", "0.2\tsiren")), "--scores", scores]
    options += ["--durations", tmp_path / "durations.tsv", "-m", "event"]
    # The siren of 0.2 s fills less than half of a frame of 0.5 s; the two other events lie on the frames.
    assert "with frames of 0.5 s" in evaluate(*options).output
    assert "reaches event F1 0.800, PSDS1 0.500, PSDS2 0.500." in evaluate(*options).output
    assert metrics(evaluate, *options)["ceiling"]["event"]["f1"] == 0.8
    evaluate(*options, "--html", tmp_path / "page.html")
    assert "Resolution ceiling" in (tmp_path / "page.html").read_text()
    assert metrics(evaluate, *files())["ceiling"] is None
    assert "ceiling" not in evaluate(*files()).output


def test_psds_needs_scores_and_lengths(evaluate, files, scores):
    assert_one_line(evaluate(*files(), "-m", "psds"), "--scores or --operating-points")
    assert_one_line(evaluate(*files(), "-m", "psds", "--scores", scores), "--durations")


def test_operating_points_need_no_estimate(evaluate, files, tmp_path):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    (tmp_path / "points").mkdir()
    (tmp_path / "points" / "0.1.tsv").write_text(ESTIMATED)
    (tmp_path / "points" / "0.9.tsv").write_text(HEADER)
    options = ["--durations", tmp_path / "durations.tsv", "--operating-points", tmp_path / "points", "-m", "psds"]
    found = metrics(evaluate, *files()[:2], *options)
    assert found["psds"] == metrics(evaluate, *files(), *options)["psds"]
    assert found["coverage"]["without_detections"] == 1
    assert "Events: 3 true." in evaluate(*files()[:2], *options).output
    for more in (["-m", "event"], ["--jams", tmp_path / "jams"]):
        assert_one_line(evaluate(*files()[:2], *options, *more), "give --estimated")
    (tmp_path / "points" / "0.5.tsv").write_text(ESTIMATED.replace("dog", "Air horn, truck horn"))
    assert_one_line(evaluate(*files()[:2], *options), "0.5.tsv: 1 unknown label (Air horn, truck horn), expected (dog;")
    (tmp_path / "points" / "0.5.tsv").write_text(ESTIMATED.replace("b.wav", "stray.wav"))
    assert_one_line(evaluate(*files()[:2], *options), "0.5.tsv: 1 file is not in", "stray.wav")


CUSTOM = "dtc=0.5,gtc=0.5,cttc=0.3,alpha_ct=0,alpha_st=0,max_efpr=100"


def test_scenarios_of_ones_own_stand_beside_dcases(evaluate, files, scores, tmp_path):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    options = [*files(), "--scores", scores, "--durations", tmp_path / "durations.tsv", "-m", "psds", "--psds", CUSTOM]
    second = "dtc=0.7,gtc=0.7,cttc=0.3,alpha_ct=0,alpha_st=1,max_efpr=100"  # DCASE's first
    found = metrics(evaluate, *options, "--psds", "gtc = 0.7, dtc = 0.7")["psds"]
    assert list(found) == ["scenario1", "scenario2", CUSTOM, second]
    assert found[second] == found["scenario1"] != found[CUSTOM]
    reference = read_events(tmp_path / "reference.tsv")
    lengths = dict.fromkeys(["a.wav", "b.wav", "silent.wav"], 10.0)
    own = Scenario(dtc=0.5, gtc=0.5, cttc=0.3, alpha_ct=0, alpha_st=0, max_efpr=100)
    classes = {"durations": lengths, "classes": ["dog", "siren"]}
    assert found[CUSTOM] == psds_of_scores(read_scores(scores), reference, scenario=own, **classes)
    shown = evaluate(*options, "--intervals", "--resamples", 100, "--html", tmp_path / "page.html")
    assert f"PSDS, {CUSTOM}: {found[CUSTOM]:.6f}, 95 % interval " in shown.output
    assert f"PSDS, {CUSTOM}<br>" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("dtc=0.5,gct=0.5", "psds: 'gct': no such key; expected dtc, gtc, cttc, alpha_ct, alpha_st, max_efpr"),
        ("dtc=0.5,dtc=0.5", "psds: 'dtc': given twice"),
        ("dtc=0.5", "no gtc"),
        ("", "psds: '': no such key"),
        ("dtc=0.5,gtc=half", "psds: gtc=half: no number"),
        ("dtc=0,gtc=0.5", "psds: dtc=0; expected a share above 0, up to 1"),
        ("dtc=0.5,gtc=nan", "psds: gtc=nan; expected a share"),
        ("dtc=0.5,gtc=0.5,max_efpr=inf", "psds: max_efpr=inf; expected a number above 0"),
        ("dtc=0.5,gtc=0.5,alpha_st=-1", "psds: alpha_st=-1; expected a number from 0"),
    ],
)
def test_a_wrong_scenario_is_refused_with_the_right_keys(evaluate, files, text, reason):
    assert_one_line(evaluate(*files(), "-m", "psds", "--psds", text), reason)


def test_a_subset_of_the_classes_is_scored_and_the_rest_counted(evaluate, files, scores, tmp_path):
    estimated = ESTIMATED + "b.wav\t3\t4\tcat\n"
    assert_one_line(evaluate(*files(estimated=estimated)), "1 unknown label (cat)", "--classes")
    options = files(estimated=estimated)
    found = metrics(evaluate, *options, "--classes", "dog")
    assert list(found["segment"]["class_wise"]) == ["dog"]
    assert found["coverage"]["scored"] == 3
    assert found["left_out"] == {"cat": {"true": 0, "detected": 1}, "siren": {"true": 2, "detected": 1}}
    only_dogs = metrics(
        evaluate, *files(HEADER + "a.wav\t0\t4\tdog\nb.wav\nsilent.wav\n", HEADER + "a.wav\t1\t5\tdog\n")
    )
    assert found["segment"] == only_dogs["segment"]
    assert "left_out" not in only_dogs
    options = files(estimated=estimated)
    shown = evaluate(*options, "--classes", "dog").output
    assert "Left out, of other classes: 2 true (siren: 2)." in shown
    assert "Left out, of other classes: 2 detected (cat: 1; siren: 1)." in shown

    (tmp_path / "some.txt").write_text("siren\n")
    for given in (["cat,siren"], ["cat", "siren"], ["cat", tmp_path / "some.txt"]):
        chosen = metrics(evaluate, *options, *(part for one in given for part in ("--classes", one)))
        assert list(chosen["segment"]["class_wise"]) == ["cat", "siren"]
        assert chosen["left_out"] == {"dog": {"true": 1, "detected": 1}}
    assert_one_line(
        evaluate(*options, "--classes", "dog,cow"), "--classes cow: no such file, and no label", "(cat; dog;"
    )


def test_scores_of_a_subset_of_the_classes(evaluate, files, scores, tmp_path):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    options = [
        "--scores",
        scores,
        "--durations",
        tmp_path / "durations.tsv",
        "-m",
        "psds",
        "-m",
        "ranking",
        "-m",
        "event",
    ]
    found = metrics(evaluate, *files()[:2], *options, "--classes", "siren")
    assert found["left_out"] == {"dog": {"true": 1, "detected": 1}}
    sirens = [HEADER + "a.wav\t2\t6\tsiren\nb.wav\t0\t2\tsiren\nsilent.wav\n"]
    write_scores(read_scores(scores).drop(columns="dog"), scores)
    alone = metrics(evaluate, *files(*sirens)[:2], *options)
    assert found["clip"] == alone["clip"]
    assert found["psds"] == alone["psds"]
    assert found["event"] == alone["event"]


def test_sed_eval_is_asked_about_what_it_knows(evaluate, files, monkeypatch):
    found = metrics(evaluate, *files(), "--official")
    assert found["official"]["segment"]["f1"] == pytest.approx(found["segment"]["micro"]["f1"], abs=1e-12)
    assert found["official"]["event"]["error_rate"] == pytest.approx(found["event"]["micro"]["error_rate"], abs=1e-12)
    assert_one_line(evaluate(*files(), "--official", "-m", "clip"), "sed_eval scores segments, events and onsets")
    nothing = metrics(evaluate, *files(estimated=HEADER), "--official")["official"]["event"]
    assert nothing == {"f1": None, "precision": None, "recall": 0.0, "error_rate": 1.0}
    monkeypatch.setattr(sed_eval_oracle, "score_events", lambda given, **_: score_events(given, collar=5.0))
    assert_one_line(evaluate(*files(), "--official"), "counts otherwise: event, true_positives: [1, 1], here [0, 1]")


def test_notes_of_one_kind_are_one_line(evaluate, files, tmp_path):
    (tmp_path / "points").mkdir()
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    zero = "a.wav\t9\t9\tdog\nb.wav\t9.5\t12\tdog\n"
    for threshold in (1, 2, 3):
        (tmp_path / "points" / f"{threshold}.tsv").write_text(ESTIMATED + zero)
    options = [*files(REFERENCE + zero, ESTIMATED + zero), "--operating-points", tmp_path / "points", "-m", "psds"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        shown = evaluate(*options, "--durations", tmp_path / "durations.tsv", "--zero-length", "keep")
    (note,) = shown.error.splitlines()
    assert "5 files of labels" in note
    assert note.endswith("counted, although they end when they start: 5 events")
    assert [str(one.message).partition(":")[0] for one in caught] == ["reference", "estimate", "operating points"]
    assert "3 events last longer than their clip and were cut" in str(caught[-1].message)


def test_an_unknown_metric_lists_the_known(evaluate, files):
    shown = evaluate(*files(), "--metric", "segments")
    assert "'segment'" in shown.error
    assert "'psds'" in shown.error


def test_rankings_stand_beside_decisions(evaluate, files, scores):
    """By their highest frame, a.wav is first for the dog and b.wav for the siren, which a.wav has as well."""
    found = metrics(evaluate, *files(), "--scores", scores, "-m", "ranking", "-m", "clip")
    assert found["clip"]["macro"]["average_precision"] == pytest.approx((1 + (1 + 2 / 3) / 2) / 2)
    assert found["clip"]["micro"]["f1"] == 0.8
    assert found["ranked_by"] == "highest frame"
    output = evaluate(*files(), "--scores", scores, "-m", "ranking").output
    assert "Clips are ranked by their highest frame." in output
    assert "Tags: 3 true, 2 detected." in output
    assert "macro average" in output


def test_clip_scores_rank_and_decide_but_locate_nothing(evaluate, files, clip_scores):
    reference = files()[:2]
    found = metrics(evaluate, *reference, "--scores", clip_scores, "-m", "ranking", "-m", "clip", "--threshold", 0.2)
    assert found["clip"]["class_wise"]["dog"]["roc_auc"] == 0.5
    assert found["clip"]["micro"]["n_sys"] == 3
    assert_one_line(evaluate(*reference, "--scores", clip_scores), "these are of whole clips", "-m ranking")
    assert_one_line(evaluate(*files(), "--scores", clip_scores, "-m", "psds"), "psds: it needs frame scores")


def test_rankings_need_scores(evaluate, files):
    assert_one_line(evaluate(*files(), "-m", "ranking"), "ranking", "give --scores")


def test_options_that_would_do_nothing_are_refused(evaluate, files, scores, tmp_path):
    shown = evaluate(*files(), "--scores", scores, "--threshold", 0.4)
    assert_one_line(shown, "--threshold", "--estimated says what was detected; leave out one")
    assert_one_line(evaluate(*files(), "--operating-points", tmp_path), "it does nothing without -m psds")
    for option in (["--resamples", 500], ["--seed", 0], ["--sources", tmp_path / "sources.csv"]):
        assert_one_line(evaluate(*files(), *option), f"{option[0]}: it does nothing without --intervals")
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    (tmp_path / "points").mkdir()
    (tmp_path / "points" / "0.5.tsv").write_text(ESTIMATED)
    both = ["--scores", scores, "--operating-points", tmp_path / "points", "--durations", tmp_path / "durations.tsv"]
    assert_one_line(evaluate(*files(), *both, "-m", "psds"), "give one of them")
