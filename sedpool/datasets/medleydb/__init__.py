"""MedleyDB: multitrack music, and the mixes with one instrument removed that the paper makes of it."""
