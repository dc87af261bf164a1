"""One run in sentences: what it learned, its data, what α it learnt, how many frames shared the gradient."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sedpool.comparison.labels import HASH_DIGITS, number, threshold_title
from sedpool.datasets.base import usable_and_listed
from sedpool.run_folder import AT_BOUND, RunFolder, compared_level, compared_score, is_better_tuned, kept_epoch, shown

_EDGE = 0.05  # seconds from the ends of a recording that an event may keep and yet fill it


def shown_decoding(metrics: Mapping[str, Any]) -> str:
    """Name the decoding of `shown` in two words."""
    return "as tuned" if is_better_tuned(metrics) else threshold_title(metrics["decoding"])


def decoding(metrics: Mapping[str, Any]) -> str:
    """Say which of the two decodings does better on the test clips, and which to use; empty if there is one only."""
    if not (tuned := metrics["tuned"]):
        return ""
    before, after = (compared_score(part, tuned["objective"]) for part in (metrics, tuned))
    title = threshold_title(metrics["decoding"])
    scores = f"{compared_level(metrics, tuned['objective'])} F1 is {number(after)}, and {number(before)} {title}"
    if is_better_tuned(metrics):
        return (
            f"Use the decoding as tuned on {tuned['n_clips']} validation clips: with it, {scores}. sedpool detect does "
            "so by itself, and the numbers below are those of it."
        )
    return (
        f"Tuning on {tuned['n_clips']} validation clips did not help: with it, {scores}. The numbers below are those "
        f"{title}; sedpool detect --decode set decodes so."
    )


def learned(metrics: Mapping[str, Any]) -> str:
    """Say what a run has learned: what sounds, and whether it knows when."""
    part, n_clips = shown(metrics), metrics["coverage"]["scored"]
    level = "clip" if metrics["segment"] is None else "segment"
    own = part[level]["micro"]
    if not own["n_sys"]:
        return f"It detects nothing in {n_clips} test clips: no class reaches its threshold."
    units = "seconds" if metrics["resolution"] == 1 else f"segments of {metrics['resolution']:g} s"
    units = "tags" if level == "clip" else units
    found = f"Of 100 {units} that it reports in {n_clips} test clips, {100 * own['precision']:.0f} are right"
    if own["recall"] is not None:
        found += f", and of 100 that are there it finds {100 * own['recall']:.0f}"
    if level == "clip":
        return f"{found}. The test labels have no times: nothing here says whether it knows when."
    always = metrics["baselines"]["every_class_always"]["segment"]["micro"]["f1"]
    stretched = stretched_decisions(metrics)
    if own["f1"] is None or always is None or stretched is None:
        return f"{found}."
    if own["f1"] <= always:
        said = "It has learned next to nothing: to name every class all the time would score as well"
    elif own["f1"] <= stretched:
        said = "It has learned what sounds, but not when"
    else:
        said = "It has learned what sounds, and when"
        event = part["event"]["micro"]
        right = round((event["recall"] or 0) * event["n_ref"])
        if right < 0.5 * event["n_sys"]:
            said = "It has learned what sounds, and roughly when"
            found += (
                f". Few of its events have the right ends: {right:,} of {event['n_sys']:,} begin within "
                f"{metrics['collar']:g} s of a real one and end about where that does"
            )
    return f"{said}. {found}."


def stretched_decisions(metrics: Mapping[str, Any]) -> float | None:
    """Return the segment F1 of a run's own decisions about clips, stretched over these, decoded as suits them best."""
    parts = [metrics, metrics.get("tuned") or metrics]
    scores = [part["baselines"]["clip_decisions_stretched"]["segment"]["micro"]["f1"] for part in parts]
    return max((score for score in scores if score is not None), default=None)


