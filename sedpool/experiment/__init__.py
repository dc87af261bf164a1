"""Experiments: from one configuration to one run folder, and many of them."""
