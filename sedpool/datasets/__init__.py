"""Corpora: a loader each, all of which return a Dataset."""
