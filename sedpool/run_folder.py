"""A run folder: everything about one training run, and the one place that knows the names of its files."""

import copy
import os
import re
import shlex
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from sedpool import storage
from sedpool.errors import ConfigError, DataError, SedpoolError, StorageError
from sedpool.formats.table import read_tsv
from sedpool.runtime.representation import html_table
from sedpool.scores import content_hash, read_scores
from sedpool.settings.identity import digest, former_digest, upgraded
from sedpool.settings.targets import check_texts
from sedpool.text_tables import TextTable
from sedpool.untrusted import parse_yaml

T = TypeVar("T")

FORMAT = 1

RECORD_SUFFIX = ".record.zip"

AT_BOUND = 0.999
"""Share of CAP's bound from which α counts as being there: a norm constraint leaves it a rounding below."""

_LEVELS = ("clip", "segment", "event", "onset", "intersection")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "history.csv": ("epoch",),
    "alpha.csv": ("epoch", "event_label", "alpha"),
    "gradient_share.csv": ("epoch",),
    "curve.csv": ("threshold", "precision", "recall", "f1"),
    "sources.csv": ("filename", "source"),
    **dict.fromkeys(
        ("counts.parquet", "tuned_counts.parquet", "paper_counts.parquet"),
        (
            *("level", "filename", "event_label", "true_positives", "n_ref", "n_sys"),
            *("substitutions", "deletions", "insertions"),
        ),
    ),
}
"""Without which a table is damaged; others came with later versions."""
_OF_TEXT = frozenset({"level", "filename", "event_label", "source"})
_GROUPS = frozenset({"dataset", "features", "augment", "model", "pooling", "training", "evaluation", "labels"})
_RENEWAL = "RENEWAL"
_BEGUN_COPY = ".to-be-tracked"
_IS_NAME = re.compile(r"^[^/\\]+$")
FOLD = re.compile(r"-(?:fold|split)(\d+)$")
"""The end of a corpus's name that says its fold."""


class Content(dict[str, Any]):
    """What a file of a run folder holds; a key that it lacks is an error that names the file.

    Raises
    ------
    StorageError
        If `content` is no mapping, and whenever a key is asked for that is not in it.
    """

    def __init__(self, path: Path, content: Any) -> None:
        if not isinstance(content, Mapping):
            raise StorageError(f"{path}: holds no keys; it is damaged, repeat the run (force=true)")
        super().__init__(content)
        self.path = path

    def __missing__(self, key: str) -> Any:
        raise StorageError(f"{self.path}: no {key} in it; an earlier version wrote it, repeat the run (force=true)")


class table_property(cached_property[T]):
    """A table that is read once, or whenever it is asked for in a run that keeps none."""

    def __get__(self, run: "RunFolder", owner: Any = None) -> T:  # type: ignore[override]
        """Read the table, or return what was read."""
        return super().__get__(run, owner) if run.keeps_tables else self.func(run)


