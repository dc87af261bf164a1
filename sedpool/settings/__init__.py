"""Settings: composed from ``configs/``, checked, and turned into objects."""
