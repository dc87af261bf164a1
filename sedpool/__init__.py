"""Sound event detection from weak labels: train with any pooling operator, locate events, score them.

The public names below load on first use, so that ``import sedpool`` costs next to nothing. Messages are those of the
logger ``sedpool`` of the standard library, which prints them on standard error.
"""

import lazy_loader

from sedpool.runtime.log import show_messages

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

show_messages()