class RunFolder:
    """Typed access to a run folder; each property reads its file once.

    Parameters
    ----------
    path : path-like
        The folder. It need not exist yet.

    Attributes
    ----------
    keeps_tables : bool
        Whether counts, curve, durations and α stay in memory once they were read.

    Raises
    ------
    ConfigError
        If its name is not in UTF-8, which no table can hold.
    """

    keeps_tables = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            str(self.path).encode()
        except UnicodeEncodeError:
            raise ConfigError(f"{self.path}: the name is not in UTF-8; rename the folder") from None

    def __repr__(self) -> str:
        """Show the path."""
        return f"RunFolder({str(self.path)!r})"

    def _repr_html_(self) -> str:
        """Show what it is and how well it does, in a notebook."""
        rows: list[tuple[str, object]] = [("folder", self.path), ("finished", "yes" if self.is_done else "no")]
        try:
            rows += [("corpus", self.dataset), ("method", self.method), ("seed", self.config["seed"])]
            if self.is_done:
                scores = {f"{name} on test": value for name, value in self.main_scores.items()}
                rows += [(name, "–" if value is None else f"{value:.3f}") for name, value in scores.items()]
        except SedpoolError as error:  # a damaged run is shown as far as it can be read
            rows.append(("not readable", error))
        return html_table("Run", rows)

    def file(self, name: str) -> Path:
        """Path of the file `name` inside the folder."""
        return self.path / name

    def subfolder(self, name: str) -> Path:
        """Path of the folder `name` inside the folder, to write into.

        Raises
        ------
        StorageError
            If there is a link in its place: a run from elsewhere could have files written anywhere by one.
        """
        folder = self.file(name)
        if folder.is_symlink():
            raise StorageError(f"{folder}: a link, and nothing is written where it leads; remove it")
        return folder

    @property
    def name(self) -> str:
        """Name of the run, which is that of its folder."""
        return self.path.name

    @property
    def is_done(self) -> bool:
        """Whether the run finished: ``DONE`` is written last."""
        return self.file("DONE").is_file()

    def make(self) -> None:
        """Make the folder if it is not there yet.

        Raises
        ------
        StorageError
            If its place cannot be written to, or a link in it would lead writing elsewhere.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"a run cannot be kept here ({error.strerror})"
            raise StorageError(f"{self.path}: {reason}; choose a folder to write in, runs=FOLDER") from None
        for path in sorted(self.path.iterdir()):
            self.subfolder(path.name)

    @property
    def checkpoints(self) -> list[Path]:
        """Folders of checkpoints: that of the run, and those of the rounds of self-training before its last one."""
        return [self.file("checkpoint"), *sorted(self.path.glob("rounds/*/checkpoint"))]

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Keep other processes from writing to the folder.

        Raises
        ------
        ConfigError
            If one is at work on it.
        StorageError
            If the folder cannot be written.
        """
        with storage.writing(self.path):
            try:
                lock = FileLock(self.subfolder(".lock"), timeout=0).acquire()
            except Timeout:
                raise ConfigError(f"{self.path}: another process is running this configuration; wait for it") from None
        with lock:
            yield

    def mark_done(self) -> None:
        """Mark the run as finished and delete its checkpoints, which are not needed any more."""
        storage.write_text(self.file("DONE"), f"{FORMAT}\n")
        for folder in self.checkpoints:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def begun_copy(self) -> dict[str, str] | None:
        """Which copy of the run in MLflow is not complete yet: `uri`, `experiment`, `run_id`; None if there is none."""
        path = self.file(_BEGUN_COPY)
        if not path.exists():
            return None
        try:
            note = storage.read_json(path)
        except StorageError:  # damaged, or empty as an earlier version left it: another copy is begun
            note = None
        return {str(key): str(value) for key, value in note.items()} if isinstance(note, dict) else {}

    def note_copy(self, note: Mapping[str, str] | None) -> None:
        """Note which copy of the run in MLflow is not complete yet; with None there is none."""
        if note is None:
            self.file(_BEGUN_COPY).unlink(missing_ok=True)
        else:
            storage.write_json(self.file(_BEGUN_COPY), dict(note))

    def begin_renewal(self) -> None:
        """Note in a finished run that files of it are replaced; until `end_renewal` it counts as half renewed."""
        if self.is_done:
            storage.write_text(self.file(_RENEWAL), "half renewed: repeat sedpool tune\n")

    def end_renewal(self) -> None:
        """Note that all files belong together again."""
        self.file(_RENEWAL).unlink(missing_ok=True)

    def refuse_half_renewed(self) -> None:
        """Check that nothing was interrupted while it replaced metrics, counts and report.

        Raises
        ------
        StorageError
            If something was: old files then lie beside new ones.
        """
        if self.file(_RENEWAL).exists():
            what = "half renewed, as sedpool tune was interrupted or is still at work"
            raise StorageError(f"{self.path}: {what}; repeat it: sedpool tune {shlex.quote(str(self.path))}")

    def tidy(self) -> None:
        """Remove files that a killed run left half written; for the process that holds the folder's lock."""
        for folder in (self.path, *self.path.glob("rounds/*"), *self.checkpoints):
            storage.remove_abandoned(folder)

    def forget(self) -> None:
        """Delete checkpoints and metrics so that the run starts afresh."""
        for name in ("DONE", _RENEWAL, "metrics.json", "history.csv", "report.html"):
            self.file(name).unlink(missing_ok=True)
        for folder in (self.file("rounds"), *self.checkpoints):
            shutil.rmtree(folder, ignore_errors=True)
        self.file("log.txt").write_text("", encoding="utf-8")

    def refuse_other_backend(self, backend: str) -> None:
        """Check that a run continues on the backend on which it began.

        Raises
        ------
        ConfigError
            If there are checkpoints from another backend, whose numbers differ in their last digits.
        """
        if not any(folder.is_dir() for folder in self.checkpoints) or not self.file("environment.json").is_file():
            return
        begun = self.environment.get("backend")
        if begun != backend:
            raise ConfigError(
                f"{self.path}: begun with KERAS_BACKEND={begun}, now {backend}; "
                f"go on with {begun}, or begin anew with force=true"
            )

    @cached_property
    def config(self) -> dict[str, Any]:
        """The resolved configuration, in the names of today; the folder may have come from anywhere.

        Raises
        ------
        StorageError
            If the file cannot be read.
        ConfigError
            If a text in it is not plain (see `sedpool.settings.targets.check_texts`), or a name would leave the folder.
        """
        path = self.file("config.yaml")
        storage.refuse_special(path)
        try:
            config = Content(path, parse_yaml(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise StorageError(f"{path}: not readable ({error})") from None
        check_texts(config, str(path))
        for key in _GROUPS & config.keys():
            if not isinstance(config[key], Mapping):
                raise ConfigError(f"{path}: {key}={config[key]}: expected its settings by name")
        for key in ("corpus", "method", "seed"):
            if isinstance(config.get(key), Mapping | list) or (key == "seed" and config.get(key, 0) is None):
                raise ConfigError(f"{path}: {key}={config[key]}: expected one value")
        for key in ("corpus", "method"):
            if not _IS_NAME.match(str(config.get(key, key))):
                raise ConfigError(f"{path}: {key}={config[key]}: expected a name without slashes")
        return Content(path, upgraded(config))

    @cached_property
    def dataset(self) -> str:
        """Name of the corpus in tables, with its fold."""
        return str(self.config["corpus"])

    @cached_property
    def method(self) -> str:
        """Name of the method in tables."""
        return str(self.config["method"])

    def called(self, **names: str) -> "RunFolder":
        """Return the same run with another `dataset` or `method` for tables; what was read of it is kept."""
        run = copy.copy(self)
        vars(run).update(names)
        return run

    @property
    def study(self) -> str:
        """Name of the corpus without its fold: runs of ``esc10-fold1`` to ``esc10-fold4`` belong to one study."""
        return FOLD.sub("", self.dataset)

    @property
    def corpus(self) -> str:
        """Name of the corpus as its loader gives it; `study` where the run does not say."""
        return str(self.manifest["corpus"]) if self.manifest else self.study

    @property
    def fold(self) -> int | None:
        """Number of the fold or split at the end of the corpus's name; None if it has none."""
        found = FOLD.search(self.dataset)
        return int(found.group(1)) if found else None

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Versions, git commit, seeds, threads, precision and device of the run."""
        return self._json("environment.json")

    @cached_property
    def manifest(self) -> dict[str, Any] | None:
        """Which clips of the corpus were there (see `sedpool.datasets.base`); None for a run older than manifests."""
        return self._json("manifest.json") if self.file("manifest.json").exists() else None

    @cached_property
    def front_end(self) -> dict[str, Any] | None:
        """The pretrained network that its features come from, with its terms; None if they come from none."""
        return self._json("front_end.json") if self.file("front_end.json").exists() else None

    @property
    def data(self) -> dict[str, str]:
        """What the data are that the run was given, as hashes by setting; empty for a run of sedpool 0.1."""
        return dict((self.manifest or {}).get("data", {}))

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Test metrics (docs/run-folders.md lists them)."""
        path = self.file("metrics.json")
        metrics = self._json("metrics.json")
        _refuse_other_shapes(path, metrics)
        return Content(path, {key: _named(path, value) for key, value in metrics.items()})

    @property
    def main_scores(self) -> dict[str, float | None]:
        """F1 on test clips by name: of events and segments (micro) and of clips (macro); None where it is undefined.

        Decoded as tuned on validation where that is better, see `shown`.
        """
        scores: dict[str, float | None] = {}
        part = shown(self.metrics)
        for level, average in (("event", "micro"), ("segment", "micro"), ("clip", "macro")):
            if (found := part.get(level)) is not None:
                value = found[average]["f1"]
                scores[f"{level} F1"] = None if value is None else float(value)
        return scores

    @cached_property
    def tuned(self) -> dict[str, Any] | None:
        """How to decode as tuned on validation, and how that was found; None if nothing was tuned."""
        return self._json("tuned.json") if self.file("tuned.json").exists() else None

    @property
    def objective(self) -> float | None:
        """F1 on validation, which a search maximises; None where it is undefined, or the run older than searches."""
        value = self.metrics.get("validation", {}).get("f1")
        return None if value is None else float(value)

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row per epoch: losses, accuracies, learning rate, throughput."""
        return self._table("history.csv")

    @table_property
    def alpha(self) -> pd.DataFrame | None:
        """Learned α, one row per epoch and class: `epoch, event_label, alpha, bound`; None if the pooling has none."""
        return self._optional("alpha.csv")

    @property
    def kept_alpha(self) -> pd.DataFrame | None:
        """α in the epoch whose weights were kept: `event_label, alpha, bound`; None if the pooling has none."""
        if self.alpha is None:
            return None
        return self.alpha.loc[self.alpha["epoch"] == kept_epoch(self.history), ["event_label", "alpha", "bound"]]

    @cached_property
    def gradient_share(self) -> pd.DataFrame | None:
        """Gradient among frames, one row per epoch and class (see `sedpool.training.gradient_share`), if recorded."""
        return self._optional("gradient_share.csv")

    def _json(self, name: str) -> Content:
        return Content(self.file(name), storage.read_json(self.file(name)))

    def _table(self, name: str) -> pd.DataFrame:
        path = self.file(name)
        storage.refuse_special(path)
        try:
            table = storage.read_parquet(path) if path.suffix == ".parquet" else TextTable(path, ",").read("a table")
        except DataError as error:
            raise StorageError(str(error)) from None
        if missing := [column for column in _COLUMNS.get(name, ()) if column not in table]:
            raise StorageError(f"{path}: no column {', '.join(missing)} in it; repeat the run (force=true)")
        # A column of a table without rows has no type.
        for column in sorted({*table.select_dtypes(exclude=["number", "bool"])} - _OF_TEXT) if len(table) else ():
            raise StorageError(f"{path}: column {column} holds no numbers; repeat the run (force=true)")
        for texts in (column for column in table if table[column].dtype == object):
            if not all(isinstance(value, str) for value in table[texts]):
                raise StorageError(f"{path}: column {texts} holds no texts; repeat the run (force=true)")
        return table

    def _optional(self, name: str) -> pd.DataFrame | None:
        return self._table(name) if self.file(name).exists() else None

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Frame scores on the test split."""
        return read_scores(self.file("scores.parquet"))

    @cached_property
    def clip_scores(self) -> pd.DataFrame:
        """Clip scores on the test split."""
        return read_scores(self.file("clip_scores.parquet"))

    @cached_property
    def score_hashes(self) -> dict[str, str]:
        """What the test scores say, as hashes by the name of their table: a record without scores has only these."""
        if self.file("scores.sha256").is_file():
            return dict(storage.read_json(self.file("scores.sha256")))
        return {"scores": content_hash(self.scores), "clip_scores": content_hash(self.clip_scores)}

    @cached_property
    def validation_scores(self) -> pd.DataFrame:
        """Frame scores on the validation split."""
        return read_scores(self.file("validation_scores.parquet"))

    @cached_property
    def validation_clip_scores(self) -> pd.DataFrame:
        """Clip scores on the validation split."""
        return read_scores(self.file("validation_clip_scores.parquet"))

    @table_property
    def counts(self) -> pd.DataFrame | None:
        """Read counts of every test clip (see `sedpool.evaluation.counts_table`); None in runs of earlier versions."""
        return self._optional("counts.parquet")

    @table_property
    def tuned_counts(self) -> pd.DataFrame | None:
        """Read the same, decoded as tuned on validation; None if nothing was tuned."""
        return self._optional("tuned_counts.parquet")

    @cached_property
    def paper_counts(self) -> pd.DataFrame | None:
        """Counts by the paper's published evaluation; None on other corpora than the paper's."""
        return self._optional("paper_counts.parquet")

    @table_property
    def curve(self) -> pd.DataFrame | None:
        """Segment-based `threshold, precision, recall, f1` on the test split; None without strong labels."""
        return self._optional("curve.csv")

    @table_property
    def durations(self) -> pd.DataFrame | None:
        """How long the corpus's events last, one row per class (see `sedpool.datasets.statistics`); None if unknown."""
        return self._optional("durations.csv")

    @cached_property
    def example(self) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """Frame scores and annotated events of one test clip; None without strong labels."""
        files = self.file("example_scores.parquet"), self.file("example_events.tsv")
        return (read_scores(files[0]), read_tsv(files[1])) if all(file.is_file() for file in files) else None

    @cached_property
    def sources(self) -> pd.DataFrame | None:
        """Recordings that the test clips were mixed from: `filename, source`; None where they are not known."""
        return self._optional("sources.csv")

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that the detector knows."""
        return tuple(self.clip_scores.columns[1:])

    @cached_property
    def events(self) -> pd.DataFrame:
        """Events detected on the test split, decoded as the run was set."""
        return read_tsv(self.file("events.tsv"))


class Record(RunFolder):
    """What a study keeps of a run, as one file: those files of its folder that are small, without scores and weights.

    It is a zip archive, uncompressed, in one order and with one date: the same run makes the same bytes.

    Parameters
    ----------
    path : path-like
        The file, ``<name of the run>.record.zip``.

    Raises
    ------
    StorageError
        Whenever a file in it is asked for, if the archive is damaged or is none.
    """

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.path.name.removesuffix(RECORD_SUFFIX)

    @property
    def is_done(self) -> bool:
        """Whether the record is there: only finished runs have one, and it is written at once."""
        return self.path.is_file()

    def file(self, name: str) -> Path:
        """Path of the file `name`, outside the archive; of one that is not in it, a path below the archive."""
        path = self._unpacked.folder / name
        return path if path.exists() else self.path / name

    @cached_property
    def _unpacked(self) -> "_Unpacked":
        storage.refuse_special(self.path)
        content = storage.read_archive_file(self.path, "record")
        return _Unpacked(storage.read_archive(content, self.path, "record"))


class _Unpacked:
    """Files in a temporary folder that goes away with this object."""

    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sedpool-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        for name, content in parts.items():
            (self.folder / name).write_bytes(content)


def _named(path: Path, value: Any) -> Any:
    """Return a value of a file whose mappings, at any depth, name the file where they lack a key."""
    if not isinstance(value, Mapping):
        return value
    return Content(path, {key: _named(path, item) for key, item in value.items()})


def _refuse_other_shapes(path: Path, metrics: Mapping[str, Any], place: str = "") -> None:
    """Check that what holds numbers in ``metrics.json``, or in a part of it, holds them by name."""

    def named(name: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping | None):
            raise StorageError(
                f"{path}: {place}{name}={value}: expected its numbers by name; repeat the run (force=true)"
            )
        return value or {}

    for level in _LEVELS:
        found = named(level, metrics.get(level))
        parts = {name: named(f"{level}.{name}", found.get(name)) for name in ("micro", "macro", "class_wise")}
        for label, numbers in parts["class_wise"].items():
            named(f"{level}.class_wise.{label}", numbers)
    about = {name: named(name, metrics.get(name)) for name in ("validation", "decoding", "coverage", "ceiling")}
    for name in ("event", "psds"):
        named(f"ceiling.{name}", about["ceiling"].get(name))
    for name, baseline in named("baselines", metrics.get("baselines")).items():
        _refuse_other_shapes(path, named(f"baselines.{name}", baseline), f"{place}baselines.{name}.")
    if tuned := named("tuned", metrics.get("tuned")):
        _refuse_other_shapes(path, tuned, f"{place}tuned.")


def kept_epoch(history: pd.DataFrame) -> int:
    """Return the epoch whose weights were kept: the first that validation likes best, in float32.

    Parameters
    ----------
    history : DataFrame
        With a column `monitored`, or else judged by `val_accuracy`.

    Raises
    ------
    StorageError
        If it has neither, or no epoch.
    """
    column = "monitored" if "monitored" in history else "val_accuracy"
    if column not in history or history.empty:
        raise StorageError(f"history.csv: no epoch with {column} in it; it is damaged, repeat the run (force=true)")
    return int(history["epoch"].iloc[int(history[column].to_numpy(dtype=np.float32).argmax())])


def is_better_tuned(metrics: Mapping[str, Any]) -> bool:
    """Whether a run's decoding as tuned on validation is better on its test clips than the decoding that was set."""
    tuned = metrics.get("tuned")
    if not tuned:
        return False
    before, after = (compared_score(part, tuned["objective"]) for part in (metrics, tuned))
    return before is not None and after is not None and after > before


def shown(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of ``metrics.json`` with the better decoding: as tuned, or as set."""
    return metrics["tuned"] if is_better_tuned(metrics) else metrics


def compared_score(part: Mapping[str, Any], objective: str) -> float | None:
    """Return the score by which decodings are compared."""
    level = compared_level(part, objective)
    score: float | None = part[level]["macro" if level == "clip" else "micro"]["f1"]
    return score


def compared_level(part: Mapping[str, Any], objective: str) -> str:
    """Say what decodings are compared by: events or segments, or clips where there are no times."""
    return "clip" if part["segment"] is None else "segment" if objective.startswith("segment") else "event"


def run_name(config: Mapping[str, Any], data: Mapping[str, str]) -> str:
    """Return the name of the folder of a run: ``<dataset>-<method>-s<seed>-<hash of settings and data>``.

    Parameters
    ----------
    config : mapping
        The resolved configuration.
    data : mapping of str to str
        What the data are that it names (see `sedpool.settings.identity.digest`).
    """
    return f"{config['corpus']}-{config['method']}-s{config['seed']}-{digest(config, data)}"


def former_run_name(config: Mapping[str, Any]) -> str | None:
    """Return what sedpool 0.1 called a run with this configuration; None if it could not have made it."""
    found = former_digest(config)
    corpus, dataset = str(config["corpus"]), config["dataset"]
    if dataset["_target_"] == "sedpool.load_folder" and corpus == Path(str(dataset["root"])).resolve().name:
        corpus = "folder"
        found = former_digest({**config, "corpus": corpus})
    return None if found is None else f"{corpus}-{config['method']}-s{config['seed']}-{found}"


def is_record(path: str | os.PathLike[str]) -> bool:
    """Whether a path is that of a record, by its name."""
    return Path(path).name.endswith(RECORD_SUFFIX) and not Path(path).is_dir()


def run_at(path: str | os.PathLike[str]) -> RunFolder:
    """Return the run at a path: a record by its name, else a folder, which need not exist yet."""
    return Record(path) if is_record(path) else RunFolder(path)


def finished(folder: str | os.PathLike[str], *, half_renewed: bool = False) -> RunFolder:
    """Return the run in a folder, if it is finished.

    Parameters
    ----------
    folder : path-like
        The run folder.
    half_renewed : bool
        Whether it may be half renewed, for what renews it again or reads only its configuration.

    Raises
    ------
    ConfigError
        If there is no finished run.
    StorageError
        If it is half renewed and may not be.
    """
    run = run_at(folder)
    _refuse_package(run.path)
    if not run.path.exists():
        raise ConfigError(f"{run.path}: no such file or folder; give the folder that training printed, or a package")
    if not run.file("config.yaml").is_file():
        raise ConfigError(f"{run.path}: no run in it (no file config.yaml); give the folder that training printed")
    if not run.is_done:
        raise ConfigError(f"{run.path}: not finished (no file DONE); run its training again")
    if not half_renewed:
        run.refuse_half_renewed()
    return run


def find_runs(folder: str | os.PathLike[str]) -> list[RunFolder]:
    """Every run folder and record at or below `folder`, sorted by path, finished or not.

    Raises
    ------
    ConfigError
        If it is a package.
    """
    _refuse_package(Path(folder))
    if is_record(folder):
        return [Record(folder)]
    runs = [RunFolder(path.parent) for path in Path(folder).rglob("config.yaml")]
    records = [Record(path) for path in Path(folder).rglob(f"[!.]*{RECORD_SUFFIX}")]
    return sorted([*runs, *records], key=lambda run: run.path)


def _refuse_package(path: Path) -> None:
    if path.is_file() and not is_record(path):
        raise ConfigError(
            f"{path}: a file; expected a run folder; a package has no scores and no corpus, which this needs"
        )
