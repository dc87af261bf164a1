"""Corpora: one loader each, which returns a Dataset."""
