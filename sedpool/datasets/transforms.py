"""Changes of a dataset for a study: fewer training clips, wrong weak labels, or clips cut into bags of any length.

A bag is a clip that is a part of its file (see `Dataset.clips`); its tags follow from the events inside it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.datasets.base import Dataset, nonzero
from sedpool.errors import ConfigError, DataError
from sedpool.events import LATEST, active_seconds, validate_events
from sedpool.regions import tag_arrays

Rate = float | Mapping[str, float]

ROUNDING = 1e-6
"""Seconds: shorter differences come from rounding, not from the corpus."""

SHORTEST_BAG = 0.01
"""Seconds: the shortest clip that a recording is cut into."""

_CUT = "#t="
_TIMES = re.compile(rf"{_CUT}([\d.e-]+),([\d.e-]+)")
_AT_CUT = 1e-3  # seconds within which an event counts as beginning or ending at a cut


def draw_training_clips(dataset: Dataset, n_clips: int, seed: int = 0) -> Dataset:
    """Keep so many training clips, drawn at random; the other splits stay whole.

    Parameters
    ----------
    dataset : Dataset
        With a training split.
    n_clips : int
        How many to keep, at least 1.
    seed : int
        Seed of the draw. With the same seed, what a small draw keeps a larger one keeps too.

    Raises
    ------
    ConfigError
        If there are fewer.
    """
    is_training = (dataset.clips["split"] == "train").to_numpy()
    if not 1 <= n_clips <= is_training.sum():
        raise ConfigError(
            f"dataset {dataset.name}: {n_clips} training clips of {is_training.sum()} cannot be drawn; expected 1 to "
            f"{is_training.sum()} (labels.n_train)"
        )
    rng = np.random.default_rng(np.random.SeedSequence([seed, *b"training clips"]))
    is_kept = ~is_training
    is_kept[rng.permutation(np.flatnonzero(is_training))[:n_clips]] = True
    return dataset.select(dataset.clips.loc[is_kept, "filename"].tolist())


def add_label_noise(
    dataset: Dataset, *, drop: Rate = 0.0, add: Rate = 0.0, seed: int = 0, splits: Sequence[str] = ("train",)
) -> Dataset:
    """Drop correct tags and add wrong ones, each by an independent draw.

    Parameters
    ----------
    dataset : Dataset
        Its events stay as they are.
    drop : float or mapping of str to float
        Probability that a class a clip has is dropped from its tags, for all classes or by name (0 for the others).
    add : float or mapping of str to float
        Probability that a class a clip lacks is added.
    seed : int
        Seed of the draws. With the same seed, a higher rate changes all tags that a lower rate changes, and more.
    splits : sequence of str
        The splits whose tags change.

    Returns
    -------
    noisy : Dataset
        With ``tags_dropped`` and ``tags_added`` in the manifest's notes.

    Raises
    ------
    ConfigError
        If a rate is no probability or names an unknown class, or `seed` is negative.
    """
    if seed < 0:
        raise ConfigError(f"label noise: seed={seed}; expected 0 or more")
    tags, known = tag_arrays(dataset.tags)
    # The name makes these draws independent of others with the same seed, for instance of the corpus itself.
    draws = np.random.default_rng(np.random.SeedSequence([seed, *b"label noise"])).random(tags.shape)
    chosen = dataset.clips["split"].isin(splits).to_numpy()[:, np.newaxis]
    dropped = chosen & tags & (draws < _rates(drop, "drop", dataset.classes))
    added = chosen & known & ~tags & (draws < _rates(add, "add", dataset.classes))
    notes = nonzero(tags_dropped=int(dropped.sum()), tags_added=int(added.sum()))
    manifest = replace(dataset.manifest, notes=dataset.manifest.notes | notes)
    return replace(dataset, tags=dataset.tags ^ (dropped | added), manifest=manifest)


def _rates(rate: Rate, name: str, classes: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the rate of every class, shape (classes,)."""
    by_class = dict(rate) if isinstance(rate, Mapping) else dict.fromkeys(classes, rate)
    if unknown := sorted(set(by_class) - set(classes)):
        raise ConfigError(f"label noise: {name} names {unknown[0]}; expected some of {', '.join(classes)}")
    if wrong := [value for value in by_class.values() if not 0 <= value <= 1]:
        raise ConfigError(f"label noise: {name}={wrong[0]}; expected a probability, from 0 to 1")
    return np.array([by_class.get(label, 0.0) for label in classes])


