import matplotlib.pyplot as plt
import numpy as np

from sedpool import pooling
from sedpool.plot.pooling import Exhibit, alpha_sweep_figure, gallery_figure, gallery_operators, toy_bag


def bars(axes):
    """Raising and lowering gradients of a panel, as shares of the largest."""
    return [np.array([bar.get_height() for bar in container]) for container in axes.containers]


def test_every_operator_is_in_the_gallery():
    shown = {type(exhibit.pool) for exhibit in gallery_operators().values()}
    layers = {getattr(pooling, name) for name in pooling.__all__ if isinstance(getattr(pooling, name), type)}
    operators = {layer for layer in layers if issubclass(layer, pooling.Pooling)}
    bases_and_softmax_by_another_name = {
        pooling.Pooling,
        pooling.WeightedMean,
        pooling.AutoPool,
        pooling.AutoPool1D,
        pooling.SoftMaxPool1D,
    }
    assert shown == operators - bases_and_softmax_by_another_name


def test_a_panel_shows_output_and_gradient():
    bag = toy_bag()
    figure = gallery_figure(
        {"mean": Exhibit(pooling.Mean()), "linear": Exhibit(pooling.LinearSoftmax())}, bag, columns=3
    )
    mean, linear, unused = figure.axes
    assert not unused.get_visible()
    assert f"P = {bag.mean():.2f}, largest gradient {1 / len(bag):.2g}" in mean.get_title(loc="left")
    np.testing.assert_allclose(bars(mean)[0], 1, atol=1e-6)
    raises, lowers = bars(linear)
    threshold = (bag**2).sum() / bag.sum() / 2
    np.testing.assert_array_equal(raises > 0, bag > threshold)
    np.testing.assert_array_equal(lowers < 0, bag < threshold)


def test_the_sweep_runs_from_below_the_mean_to_near_the_maximum():
    bag = toy_bag()
    output = next(line.get_ydata() for line in alpha_sweep_figure(bag).axes[0].lines if len(line.get_ydata()) > 2)
    assert (np.diff(output) > 0).all()
    assert output[0] < bag.mean() < output[-1] < bag.max()


def test_no_global_state_is_left_behind():
    alpha_sweep_figure(toy_bag())
    assert not plt.get_fignums()
