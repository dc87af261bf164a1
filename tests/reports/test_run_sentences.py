import pandas as pd
import pytest

from sedpool.reports.run_sentences import (
    alpha_at_bound,
    coverage,
    decoding,
    filled,
    gradient_share,
    learned,
    localisation,
    resolution_ceiling,
    warnings,
)
from sedpool.run_folder import kept_epoch


def test_the_first_epoch_with_the_best_validation_accuracy_is_kept():
    assert kept_epoch(pd.DataFrame({"epoch": [1, 2, 3, 4], "val_accuracy": [0.5, 0.9, 0.7, 0.9]})) == 2
    by_rounding = [0.9039999902248382, 0.9, 0.9039999997615814]
    assert kept_epoch(pd.DataFrame({"epoch": [1, 2, 3], "val_accuracy": by_rounding})) == 1


def metrics(f1, stretched):
    return {
        "segment": {"micro": {"f1": f1}},
        "baselines": {"clip_decisions_stretched": {"segment": {"micro": {"f1": stretched}}}},
    }


@pytest.mark.parametrize(
    ("f1", "stretched", "said"),
    [
        (0.5, 0.4, "0.100 above"),
        (0.4, 0.4, "localised nothing"),
        (None, 0.4, "undefined"),
    ],
)
def test_what_is_said_about_localisation(f1, stretched, said):
    assert said in localisation(metrics(f1, stretched))


def test_a_run_is_compared_with_the_better_of_its_own_decisions():
    found = metrics(0.5, 0.45) | {"tuned": metrics(0.6, 0.4) | {"objective": "segment F1, 1 s"}}
    assert "0.600 is 0.150 above" in localisation(found)


def test_weak_labels_say_nothing_about_localisation():
    assert "weak labels only" in localisation({"segment": None})


def alphas(values, bound):
    return pd.DataFrame({"epoch": 3, "event_label": ["dog", "siren"], "alpha": values, "bound": bound})


@pytest.mark.parametrize(
    ("values", "bound", "said"),
    [
        ([3.0, 1.0], 3.0, "reached by 1 of 2 classes: dog"),
        ([1.0, -2.9999], 3.0, "reached by 1 of 2 classes: siren"),
        ([1.0, 2.0], 3.0, "not reached by any class"),
        ([1.0, 2.0], None, "not constrained; it lies between 1.00 and 2.00"),
    ],
)
def test_what_is_said_about_the_bound(values, bound, said):
    assert said in alpha_at_bound(alphas(values, bound), kept_epoch=3)


def test_what_is_said_about_the_gradient():
    table = pd.DataFrame(
        {
            "epoch": [1, 2, 2],
            "event_label": ["dog", "dog", "siren"],
            "clips": 3,
            "frames": 26,
            "largest_share": [0.9, 0.2, 0.6],
            "effective_frames": [1.0, 9.0, 2.0],
        }
    )
    assert gradient_share(table, kept_epoch=2) == (
        "In epoch 2 the frame with the largest gradient got 40% of it, as a mean over classes; effectively 5.5 of 26 "
        "frames shared it, from 2.0 (siren) to 9.0 (dog)."
    )


def test_the_resolution_ceiling_is_stated_where_it_was_measured():
    event, psds = {"f1": 0.81234, "precision": 0.9, "recall": 0.7}, {"scenario1": 0.5, "scenario2": None}
    ceiling = {"frame_seconds": 0.0929, "event": event, "psds": psds}
    assert resolution_ceiling({"ceiling": ceiling}) == (
        "Resolution ceiling: with frames of 0.093 s, a detector that is right about every frame reaches event "
        "F1 0.812, PSDS1 0.500, PSDS2 –."
    )
    assert resolution_ceiling({"ceiling": ceiling | {"psds": {}}}).endswith("reaches event F1 0.812.")
    assert resolution_ceiling({"ceiling": ceiling | {"event": {"f1": None}}}) == ""
    assert resolution_ceiling({}) == ""  # metrics of an earlier version


def test_coverage_says_what_the_run_was_given():
    splits = {"train": {"listed": 6000, "usable": 6000}, "test": {"listed": 2000, "usable": 2000}}
    manifest = {"splits": splits, "missing": [], "unusable": [], "hash": "0123456789abcdef"}
    assert coverage(manifest) == "Data: all 8,000 listed clips; manifest 0123456789ab."
    splits["test"]["usable"] = 1990
    manifest |= {"missing": ["x"] * 9, "unusable": ["y"]}
    assert coverage(manifest) == (
        "Data: 7,990 of 8,000 listed clips (train 6,000 of 6,000, test 1,990 of 2,000; 9 without audio, 1 unusable); "
        "manifest 0123456789ab."
    )
    assert coverage(None) == ""


def test_of_several_runs_the_lowest_and_the_highest_ceiling_is_said():
    def run(seconds, f1, psds):
        return {"ceiling": {"frame_seconds": seconds, "event": {"f1": f1}, "psds": {"scenario1": psds}}}

    assert resolution_ceiling(run(0.3715, 0.8, 0.5), run(0.0929, 1, 1), run(0.3715, 0.9, None), {"ceiling": None}) == (
        "Resolution ceiling: with frames of 0.093 s, a detector that is right about every frame reaches event F1 "
        "1.000, PSDS1 1.000; with frames of 0.37 s, a detector that is right about every frame reaches event F1 0.800 "
        "to 0.900, PSDS1 0.500."
    )


