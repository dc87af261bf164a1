"""Error analysis: what a system confuses, misses and mistimes, each answer a tidy table.

`timeline` lays reference and estimate side by side; `confusion`, `false_alarms` and `detection_rate` sum over it.
`boundaries` compares onsets and offsets, `calibration` probabilities with outcomes, and `alpha` what the pooling learnt
with how long events last.
"""
