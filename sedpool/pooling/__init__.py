"""Pooling operators for multiple-instance learning: from frame probabilities to one probability per clip and class."""

from sedpool.pooling.alpha_bound import AlphaBound
from sedpool.pooling.autopool import AutoPool, cap, rap
from sedpool.pooling.basic import Max, Mean, Softmax

__all__ = ["AlphaBound", "AutoPool", "Max", "Mean", "Softmax", "cap", "rap"]
