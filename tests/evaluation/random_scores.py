"""Frame scores for tests, drawn by hypothesis or made from a seed."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sedpool.events import events_from_rows
from sedpool.scores import frame_scores

from .conftest import CLASSES

LENGTHS = {"b.wav": 3.7, "a.wav": 10.0, "silent.wav": 0.95}
"""Clips in an order that is not theirs, of lengths that segments do not divide."""

seconds = st.integers(1, 9_899).map(lambda step: step / 1000)


@st.composite
def scores_of_all_clips(draw):
    """Frames of 0.37 s, or of random lengths; the last ends with the clip. Many scores are equal."""
    kind = draw(st.sampled_from([np.float32, np.float64]))
    tables = []
    for filename in draw(st.permutations(sorted(LENGTHS))):
        some = st.lists(seconds, max_size=9, unique=True).map(np.sort)
        inner = draw(st.one_of(st.just(np.arange(0.37, 10, 0.37)), some))
        edges = np.array([0.0, *(edge for edge in inner if 0 < edge < LENGTHS[filename]), LENGTHS[filename]])
        steps = arrays.arrays(np.int64, (len(edges) - 1, len(CLASSES)), elements=st.integers(0, 20))
        tables.append(frame_scores(filename, (draw(steps) / 20).astype(kind), edges, CLASSES))
    return pd.concat(tables, ignore_index=True)


rows = st.builds(
    lambda filename, onset, length, label: (
        filename,
        onset % (0.9 * LENGTHS[filename]),
        min(onset % (0.9 * LENGTHS[filename]) + length, LENGTHS[filename]),
        label,
    ),
    st.sampled_from(sorted(LENGTHS)),
    seconds,
    st.sampled_from([0.01, 0.37, 0.74, 1.0, 8.0]),
    st.sampled_from(CLASSES),
)
reference_tables = st.lists(rows, max_size=10).map(events_from_rows)
