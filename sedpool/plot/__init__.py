"""Figures: those of reports, and plots of recordings for a notebook, which `sedpool.plot` names."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