def warnings(run: RunFolder) -> list[str]:
    """Say what makes a run's scores say little: training that had not finished, and classes that its splits lack.

    Parameters
    ----------
    run : RunFolder
        With its configuration, its history and, where it noted warnings about its corpus, its manifest.
    """
    n_epochs, training = len(run.history), run.config["training"]
    since, patience = n_epochs - kept_epoch(run.history), training["early_stopping_patience"]
    said = []
    if since < patience and n_epochs < training["epochs"]:
        said.append(
            f"Training was stopped in epoch {n_epochs + 1} of {training['epochs']}, while it may still have improved. "
            "The same command with force=true trains it anew, to its end."
        )
    elif since < patience:
        said.append(
            f"Training had not finished: of its {n_epochs} epochs (training.epochs), epoch {n_epochs - since} was the "
            f"best, and it ends by itself after {patience} without a better one. Give it more: "
            f"training.epochs={n_epochs + 2 * patience}."
        )
    noted = (run.manifest or {}).get("warnings", [])
    return [*said, *(f"Classes {warning}." for warning in noted)]


def localisation(metrics: Mapping[str, Any]) -> str:
    """Say whether the run knows more about time than its own clip decisions do."""
    if metrics["segment"] is None:
        return "The test clips have weak labels only: nothing can be said about localisation."
    own, stretched = shown(metrics)["segment"]["micro"]["f1"], stretched_decisions(metrics)
    if own is None or stretched is None:
        return "Segment F1 is undefined on this reference: nothing can be said about localisation."
    gain = own - stretched
    if gain <= 0:
        return (
            f"Segment F1 {number(own)} is no better than the run's own clip decisions stretched over the whole clip "
            f"({number(stretched)}): it has localised nothing."
        )
    return (
        f"Segment F1 {number(own)} is {number(gain)} above the run's own clip decisions stretched over the whole clip "
        f"({number(stretched)}): so much comes from knowing when."
    )


def filled(events: pd.DataFrame, durations: Mapping[str, float], what: str) -> str:
    """Say that detections tell what sounds, not when; empty if that is so in less than most of three or more.

    Parameters
    ----------
    events : DataFrame
        What was detected.
    durations : mapping of str to float
        Length in seconds of every recording.
    what : str
        What the recordings are called, such as ``"test clips"``.
    """
    ends = events["filename"].map(durations).astype(float)
    fills = (events["onset"] <= _EDGE) & (events["offset"] >= ends - _EDGE)
    filled_clips = fills.groupby(events["filename"]).all()
    if len(filled_clips) < 3 or filled_clips.mean() <= 0.5:
        return ""
    return (
        f"In {filled_clips.sum()} of {len(filled_clips)} {what} with detections every event lasts from their start to "
        "their end: this model tells what sounds, not when. docs/spreadsheet.md says what to do “if every event fills "
        "the clip”."
    )


def filled_test_clips(run: RunFolder) -> str:
    """Say that the events of a run whose test clips have no times fill these; see `filled`."""
    if run.metrics["segment"] is not None:  # `localisation` compares
        return ""
    ends = run.scores.groupby("filename")["offset"].max()
    return filled(run.events, {str(name): float(end) for name, end in ends.items()}, "test clips")


def resolution_ceiling(*metrics: Mapping[str, Any]) -> str:
    """Say what the length of the frames allows; empty where it was not measured.

    Parameters
    ----------
    *metrics : mapping
        As ``metrics.json`` has them. Of several runs with frames of one length, the lowest and highest ceiling is said.
    """
    # Scores by length of the frames and by name, in each run that has frames of this length.
    scores: dict[str, dict[str, list[float | None]]] = {}
    for one in metrics:
        ceiling = one.get("ceiling")
        if not ceiling or ceiling["event"]["f1"] is None:
            continue
        of_length = scores.setdefault(f"{ceiling['frame_seconds']:.2g}", {})
        of_length.setdefault("event F1", []).append(ceiling["event"]["f1"])
        for name, value in ceiling["psds"].items():
            of_length.setdefault(f"PSDS{name[-1]}", []).append(value)

    reached = []
    for seconds, of_length in sorted(scores.items(), key=lambda item: float(item[0])):
        ranges = []
        for name, values in of_length.items():
            known = [value for value in values if value is not None]
            low, high = (number(min(known)), number(max(known))) if known else (number(None), number(None))
            ranges.append(f"{name} {low}" if low == high else f"{name} {low} to {high}")
        reached.append(
            f"with frames of {seconds} s, a detector that is right about every frame reaches {', '.join(ranges)}"
        )
    return f"Resolution ceiling: {'; '.join(reached)}." if reached else ""


