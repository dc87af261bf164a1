import pytest

from sedpool.comparison.groups import Block, grouped
from sedpool.errors import DataError


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


def test_how_much_of_a_bag_events_fill(make_record):
    short, filling = grouped([make_record("cap"), make_record("cap", corpus="long", event_share=0.8)])
    assert short.event_share() == pytest.approx(0.3, abs=0.08)
    assert filling.event_share() == pytest.approx(0.8, abs=0.08)
