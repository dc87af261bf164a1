import numpy as np
from hypothesis import given, settings

from sedpool.evaluation.event_arrays import event_arrays
from sedpool.evaluation.frames import frame_arrays
from sedpool.evaluation.threshold_candidates import threshold_candidates
from sedpool.inference.decode import decode

from .conftest import CLASSES
from .random_scores import LENGTHS, scores_of_all_clips


def as_set(events):
    return set(zip(events.clip.tolist(), events.onset.tolist(), events.offset.tolist(), strict=True))


@settings(max_examples=20)
@given(scores_of_all_clips())
def test_at_every_threshold_the_candidates_are_what_decode_finds(scores):
    frames = frame_arrays(scores, LENGTHS, CLASSES)
    found = [threshold_candidates(frames, label) for label in range(len(CLASSES))]
    for threshold in np.append(np.unique(scores[list(CLASSES)].to_numpy()), 1.0).tolist():
        decoded = event_arrays(decode(scores, threshold), LENGTHS, CLASSES)
        for label, candidates in enumerate(found):
            exist = (candidates.lower < threshold) & (threshold <= candidates.upper)
            assert exist.sum() == (decoded.label == label).sum()
            assert as_set(candidates.events.select(exist)) == as_set(decoded.select(decoded.label == label))