def coverage(manifest: Mapping[str, Any] | None) -> str:
    """Say how much of its corpus a run was given, with the manifest's hash; empty if the run has no manifest."""
    if manifest is None:
        return ""
    usable, listed = usable_and_listed(manifest)
    name = f"manifest {manifest['hash'][:HASH_DIGITS]}"
    if usable == listed:
        return f"Data: all {listed:,} listed clips; {name}."
    parts = ", ".join(f"{split} {part['usable']:,} of {part['listed']:,}" for split, part in manifest["splits"].items())
    absent = f"{len(manifest['missing']):,} without audio, {len(manifest['unusable']):,} unusable"
    return f"Data: {usable:,} of {listed:,} listed clips ({parts}; {absent}); {name}."


def front_end(used: Mapping[str, Any] | None) -> str:
    """Say which pretrained network the features come from, and under which terms; empty if they come from none.

    Parameters
    ----------
    used : mapping or None
        As ``front_end.json`` has it: the fields of `sedpool.frontends.catalog.FrontEnd`.
    """
    if used is None:
        return ""
    about = [str(used[key]) for key in ("attribution", "caution") if used[key]]
    terms = f"terms: {used['licence']}" if used["licence"] else "nobody has stated its terms"
    return (
        f"Features are embeddings of the pretrained network {used['name']} ({'; '.join([*about, terms])}). It is not "
        f"part of this: {used['command']} gets it (sha256 {used['sha256'][:HASH_DIGITS]})."
    )


def alpha_at_bound(alpha: pd.DataFrame, *, kept_epoch: int) -> str:
    """Say whether CAP's bound on α was reached in the kept epoch.

    Parameters
    ----------
    alpha : DataFrame
        Columns `epoch`, `event_label`, `alpha`, `bound`; `bound` is empty where α is not constrained.
    kept_epoch : int
        The epoch whose weights were kept.
    """
    kept = alpha.loc[alpha["epoch"] == kept_epoch]
    bound = kept["bound"].max()
    if pd.isna(bound):
        return f"α is not constrained; it lies between {kept['alpha'].min():.2f} and {kept['alpha'].max():.2f}."
    reached = kept.loc[kept["alpha"].abs() >= AT_BOUND * kept["bound"], "event_label"].astype(str)
    if reached.empty:
        largest = kept["alpha"].abs().max()
        return (
            f"CAP's bound |α| ≤ {bound:.2f} was not reached by any class (largest |α| {largest:.2f}): "
            "this run equals unconstrained AutoPool so far."
        )
    return f"CAP's bound |α| ≤ {bound:.2f} was reached by {len(reached)} of {len(kept)} classes: {', '.join(reached)}."


def gradient_share(share: pd.DataFrame, *, kept_epoch: int) -> str:
    """Say how many frames shared the gradient of a clip's prediction in the kept epoch.

    Parameters
    ----------
    share : DataFrame
        Columns `epoch`, `event_label`, `clips`, `frames`, `largest_share`, `effective_frames`.
    kept_epoch : int
        The epoch whose weights were kept.
    """
    kept = share.loc[share["epoch"] == kept_epoch]
    frames = kept.set_index("event_label")["effective_frames"]
    return (
        f"In epoch {kept_epoch} the frame with the largest gradient got {kept['largest_share'].mean():.0%} of it, as "
        f"a mean over classes; effectively {frames.mean():.1f} of {kept['frames'].max()} frames shared it, from "
        f"{frames.min():.1f} ({frames.idxmin()}) to {frames.max():.1f} ({frames.idxmax()})."
    )
