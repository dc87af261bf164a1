"""Run what a study lacks, from the corpus to its table of results.

A run is done if it has a row there, on whatever machine it was trained. Of the others, those with a finished run
folder are only entered; the rest are trained, or resumed from their last checkpoint.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from sedpool.augment import Augmentation
from sedpool.augment.prepare import prepare_augmentation
from sedpool.comparison.labels import counted
from sedpool.datasets.base import Dataset
from sedpool.errors import ConfigError, StorageError
from sedpool.experiment.jobs import Job, kind_of
from sedpool.experiment.launchers.runner import run_jobs
from sedpool.experiment.launchers.schedule import forecast, measure_together
from sedpool.experiment.plan import Study
from sedpool.experiment.run import build_dataset, check, folder_of
from sedpool.features.prepare import prepare
from sedpool.reproduction.records import forget_records, keys_of, read_results, record_run
from sedpool.runtime import parallel
from sedpool.settings.compose import compose_launcher, compose_parallel
from sedpool.settings.instantiate import build
from sedpool.settings.overrides import text_override, without_launcher
from sedpool.storage import hash_value, remove_abandoned

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Places:
    """Folders that a study reads and writes.

    Attributes
    ----------
    study : Path
        Gets the table of results, the records and the report.
    general : mapping of str to str
        The settings `data_root`, `cache` and `runs` of every run.
    corpus : mapping of str to str
        Folders among the settings of the group `dataset`, e.g. `root`.
    """

    study: Path
    general: Mapping[str, str]
    corpus: Mapping[str, str]


def reproduce(
    study: Study,
    places: Places,
    *,
    n_seeds: int = 1,
    n_jobs: int | None = None,
    rerun: bool = False,
    dry_run: bool = False,
) -> dict[str, str]:
    """Train, evaluate and record every run of a study that has no row yet.

    Parameters
    ----------
    study : Study
        Plans the runs.
    places : Places
        Folders of its data and of its results.
    n_seeds : int
        Number of runs per method, fold and condition, each with its own seed.
    n_jobs : int, optional
        Number of runs that train at the same time; None for that of the setting ``launcher.jobs``.
    rerun : bool
        Delete rows, records and run folders of these runs first.
    dry_run : bool
        Only log which runs would be trained, and how long they would take.

    Returns
    -------
    failures : dict of str to str
        The reason for each run that failed, by its settings; all others are done.

    Raises
    ------
    SedpoolError
        If the table of results, a setting or a corpus is faulty; nothing has been trained then.
    """
    table = places.study / study.results
    launcher = compose_launcher([word for word in study.settings if word not in without_launcher([word])])
    launcher = replace(launcher, jobs=n_jobs or launcher.jobs)
    with _locked(places.study):
        remove_abandoned(places.study)
        plan = study.plan(n_seeds)
        plan = study.order(plan, places.study) if study.order else plan
        done = keys_of(read_results(table))
        configs = {run: run.config(places.general, places.corpus) for run in plan if rerun or run.key not in done}
        for config in configs.values():
            check(config)
        known: dict[str, tuple[dict[str, str], Dataset | None]] = {}
        places_of_run = {**places.general, **{f"dataset.{name}": path for name, path in places.corpus.items()}}
        paths = [text_override(name, path) for name, path in places_of_run.items()]
        runs = {
            Job(str(run.key), (*without_launcher(run.overrides), *paths), config, folder_of(config, known)): run
            for run, config in configs.items()
        }
        rest = f"; the rest is in {table}" if len(runs) < len(plan) else ""
        logger.info(f"{study.name}: {len(runs)} of {counted(len(plan), 'run')} to be made{rest}")

        def enter(job: Job) -> None:
            (study.keep or record_run)(runs[job].key, job.folder, places.study, study.results)

        jobs, failures = (list(runs), {}) if rerun or dry_run else _enter_finished(runs, enter)
        if not jobs:
            return {" ".join(runs[job].overrides): reason for job, reason in failures.items()}
        with parallel.cluster(compose_parallel(study.settings).address):
            _prepare_corpora(jobs)
        rows = read_results(table)
        usual_epochs = [int(epochs) for epochs in rows.loc[rows["valid"], "epochs"]]
        epoch_seconds = _measure_epochs(jobs, launcher.jobs) if launcher.kind == "local" else {}
        if dry_run:
            logger.info("\n".join(" ".join(runs[job].overrides) for job in jobs))
            left = [job.progress() for job in jobs]
            time = forecast(left, launcher.jobs, epoch_seconds, usual_epochs)
            logger.info(f"{counted(len(jobs), 'run')}, {launcher.jobs} at a time: {time}")
            return {}
        if rerun:
            forget_records([runs[job].key for job in jobs], places.study, study.results)
        for job in jobs:
            if (rerun or job.config["force"]) and job.folder.path.is_dir():
                job.folder.forget()
        failures |= run_jobs(jobs, launcher, enter, epoch_seconds=epoch_seconds, usual_epochs=usual_epochs)
        return {" ".join(runs[job].overrides): reason for job, reason in failures.items()}


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other commands from working on a study at the same time."""
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise ConfigError(f"{folder}: another command is at work on this study; wait until it has finished") from None
    except OSError as error:
        raise ConfigError(f"{folder}: results cannot be kept here ({error.strerror}); choose another --study") from None
    try:
        yield
    finally:
        lock.release()


def _enter_finished(jobs: Iterable[Job], enter: Callable[[Job], None]) -> tuple[list[Job], dict[Job, str]]:
    """Enter the runs with a finished folder; return the others, and the reasons why some could not be entered."""
    others: list[Job] = []
    failures: dict[Job, str] = {}
    for job in jobs:
        if not job.folder.is_done or job.config["force"]:
            others.append(job)
            continue
        try:
            enter(job)
            logger.info(f"{job.name}: trained earlier, entered")
        except StorageError as error:
            failures[job] = f"{error}; delete {job.folder.path}, and the same command trains it again"
            logger.error(f"{job.name}: failed: {failures[job]}")
    return others, failures


def _prepare_corpora(jobs: Iterable[Job]) -> None:
    """Make or read every corpus and compute its features, so that a faulty one is noticed before any training."""
    parts = ("dataset", "labels", "features", "augment")
    different = {hash_value({name: job.config[name] for name in parts}): job for job in jobs}
    for job in different.values():
        config = job.config
        logger.info(f"preparing {config['corpus']}")
        places = {"cache": config["cache"], "n_jobs": config["jobs"]}
        extractor = build(config, "features")
        dataset = build_dataset(config)
        prepared = prepare(dataset, extractor, **places, allow_missing=config["allow_missing"])
        prepare_augmentation(prepared.split("train"), Augmentation(**config["augment"]), **places)


def _measure_epochs(jobs: Iterable[Job], n_jobs: int) -> dict[str, float]:
    """Measure the seconds per epoch of each kind of run while `n_jobs` of them train at the same time."""
    seconds = {}
    for kind, config in {kind_of(job.config): job.config for job in jobs}.items():
        logger.info(f"measuring {config['corpus']}, {config['method']}")
        seconds[kind] = measure_together(config, n_jobs)
    return seconds
