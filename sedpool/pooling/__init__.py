"""Pooling operators for multiple-instance learning: from frame probabilities to one probability per clip and class."""

from sedpool.pooling.alpha_bound import AlphaBound
from sedpool.pooling.attention import Attention
from sedpool.pooling.autopool import AutoPool, cap, rap
from sedpool.pooling.evidence import ISR, LogSumExp, NoisyOr
from sedpool.pooling.exponents import GeneralizedMean, Power
from sedpool.pooling.hierarchical import Hierarchical
from sedpool.pooling.layer import Pooling, WeightedMean
from sedpool.pooling.means import LinearSoftmax, Mean, Softmax
from sedpool.pooling.published import AutoPool1D, SoftMaxPool1D
from sedpool.pooling.ranks import GlobalWeightedRank, Max, Min, TopKMean

__all__ = [
    "ISR",
    "AlphaBound",
    "Attention",
    "AutoPool",
    "AutoPool1D",
    "GeneralizedMean",
    "GlobalWeightedRank",
    "Hierarchical",
    "LinearSoftmax",
    "LogSumExp",
    "Max",
    "Mean",
    "Min",
    "NoisyOr",
    "Pooling",
    "Power",
    "SoftMaxPool1D",
    "Softmax",
    "TopKMean",
    "WeightedMean",
    "cap",
    "rap",
]