def without_times(dataset: Dataset, splits: Sequence[str]) -> Dataset:
    """Forget the events of some splits; their clips keep their tags.

    Parameters
    ----------
    dataset : Dataset
        With events or without.
    splits : sequence of str
        The splits that have weak labels alone from now on.
    """
    if dataset.events is None:
        return dataset
    forgotten = dataset.clips.loc[dataset.clips["split"].isin(splits), "filename"]
    events = dataset.events.loc[~dataset.events["filename"].isin(forgotten)].reset_index(drop=True)
    return replace(dataset, events=events, weak_splits=tuple(dict.fromkeys([*dataset.weak_splits, *splits])))


def rebag(
    dataset: Dataset, bag_duration: float, *, splits: Sequence[str] | None = None, min_activity: float = 0.0
) -> Dataset:
    """Cut every clip into consecutive bags; the last one may be shorter.

    Parameters
    ----------
    dataset : Dataset
        With events.
    bag_duration : float
        Length of a bag in seconds. Clips of at most this length stay whole. Unknown regions are cut too.
    splits : sequence of str, optional
        The splits to cut; all by default. Clips of other splits stay as they are.
    min_activity : float
        Share of a bag in which a class must be active for the bag to have its tag; 0: any activity is enough.

    Returns
    -------
    bags : Dataset
        Clips named by their clip, start and end in seconds (``a.wav#t=10,20``, a media fragment), with the events
        inside each in seconds from its start.

    Raises
    ------
    ConfigError
        If `bag_duration` is below `SHORTEST_BAG`, or longer than any recording.
    DataError
        If the clips to cut have no events.
    """
    if not SHORTEST_BAG <= bag_duration <= LATEST:
        raise ConfigError(f"bag_duration={bag_duration:g}: expected seconds from {SHORTEST_BAG:g} to {LATEST:g}")
    chosen = dataset.clips["split"].isin(dataset.clips["split"] if splits is None else splits)
    whole, rest = (dataset.select(dataset.clips.loc[part, "filename"].tolist()) for part in (chosen, ~chosen))
    weak = sorted(set(whole.clips["split"]) & set(dataset.weak_splits))
    if whole.events is None or weak:
        where = f"dataset {dataset.name}" + (f", split {weak[0]}" if weak else "")
        raise DataError(f"{where}: only strong labels can be cut into bags, and it has none")
    bags = _cut_clips(whole.clips, bag_duration)
    events = _cut_events(whole.events, bags, bag_duration)
    seconds = active_seconds(events, bags["filename"].tolist(), dataset.classes)
    enough = min_activity * bags["duration"].to_numpy() - ROUNDING
    cut = replace(
        dataset,
        clips=pd.concat([bags.drop(columns=["clip", "bag", "start"]), rest.clips], ignore_index=True),
        tags=pd.concat([seconds.ge(np.maximum(enough, ROUNDING), axis=0), rest.tags]),
        events=events if rest.events is None else pd.concat([events, rest.events], ignore_index=True),
        regions=rest.regions,
    )
    return cut.with_unknown(_cut_events(whole.regions, bags, bag_duration)) if len(whole.regions) else cut


def _cut_clips(clips: pd.DataFrame, bag_duration: float) -> pd.DataFrame:
    """Return one row per bag: the columns of `clips`, its `clip`, its number `bag` in the clip and its `start`."""
    durations = clips["duration"].to_numpy(dtype=np.float64)
    counts = np.maximum(1, np.ceil((durations - ROUNDING) / bag_duration)).astype(int)
    row, number = _repeated(counts)
    start = number * bag_duration
    duration = np.minimum(bag_duration, durations[row] - start)
    bags = clips.iloc[row].reset_index(drop=True)
    bags = bags.assign(clip=bags["filename"], bag=number, start=start, duration=duration)
    is_part = counts[row] > 1
    bags.loc[is_part, "filename"] = [
        f"{clip}{_CUT}{round(onset, 6):.12g},{round(onset + seconds, 6):.12g}"
        for clip, onset, seconds in bags.loc[is_part, ["clip", "start", "duration"]].itertuples(index=False)
    ]
    own_onset = bags["onset"].astype(float) if "onset" in bags else pd.Series(np.nan, bags.index)
    return bags.assign(onset=own_onset.where(~is_part, own_onset.fillna(0.0) + start))


