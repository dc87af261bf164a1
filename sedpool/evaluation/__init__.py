"""Evaluation: events and clip decisions to metrics.

One module a question: `clip`, `segment` and `event` hold the metrics (`levels` the latter two together), `baselines`
answers that need no localisation, `dataset` the evaluation of a whole Dataset or run. `validation` decides what may
be compared, `averages` how counts become numbers, `official` asks sed_eval for the counts.
"""

from sedpool.evaluation.clip import clip_metrics
from sedpool.evaluation.dataset import evaluate, evaluate_run
from sedpool.evaluation.event import event_metrics
from sedpool.evaluation.segment import segment_metrics

__all__ = ["clip_metrics", "evaluate", "evaluate_run", "event_metrics", "segment_metrics"]
