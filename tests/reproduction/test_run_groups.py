import pytest

from sedpool.errors import DataError
from sedpool.reports.comparison import METRIC_COLUMNS
from sedpool.reports.significance import metric_at
from sedpool.reproduction.run_groups import Block, grouped

SEGMENT_F1 = metric_at(METRIC_COLUMNS["segment_f1_micro"])


def test_runs_are_grouped_by_corpus_and_compared_on_common_blocks(make_record):
    runs = [make_record("max", corpus=f"esc10-fold{fold}") for fold in (1, 2)]
    runs += [make_record("mean", corpus="esc10-fold2"), make_record("mean", corpus="esc10-fold3")]
    runs += [make_record("mean", corpus="demo")]
    demo, esc10 = grouped(runs)
    assert (demo.name, esc10.name) == ("demo", "esc10")
    assert esc10.blocks(["max", "mean"]) == [Block(2, 0)]
    assert esc10.missing(["max", "cap"]) == ("cap",)


def test_unfinished_runs_are_left_out(make_record):
    run = make_record("max")
    run.file("DONE").unlink()
    assert grouped([run]) == []


def test_the_same_block_twice_is_refused(make_record):
    run = make_record("max")
    with pytest.raises(DataError, match="both are max on esc10-fold1 with seed 0; leave one out"):
        grouped([run, run])


def test_seeds_are_summed_and_folds_joined(make_record):
    blocks = [Block(1, 0), Block(1, 1), Block(2, 0)]
    runs = [make_record("cap", corpus=f"esc10-fold{block.fold}", seed=block.seed) for block in blocks]
    (group,) = grouped(runs)
    counts = group.counts("cap", SEGMENT_F1, blocks)
    assert (len(counts), counts.filenames[0], counts.filenames[20]) == (40, "fold 1: clip0.wav", "fold 2: clip0.wav")
    singly = [SEGMENT_F1.counts(run) for run in runs]
    assert counts.n_sys.sum() == sum(one.n_sys.sum() for one in singly)
    assert (counts.n_ref[:20] == 2 * singly[0].n_ref).all()


def test_clips_share_the_recordings_of_their_fold(make_record):
    (group,) = grouped([make_record("cap", corpus=f"esc10-fold{fold}") for fold in (1, 2)])
    blocks = group.blocks(["cap"])
    filenames = group.counts("cap", SEGMENT_F1, blocks).filenames
    sources = group.sources("cap", blocks, filenames)
    assert sources.shape == (40, 20)
    assert (sources.sum(axis=0) == 2).all()


def test_a_clip_of_two_overlapping_splits_is_one_observation(make_record):
    splits = [make_record("cap", corpus=f"medleydb-split{split}", sources=False) for split in (0, 1)]
    (group,) = grouped(splits)
    blocks = group.blocks(["cap"])
    filenames = group.counts("cap", SEGMENT_F1, blocks).filenames
    assert group.sources("cap", blocks, filenames).shape == (40, 20)
    assert group.sources("cap", blocks[:1], filenames[:20]) is None


def test_how_much_of_a_bag_events_fill(make_record):
    short, filling = grouped([make_record("cap"), make_record("cap", corpus="long", event_share=0.8)])
    assert short.event_share() == pytest.approx(0.3, abs=0.08)
    assert filling.event_share() == pytest.approx(0.8, abs=0.08)