def recording_of(bag: str) -> str:
    """Return the name of the clip that a bag was cut from.

    Examples
    --------
    >>> recording_of("a.wav#t=10,20")
    'a.wav'
    """
    return bag.partition(_CUT)[0]


def join_pieces(events: pd.DataFrame) -> pd.DataFrame:
    """Put events of pieces back into the recordings that these were cut from; the opposite of `rebag`.

    Parameters
    ----------
    events : DataFrame
        Event table; names such as ``a.wav#t=10,20`` are of pieces.

    Returns
    -------
    joined : DataFrame
        Event table of the recordings, by recording in the order of `events`, then by onset. An event that goes on
        across a cut is one, with the highest confidence of its parts.

    Examples
    --------
    >>> from sedpool.events import events_from_rows
    >>> join_pieces(events_from_rows([("a.wav#t=0,10", 8, 10, "dog"), ("a.wav#t=10,20", 0, 1, "dog")]))
      filename  onset  offset event_label
    0    a.wav    8.0    11.0         dog
    """
    start, end = (events["filename"].map(bound).astype(np.float64) for bound in (piece_onset, piece_offset))
    recordings = events["filename"].map(recording_of)
    placed = events.assign(
        filename=recordings,
        onset=events["onset"] + start,
        offset=events["offset"] + start,
        order=recordings.factorize()[0],
        begins_at_cut=(start > 0) & (events["onset"] <= _AT_CUT),
        cut_after=end.where(events["offset"] + start >= end - _AT_CUT),
    ).sort_values(["order", "event_label", "onset"], kind="stable")
    # An event goes on if it begins at the cut up to which the event before it in its class lasts.
    cut_before = placed.groupby(["order", "event_label"])["cut_after"].shift()
    goes_on = placed["begins_at_cut"] & ((placed["onset"] - cut_before).abs() <= _AT_CUT)
    of_parts = {"filename": "first", "onset": "first", "offset": "max", "event_label": "first", "order": "first"}
    of_parts |= {"confidence": "max", "channel": "first", "low_frequency": "min", "high_frequency": "max"}
    event = (~goes_on).cumsum().rename(None)  # the same number for all parts of an event
    joined = placed.groupby(event).agg({name: how for name, how in of_parts.items() if name in placed})
    joined = joined.sort_values(["order", "onset"], kind="stable", ignore_index=True)
    return joined[[name for name in events.columns if name in of_parts]]


def piece_onset(piece: str) -> float:
    """Return the second of its recording at which a piece starts; 0 for a whole recording.

    Examples
    --------
    >>> piece_onset("a.wav#t=10,20"), piece_onset("a.wav")
    (10.0, 0.0)
    """
    return sum((float(begin) for begin, _ in _TIMES.findall(piece)), start=0.0)


def piece_offset(piece: str) -> float:
    """Return the second of its recording at which a piece ends; infinity for a whole recording.

    Examples
    --------
    >>> piece_offset("a.wav#t=10,20"), piece_offset("a.wav")
    (20.0, inf)
    """
    times = [(float(begin), float(end)) for begin, end in _TIMES.findall(piece)]
    return piece_onset(piece) + times[-1][1] - times[-1][0] if times else np.inf


def _cut_events(events: pd.DataFrame, bags: pd.DataFrame, bag_duration: float) -> pd.DataFrame:
    """Return the part of every event that lies in each bag."""
    first_bag = np.floor(events["onset"].to_numpy() / bag_duration).astype(int)
    bag_after = np.ceil(events["offset"].to_numpy() / bag_duration).astype(int)
    event, part = _repeated(np.maximum(1, bag_after - first_bag))
    parts = events.iloc[event].rename(columns={"filename": "clip"}).assign(bag=first_bag[event] + part)
    parts = parts.merge(bags[["clip", "bag", "filename", "start", "duration"]], on=["clip", "bag"])
    parts["onset"] = (parts["onset"] - parts["start"]).clip(lower=0.0)
    parts["offset"] = (parts["offset"] - parts["start"]).clip(upper=parts["duration"])
    return validate_events(parts.loc[parts["offset"] - parts["onset"] > ROUNDING])


def _repeated(counts: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Repeat row `i` `counts[i]` times; return rows and repetition numbers: ``[2, 1] -> [0, 0, 1], [0, 1, 0]``."""
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
