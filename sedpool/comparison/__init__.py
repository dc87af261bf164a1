"""Comparison: many runs, collected, grouped and tested, as tables; nothing here draws or renders."""
