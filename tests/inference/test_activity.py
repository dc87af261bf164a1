import numpy as np
import pytest
from scipy.ndimage import median_filter

from sedpool.errors import DataError
from sedpool.inference.activity import Frames, bounding_boxes, smooth


def frames(*numbers):
    file = np.repeat(numbers, 6)
    onset = np.tile(np.arange(6.0), len(numbers))
    return Frames(file, onset, onset + 1)


@pytest.mark.parametrize("numbers", [(0, 1, 2), (2, 0, 1), (7, 3, 5)])
def test_files_are_smoothed_by_themselves_in_whatever_order_they_are_numbered(numbers):
    probabilities = np.random.default_rng(0).random((18, 2))
    expected = [median_filter(part, size=(3, 1), mode="reflect") for part in np.split(probabilities, 3)]
    smoothed = smooth(probabilities, frames(*numbers), np.array([3.0, 3.0]))
    np.testing.assert_array_equal(smoothed, np.concatenate(expected))


def test_boxes_are_the_same_in_whatever_order_files_are_numbered():
    probabilities = np.random.default_rng(1).random((18, 2))
    settings = np.array([2.0, 2.0]), np.array([0.2, 0.2]), np.array([0.5, 0.5])
    one, other = (bounding_boxes(probabilities, frames(*numbers), *settings) for numbers in ((0, 1, 2), (5, 9, 3)))
    assert len(one.column) > 0
    for name in ("column", "first", "last"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_rows_of_a_file_that_do_not_follow_each_other_are_refused():
    with pytest.raises(DataError, match="rows of a file do not follow each other"):
        frames(0, 1, 0)
