"""The studies: the three corpora of McFee, Salamon and Bello 2018, and soundscapes from free recordings."""

from dataclasses import replace

from sedpool.experiment.plan import Condition, Study
from sedpool.reproduction import weak_to_strong

METHODS = {
    "max": ("pooling=max",),
    "mean": ("pooling=mean",),
    "softmax": ("pooling=softmax",),
    "rap_1e-2": ("pooling=rap", "pooling.l2=1e-2"),
    "rap_1e-3": ("pooling=rap", "pooling.l2=1e-3"),
    "rap_1e-4": ("pooling=rap", "pooling.l2=1e-4"),
    "cap": ("pooling=cap",),
    "auto": ("pooling=auto",),
    # The model has an output for each of 400 frames (section IV.B); pooling only makes the clip decisions.
    "strong": ("pooling=max", "supervision=strong", "training.patch_duration=9.288"),
}
"""Settings of the paper's methods (section III), by their names in its tables."""

WEAK_METHODS = {name: settings for name, settings in METHODS.items() if name != "strong"}

PAPER_SEED = 20170612
"""Seed of all runs of the paper's authors, and the first of ours on their corpora."""

URBANSED = Study(
    name="urbansed",
    title="URBAN-SED",
    preset="mcfee2018/urbansed",
    sources=("root",),
    methods=METHODS,
    conditions={
        "augmented": Condition("urbansed", ("augment=paper",)),  # section IV.C
        "plain": Condition("urbansed-plain", ("augment=none",)),  # the authors committed such runs too
    },
    first_seed=PAPER_SEED,
)

DCASE2017 = Study(
    name="dcase2017",
    title="DCASE 2017 task 4",
    preset="mcfee2018/dcase2017",
    sources=("root",),
    methods=WEAK_METHODS,  # training clips have weak labels only
    conditions={
        "augmented": Condition("dcase2017", ("augment=paper",)),
        "plain": Condition("dcase2017-plain", ("augment=none",)),
    },
    first_seed=PAPER_SEED,
)

MEDLEYDB = Study(
    name="medleydb",
    title="MedleyDB, ten splits",
    preset="mcfee2018/medleydb",
    sources=("root",),
    methods=METHODS,
    conditions={"": Condition("medleydb")},
    folds={fold: (f"dataset.fold={fold}",) for fold in range(10)},  # section IV.A
    fold_word="split",
    first_seed=PAPER_SEED,
)

_ESC10_FOLDS = {
    1: ("dataset.folds={train:[2,3],validate:[4],test:[1]}",),
    2: ("dataset.folds={train:[3,4],validate:[1],test:[2]}",),
    3: ("dataset.folds={train:[4,1],validate:[2],test:[3]}",),
    4: ("dataset.folds={train:[1,2],validate:[3],test:[4]}",),
}
"""Settings by the number of the test fold."""


def _in_folder(name: str) -> str:
    return f"dataset.root=${{data_root}}/esc10-soundscapes/{name}"


ESC10 = Study(
    name="esc10-soundscapes",
    title="Soundscapes mixed from ESC-10 over real backgrounds, each fold of the recordings tested once",
    preset="esc10_soundscapes",
    sources=("foreground", "background"),
    methods=METHODS,
    conditions={"": Condition("esc10")},
    folds={fold: (*folds, _in_folder(f"fold{fold}")) for fold, folds in _ESC10_FOLDS.items()},
)

_SMALL = (
    "model=compact",
    "dataset.n_train=600",
    "dataset.n_validate=200",
    "dataset.n_test=200",
    _in_folder("axes"),
)


def _bags(seconds: float) -> tuple[str, ...]:
    return f"labels.bag_duration={seconds}", f"training.patch_duration={seconds}"


