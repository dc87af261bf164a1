"""Evaluation: events and clip decisions to metrics.

One module a question: `clip`, `segment`, `event`, `intersection` and `psds` hold the metrics, `baselines`
answers that need no localisation, `evaluate` the evaluation of a whole Dataset or run. `validation` decides what may
be compared, `counts` holds what was right in each clip, `averages` how counts become numbers, `thresholds` how they
change with the threshold; `sed_eval_oracle` asks sed_eval for the same counts.
"""

from sedpool.evaluation.averages import Totals
from sedpool.evaluation.clip import clip_counts, clip_metrics
from sedpool.evaluation.counts import ClipCounts, concatenate
from sedpool.evaluation.evaluate import evaluate, evaluate_run
from sedpool.evaluation.event import event_counts, event_metrics
from sedpool.evaluation.event_curves import event_ranking_metrics
from sedpool.evaluation.intersection import intersection_counts, intersection_metrics
from sedpool.evaluation.psds import pi_psds, psds1, psds_by_class, psds_of_operating_points, psds_of_scores
from sedpool.evaluation.ranking import ranking_metrics
from sedpool.evaluation.scenarios import SCENARIO_1, SCENARIO_2, Scenario
from sedpool.evaluation.segment import segment_counts, segment_metrics
from sedpool.evaluation.thresholds import clip_sweep, event_sweep, segment_sweep

__all__ = [
    "SCENARIO_1",
    "SCENARIO_2",
    "ClipCounts",
    "Scenario",
    "Totals",
    "clip_counts",
    "clip_metrics",
    "clip_sweep",
    "concatenate",
    "evaluate",
    "evaluate_run",
    "event_counts",
    "event_metrics",
    "event_ranking_metrics",
    "event_sweep",
    "intersection_counts",
    "intersection_metrics",
    "pi_psds",
    "psds1",
    "psds_by_class",
    "psds_of_operating_points",
    "psds_of_scores",
    "ranking_metrics",
    "segment_counts",
    "segment_metrics",
    "segment_sweep",
]
