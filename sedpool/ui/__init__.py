"""``sedpool ui``: runs, comparisons and listening pages in a browser of this computer."""
