"""Decoding in pieces against decoding at once."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.inference.decode import Decoder
from sedpool.inference.stream import StreamDecoder
from sedpool.scores import frame_scores

CLASSES = ("dog", "cat", "rain")
STEP = 0.25

seconds = st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.3, 2.0])
by_class = st.one_of(seconds, st.fixed_dictionaries(dict.fromkeys(CLASSES, seconds)))


@st.composite
def decoders(draw):
    threshold = {label: draw(st.sampled_from([0.3, 0.5, 0.8])) for label in CLASSES}
    share = draw(st.sampled_from([None, 1.0, 0.6]))
    low = None if share is None else {label: value * share for label, value in threshold.items()}
    return Decoder(
        threshold, low_threshold=low, median_filter=draw(by_class), max_gap=draw(by_class), min_duration=draw(by_class)
    )


@st.composite
def box_decoders(draw):
    threshold = {label: draw(st.sampled_from([0.0, 0.3, 0.5])) for label in CLASSES}
    return replace(draw(decoders()), threshold=threshold, low_threshold=None, box_filter=draw(by_class))


@st.composite
def recordings(draw):
    """Frame probabilities that stay for a while, as those of sounds do."""
    seed, frames = draw(st.integers(0, 2**32 - 1)), draw(st.integers(3, 120))
    rng = np.random.default_rng(seed)
    changes = rng.random((frames, len(CLASSES))) < draw(st.sampled_from([0.1, 0.4, 1.0]))
    levels = rng.random((frames, len(CLASSES))).astype(np.float32)
    for row in range(1, frames):
        levels[row] = np.where(changes[row], levels[row], levels[row - 1])
    return levels


@given(
    decoder=st.one_of(decoders(), box_decoders()),
    scores=recordings(),
    cuts=st.lists(st.integers(0, 120), max_size=8),
    tail=st.floats(0, 0.2),
)
@settings(max_examples=400, deadline=None)
def test_pieces_give_the_events_of_the_whole(decoder, scores, cuts, tail):
    edges = np.arange(len(scores) + 1) * STEP
    edges[-1] += tail
    expected = decoder.events(frame_scores("a.wav", scores, edges, CLASSES))

    stream, found = StreamDecoder(decoder, CLASSES, STEP), []
    for piece in np.split(scores, sorted(min(cut, len(scores)) for cut in cuts)):
        found += stream.push(piece)
        for event in stream.current:
            assert event.offset <= edges[-1] + 1e-9
    found += stream.finish(edges[-1])

    assert all(event.confidence >= decoder.threshold[event.event_label] for event in found)
    order = {label: number for number, label in enumerate(CLASSES)}
    found.sort(key=lambda event: (event.onset, order[event.event_label]))
    assert [event.event_label for event in found] == list(expected["event_label"])
    for name in ("onset", "offset", "confidence"):
        np.testing.assert_allclose([getattr(event, name) for event in found], expected[name], atol=1e-9)


def test_the_confidence_is_the_highest_smoothed_probability():
    scores = np.array([[0.1], [0.7], [0.95], [0.7], [0.6], [0.1], [0.1]])
    stream = StreamDecoder(Decoder(threshold=0.5, median_filter=3 * STEP), ["dog"], STEP)
    (event,) = [*stream.push(scores), *stream.finish(7 * STEP)]
    assert (event.onset, event.offset, event.confidence) == (STEP, 5 * STEP, 0.7)


def test_an_event_comes_as_soon_as_nothing_can_continue_it():
    stream = StreamDecoder(Decoder(max_gap=0.5), ["dog"], STEP)
    assert not list(stream.push(np.array([[0.9], [0.1], [0.1]])))
    assert [event.offset for event in stream.current] == [STEP]
    assert [event.offset for event in stream.push(np.array([[0.1]]))] == [STEP]
    assert stream.current == []
