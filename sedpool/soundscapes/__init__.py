"""Soundscapes made here: events drawn at random and mixed over a background at a known signal-to-noise ratio."""
