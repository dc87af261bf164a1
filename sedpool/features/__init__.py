"""Features: spectrograms in frequency bands, and the store that keeps them."""

from sedpool.features.logmel import LogMel
from sedpool.features.pcen import PCEN
from sedpool.features.spectrum import BandSpectrogram
from sedpool.features.store import Extractor, Features, FeatureStore

__all__ = ["PCEN", "BandSpectrogram", "Extractor", "FeatureStore", "Features", "LogMel"]
