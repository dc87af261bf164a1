"""The paper's findings [1]_ as contrasts, fixed before any run of a study was known.

Each finding, or part of one, is a claim in words and one difference of one metric between two sides.
`sedpool.reproduction.claims` measures and judges them on runs.

References
----------
.. [1] B. McFee, J. Salamon, J. P. Bello, "Adaptive pooling operators for weakly labeled sound event detection",
   IEEE/ACM TASLP 26(11), 2018, sections III and V.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from sedpool.evaluation.paper_compat import CORPORA
from sedpool.reproduction.published import METHODS, WEAK

EQUAL_WITHIN = 0.02
"""Largest difference of a metric at which two methods count as equal."""
FILLING = 0.5
"""Events fill their bag if its classes are active in at least this share of the segments of a clip."""

CLIP_F1, F1 = "clip_f1_macro", "segment_f1_micro"
PRECISION, RECALL = "segment_precision", "segment_recall"
OWN_STRETCHED, ORACLE_STRETCHED = "own_stretched_f1", "oracle_stretched_f1"


@dataclass(frozen=True)
class Side:
    """One side of a contrast.

    Attributes
    ----------
    methods : tuple of str
        Methods on this side.
    take : {"mean", "best"}
        The mean over the methods, or the highest, chosen anew in each resample.
    metric : str
        A column of `sedpool.comparison.tables.METRIC_COLUMNS`.
    """

    methods: tuple[str, ...]
    metric: str
    take: Literal["mean", "best"] = "mean"

    def __str__(self) -> str:
        """Describe the side in a few words."""
        names = ", ".join(self.methods)
        if len(self.methods) == 1:
            return names if self.metric != OWN_STRETCHED else f"clip decisions of {names}, stretched"
        return f"{self.take} of {names}"


@dataclass(frozen=True)
class Contrast:
    """A claim, and the difference that decides it.

    Attributes
    ----------
    name : str
        The number of the finding with a letter for its part, e.g. ``"3a"``; ``"own <method>"`` for the claim that a
        method locates events.
    claim : str
        The claim in words.
    first, second : Side
        The effect is the first side's metric less the second's.
    direction : {">", "<", "="}
        The claimed effect: above 0, below 0, or within `EQUAL_WITHIN` of 0.
    stated_for : tuple of str
        Corpora for which the paper makes the claim. Claims about URBAN-SED, which consists of soundscapes, are also
        tested on corpora that the paper does not have, unless `events` is given.
    events : {"", "short", "filling"}
        Kind of events (see `FILLING`) that the claim is about, on any corpus that the paper does not have; empty for
        all kinds.
    """

    name: str
    claim: str
    first: Side
    direction: Literal[">", "<", "="]
    second: Side
    stated_for: tuple[str, ...] = CORPORA
    events: Literal["", "short", "filling"] = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """Both sides' methods, each once."""
        return tuple(dict.fromkeys((*self.first.methods, *self.second.methods)))

    def among(self, methods: Collection[str]) -> "Contrast | None":
        """Leave out all methods except some given ones; return None if that leaves a side empty."""
        first, second = (
            replace(side, methods=tuple(method for method in side.methods if method in methods))
            for side in (self.first, self.second)
        )
        return replace(self, first=first, second=second) if first.methods and second.methods else None

    @property
    def may_be_calibration(self) -> bool:
        """Whether another threshold alone could make the claim true."""
        return self.first.metric in (PRECISION, RECALL)

    def concerns(self, corpus: str, event_share: float) -> bool:
        """Return whether the claim is to be tested on a corpus.

        Parameters
        ----------
        corpus : str
            Name of the corpus.
        event_share : float
            Share of a clip's segments in which its classes are active.
        """
        if corpus in CORPORA:
            return corpus in self.stated_for
        if self.events:
            return self.events == ("filling" if event_share >= FILLING else "short")
        return "urbansed" in self.stated_for


def _others(*methods: str) -> tuple[str, ...]:
    """List the weakly trained methods except the given ones."""
    return tuple(method for method in WEAK if method not in methods)


