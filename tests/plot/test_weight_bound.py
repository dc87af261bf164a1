import pytest

from sedpool.plot.weight_bound import weight_bound_figure
from sedpool.pooling.bounds import weight_bounds


def test_bounds_are_drawn_for_each_alpha():
    axes = weight_bound_figure({"softmax": 1.0, "auto": 3.0}, largest_bag=100).axes[0]
    largest, smallest = (line.get_ydata() for line in axes.lines[:2])
    assert (smallest[0], largest[0]) == pytest.approx(tuple(map(float, weight_bounds(1.0, 2))))
    assert (smallest[-1], largest[-1]) == pytest.approx(tuple(map(float, weight_bounds(1.0, 100))))


def test_at_the_cross_no_frame_counts_more_than_half_at_the_bound_of_cap():
    axes = weight_bound_figure().axes[0]
    (frames, weight), cap = axes.collections[-1].get_offsets()[0], axes.lines[2]
    assert cap.get_label() == "cap, α = 3.22"
    assert weight_bounds(3.2188758, frames)[1] == pytest.approx(weight)
