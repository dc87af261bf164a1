"""Pooling operators for multiple-instance learning: from frame probabilities to one probability per clip and class.

The names below load on first use, so that what needs no Keras does not wait for it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
