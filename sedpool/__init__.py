"""Sound event detection from weak labels: train with any pooling operator, locate events, score them.

The public names below load on first use, so that ``import sedpool`` costs next to nothing.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