CONTRASTS = (
    Contrast(
        "1a",
        "Auto has the best static F1 of all weakly trained methods",
        Side(("auto",), CLIP_F1),
        ">",
        Side(_others("auto"), CLIP_F1, "best"),
    ),
    Contrast(
        "1b",
        "Auto over-fits weak labels: it is more precise than CAP, the same operator held back",
        Side(("auto",), PRECISION),
        ">",
        Side(("cap",), PRECISION),
    ),
    Contrast(
        "1c",
        "Auto over-fits weak labels: its recall is lower than that of CAP",
        Side(("auto",), RECALL),
        "<",
        Side(("cap",), RECALL),
    ),
    Contrast(
        "2a",
        "CAP and RAP with λ ≤ 1e-3 lead the weakly trained methods in dynamic F1",
        Side(("cap", "rap_1e-3", "rap_1e-4"), F1),
        ">",
        Side(_others("cap", "rap_1e-3", "rap_1e-4"), F1, "best"),
        stated_for=("urbansed",),
    ),
    Contrast(
        "2b",
        "CAP is close to strong: nearer to it than to softmax pooling, from where CAP starts",
        Side(("cap",), F1),
        ">",
        Side(("softmax", "strong"), F1),
        stated_for=("urbansed",),
    ),
    Contrast(
        "2c",
        "softmax leads the weakly trained methods in dynamic F1",
        Side(("softmax",), F1),
        ">",
        Side(_others("softmax"), F1, "best"),
        stated_for=("dcase2017",),
    ),
    Contrast(
        "2d",
        "CAP equals mean in dynamic F1",
        Side(("cap",), F1),
        "=",
        Side(("mean",), F1),
        stated_for=("dcase2017",),
    ),
    Contrast(
        "2e",
        "RAP with λ = 1e-3 leads the weakly trained methods in dynamic F1",
        Side(("rap_1e-3",), F1),
        ">",
        Side(_others("rap_1e-3"), F1, "best"),
        stated_for=("medleydb",),
    ),
    Contrast(
        "2f",
        "CAP trails mean in dynamic F1",
        Side(("cap",), F1),
        "<",
        Side(("mean",), F1),
        stated_for=("medleydb",),
    ),
    Contrast(
        "3a",
        "max has high precision: above the mean of the other weakly trained methods",
        Side(("max",), PRECISION),
        ">",
        Side(_others("max"), PRECISION),
    ),
    Contrast(
        "3b",
        "max has low recall: below the mean of the other weakly trained methods",
        Side(("max",), RECALL),
        "<",
        Side(_others("max"), RECALL),
    ),
    Contrast(
        "3c",
        "mean has low precision: below the mean of the other weakly trained methods",
        Side(("mean",), PRECISION),
        "<",
        Side(_others("mean"), PRECISION),
    ),
    Contrast(
        "3d",
        "mean has high recall: above the mean of the other weakly trained methods",
        Side(("mean",), RECALL),
        ">",
        Side(_others("mean"), RECALL),
    ),
    Contrast(
        "3e",
        "mean is bad on short events: its dynamic F1 is below that of max",
        Side(("mean",), F1),
        "<",
        Side(("max",), F1),
        stated_for=("urbansed",),
        events="short",
    ),
    Contrast(
        "3f",
        "mean is good when events fill the bag: its dynamic F1 is above that of max",
        Side(("mean",), F1),
        ">",
        Side(("max",), F1),
        stated_for=("dcase2017", "medleydb"),
        events="filling",
    ),
    Contrast(
        "5",
        "RAP with λ = 1e-2 behaves like mean: their dynamic F1 is the same",
        Side(("rap_1e-2",), F1),
        "=",
        Side(("mean",), F1),
    ),
)
"""Findings 1, 2, 3 and 5."""

OWN_CONTRASTS = tuple(
    Contrast(
        f"own {method}",
        f"{method} locates events: its dynamic F1 is above that of its own clip decisions stretched over the clip",
        Side((method,), F1),
        ">",
        Side((method,), OWN_STRETCHED),
    )
    for method in METHODS
)
"""The claim that each method locates events, tested before the method is said to be ahead of others."""

OTHER_CLAIMS = {
    "4a": "learned α falls as a class's typical event duration grows (rank correlation of Auto's α over the classes)",
    "4b": "all α of CAP reach its bound",
    "6": "softmax pooling approaches mean as bags grow: the weight of no frame stays away from that of the mean",
}
"""Findings 4, about α (`sedpool.reproduction.alpha_claims`), and 6, algebra (`sedpool.reproduction.softmax_limit`)."""