ESC10_AXES = Study(
    name="esc10-soundscapes",
    title="The same with other lengths of events and bags, by a smaller network on fewer soundscapes",
    preset="esc10_soundscapes",
    sources=("foreground", "background"),
    methods={name: METHODS[name] for name in ("max", "mean", "softmax", "cap", "auto")},
    conditions={
        "base": Condition("esc10-base", _SMALL),  # events of 0.5 to 3 s, bags of 10 s
        "short_events": Condition("esc10-short_events", (*_SMALL, "dataset.event_duration=[0.25,1]")),
        "long_events": Condition("esc10-long_events", (*_SMALL, "dataset.event_duration=[2.5,5]")),
        "bags_5s": Condition("esc10-bags_5s", (*_SMALL, *_bags(5))),
        "bags_2.5s": Condition("esc10-bags_2.5s", (*_SMALL, *_bags(2.5))),
    },
    folds={4: _ESC10_FOLDS[4]},
    results="axes.csv",
)
"""What the paper could not vary, at a smaller scale: the length of events, and of the bags that have a label."""

AXES = {
    "length of events (s)": {"0.25 to 1": "short_events", "0.5 to 3": "base", "2.5 to 5": "long_events"},
    "length of bags (s)": {"2.5": "bags_2.5s", "5": "bags_5s", "10": "base"},
}
"""The properties that the conditions of `ESC10_AXES` vary, and the condition for each value, in order."""

_SELF = ("training.self_training_rounds=2", "training.clip_loss_weight=1")
_TIMES = ("supervision=strong", "pooling=linear_softmax", "training.monitor=psds1", "evaluation.tune=all")

WEAK_TO_STRONG = Study(
    name="weak-to-strong",
    title="One recipe from tags alone against strong labels, on frozen embeddings",
    preset="weak_to_strong",
    sources=("foreground", "background"),
    methods={
        **{f"{name}_self": (f"pooling={name}", "labels.times=test", *_SELF) for name in weak_to_strong.POOLINGS},
        "strong_frames": _TIMES,
        "strong_clips": (*_TIMES, "training.clip_loss_weight=1"),
        "strong_distilled": (*_TIMES, *_SELF),
        **{name: (f"pooling={name}", "labels.times=test") for name in weak_to_strong.POOLINGS},
    },
    conditions={"": Condition("weak-to-strong")},
    folds=ESC10.folds,
    seeds=3,
    order=weak_to_strong.deciding_first,
    keep=weak_to_strong.keep,
    report=weak_to_strong.write_report,
)

WEAK_TO_STRONG_CURVE = replace(
    WEAK_TO_STRONG.select(methods=["max", "rap", "auto_self", "rap_self", "strong_frames"]),
    title="The same from fewer training clips",
    conditions={
        f"{n} clips": Condition(f"weak-to-strong-{n}clips", (f"labels.n_train={n}",)) for n in weak_to_strong.CURVE
    },
    seeds=1,
    results=weak_to_strong.CURVE_RESULTS,
    order=None,
)

_FROM_SCRATCH = (
    "features.sr=22050",
    "features.n_mels=64",
    "model=compact",
    "model.filters=[32,64,96,128]",
    "model.time_reduction=2",  # 93 ms
    "training.epochs=30",
    "training.early_stopping_patience=6",
    "training.learning_rate=2.0e-3",
    "training.monitor=map",
    "evaluation.median_filter=0.5",
)

WEAK_TO_STRONG_SCRATCH = replace(
    WEAK_TO_STRONG,
    title="The same without embeddings, by the network of the demo, which learns from scratch",
    preset="esc10_soundscapes",
    methods={
        **{f"{name}_self": (*METHODS[name], "labels.times=test", *_SELF) for name in ("max", "rap_1e-4")},
        "strong_frames": _TIMES,
        **{name: (*METHODS[name], "labels.times=test") for name in ("max", "auto", "rap_1e-4")},
    },
    conditions={"from scratch": Condition("weak-to-strong-scratch", _FROM_SCRATCH)},
    seeds=1,
    results=weak_to_strong.SCRATCH_RESULTS,
    order=None,
)

STUDIES = {
    "urbansed": (URBANSED,),
    "dcase2017": (DCASE2017,),
    "medleydb": (MEDLEYDB,),
    "esc10-soundscapes": (ESC10, ESC10_AXES),
    "weak-to-strong": (WEAK_TO_STRONG, WEAK_TO_STRONG_CURVE, WEAK_TO_STRONG_SCRATCH),
}
"""Parts of each study, by its name."""
