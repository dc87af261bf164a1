"""Do detections depend on where a recording starts? ``python scripts/detection_stability.py RUN AUDIO LABELS``.

The recording is detected in as it is, and again without its first samples, a random number of them each time. What is
farther than a window from both ends is compared: events are matched within one output frame, scores at the middle of
every frame, and both detections are scored against the labels.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

import sedpool as sp
from sedpool import audio
from sedpool.evaluation.evaluation_input import comparable_input
from sedpool.evaluation.segment import count_segments
from sedpool.inference.trained_detector import TrainedDetector
from sedpool.runtime.arrays import Float32Array, Float64Array


def main(
    run: Annotated[str, typer.Argument(help="A run folder or package.")],
    recording: Annotated[Path, typer.Argument(help="The recording.")],
    labels: Annotated[Path, typer.Argument(help="Its events.")],
    offsets: Annotated[int, typer.Option(help="Random offsets.")] = 50,
    seed: Annotated[int, typer.Option(help="Draws them.")] = 0,
) -> None:
    """Print how many events stay, by how much scores change, and how far segment F1 moves."""
    detector = sp.load(run)
    sr, classes = detector.extractor.sr, list(detector.detector.classes)
    samples = audio.read(recording, sr)
    window = detector.patch_frames / detector.extractor.frame_rate
    first, last = np.ceil(window), np.floor(len(samples) / sr - window)  # whole segments
    reference = within(sp.read_events(labels).assign(filename="audio"), first, last)
    before, scores_before = detect(detector, samples, 0.0)
    rows = []
    for offset in np.random.default_rng(seed).integers(1, round(window * sr), offsets):
        after, scores_after = detect(detector, samples[offset:], offset / sr)
        kept, found = within(before, first, last), within(after, first, last)
        middles = scores_after[["onset", "offset"]].mean(axis=1).to_numpy()
        middles = middles[(middles > first) & (middles < last)]
        gaps = at(scores_before, middles, classes) - at(scores_after, middles, classes)
        f1 = [
            count_segments(comparable_input(reference, one, durations={"audio": last}, classes=classes)).metrics()[
                "micro"
            ]["f1"]
            for one in (kept, found)
        ]
        rows.append(
            {
                "events that stay": share_matched(kept, after, detector.step),
                "events that were there": share_matched(found, before, detector.step),
                "score change, 95th percentile": np.quantile(np.abs(gaps), 0.95),
                "segment F1 change": abs(f1[1] - f1[0]),
            }
        )
    table = pd.DataFrame(rows).agg(["mean", "median", "min", "max"])
    typer.echo(f"{len(within(before, first, last))} events, segment F1 {f1[0]:.4f}, {offsets} offsets")
    typer.echo(table.T.round(4).to_string())


def detect(detector: TrainedDetector, samples: Float32Array, start: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Detect events and scores, in seconds from the start of the whole recording."""
    scores = detector.scores(samples, sr=detector.extractor.sr)
    events = detector.decoder.events(scores)
    for table in (events, scores):
        table[["onset", "offset"]] += start
    return events, scores


def within(events: pd.DataFrame, first: float, last: float) -> pd.DataFrame:
    """Return the parts of events between two times."""
    cut = events.assign(onset=events["onset"].clip(lower=first), offset=events["offset"].clip(upper=last))
    return cut[cut["offset"] > cut["onset"]].reset_index(drop=True)


def at(scores: pd.DataFrame, times: Float64Array, classes: list[str]) -> Float32Array:
    """Return the scores at given times, shape (times, classes)."""
    rows = np.searchsorted(scores["offset"].to_numpy(), times, side="right")
    return scores[classes].to_numpy()[rows]


def share_matched(events: pd.DataFrame, others: pd.DataFrame, tolerance: float) -> float:
    """Return the share of events for which there is another of its class with onset and offset within a tolerance."""
    matched = 0
    for _, onset, offset, label in events[["filename", "onset", "offset", "event_label"]].itertuples(index=False):
        same = others[others["event_label"] == label]
        near = (same["onset"] - onset).abs().le(tolerance + 1e-6) & (same["offset"] - offset).abs().le(tolerance + 1e-6)
        matched += bool(near.any())
    return matched / max(1, len(events))


if __name__ == "__main__":
    typer.run(main)