@pytest.mark.parametrize(
    ("onsets", "offsets", "said"),
    [
        ([0, 0, 0, 1], [4, 4, 3.97, 2], "In 3 of 4 test clips with detections every event"),
        ([0, 0, 1, 1], [4, 4, 4, 2], ""),
        ([0, 0], [4, 4], ""),
        ([], [], ""),
    ],
)
def test_events_that_fill_their_clips_locate_nothing(onsets, offsets, said):
    names = [f"{index}.wav" for index in range(len(onsets))]
    events = pd.DataFrame({"filename": names, "onset": onsets, "offset": offsets, "event_label": "dog"})
    found = filled(events, dict.fromkeys([*names, "silent.wav"], 4.0), "test clips")
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_one_short_event_locates_its_clip():
    events = pd.DataFrame({"filename": list("abca"), "onset": 0.0, "offset": [4.0, 4, 4, 1], "event_label": "dog"})
    assert filled(events, dict.fromkeys("abc", 4.0), "clips").startswith("In 2 of 3 clips")


def scored(f1, stretched=0.4, always=0.3, *, n_sys=10, event_recall=0.6, tuned=None):
    """Metrics of a run whose segments get `f1`, and `tuned` as tuned."""

    def part(value):
        micro = {"f1": value, "precision": 0.8, "recall": 0.6, "n_sys": n_sys}
        own, every = ({"segment": {"micro": {"f1": one}}} for one in (stretched, always))
        baselines = {"clip_decisions_stretched": own, "every_class_always": every}
        return {
            "segment": {"micro": micro},
            "event": {"micro": {"f1": 1 - (value or 0), "recall": event_recall, "n_ref": 20, "n_sys": 16}},
            "clip": {"micro": micro, "macro": micro},
            "baselines": baselines,
        }

    as_tuned = tuned and part(tuned) | {"objective": "segment F1, 1 s", "n_clips": 7}
    about = {
        "resolution": 1.0,
        "collar": 0.2,
        "coverage": {"scored": 12},
        "decoding": {"threshold": 0.5, "clip_threshold": 0.5},
    }
    return part(f1) | about | {"tuned": as_tuned}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (scored(0.5), "It has learned what sounds, and when. Of 100 seconds that it reports in 12 test clips, 80 are"),
        (scored(0.35), "It has learned what sounds, but not when. Of 100 seconds"),
        (scored(0.25, stretched=0.2, event_recall=0.1), "It has learned next to nothing"),
        (scored(0.2), "It has learned next to nothing: to name every class all the time would score as well. Of"),
        (scored(0.2, tuned=0.5), "It has learned what sounds, and when."),
        (scored(0.5, event_recall=0.35), "It has learned what sounds, and roughly when. Of 100 seconds"),
        (scored(None, n_sys=0), "It detects nothing in 12 test clips"),
        (scored(0.5) | {"segment": None}, "Of 100 tags that it reports in 12 test clips, 80 are right"),
    ],
)
def test_what_is_said_to_be_learned(found, said):
    assert learned(found).startswith(said)


def test_few_right_ends_are_counted():
    said = (
        "Few of its events have the right ends: 7 of 16 begin within 0.2 s of a real one and end about where that does."
    )
    assert learned(scored(0.5, event_recall=0.35)).endswith(said)


def test_the_better_decoding_is_advised():
    assert decoding(scored(0.5)) == ""
    better, worse = decoding(scored(0.5, tuned=0.6)), decoding(scored(0.5, tuned=0.45))
    assert better.startswith("Use the decoding as tuned on 7 validation clips: with it, segment F1 is 0.600, and 0.500")
    assert worse.startswith("Tuning on 7 validation clips did not help: with it, segment F1 is 0.450, and 0.500 at 0.5")
    assert worse.endswith("sedpool detect --decode set decodes so.")
    by_tags = scored(0.5, tuned=0.45)
    by_tags["tuned"]["objective"] = "clip F1 of detected events (clip labels alone)"
    assert decoding(by_tags).startswith(
        "Use the decoding as tuned on 7 validation clips: with it, event F1 is 0.550, and"
    )


@pytest.mark.parametrize(
    ("n_epochs", "best", "said"),
    [
        (20, 18, "Training had not finished: of its 20 epochs (training.epochs), epoch 18"),
        (12, 10, "Training was stopped"),
        (20, 15, ""),
        (17, 12, ""),
    ],
)
def test_training_that_had_not_finished_is_a_warning(make_run, n_epochs, best, said):
    run = make_run()
    history = run.history.iloc[:n_epochs].assign(monitored=0.0)
    history.loc[history["epoch"] == best, "monitored"] = 1.0
    vars(run)["history"] = history
    found = warnings(run)
    assert len(found) == bool(said)
    assert all(warning.startswith(said) for warning in found)
