"""Features: spectrograms in frequency bands, and the store that keeps them."""

from sedpool.features.logmel import LogMel
from sedpool.features.store import Features, FeatureStore

__all__ = ["FeatureStore", "Features", "LogMel"]
