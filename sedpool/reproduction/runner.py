"""Run what a study lacks, from the corpus to its table of results.

A run is done if it has a row there, on whatever machine it was trained. Of the others, those with a finished run
folder are only entered; the rest are trained, or resumed from their last checkpoint.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from filelock import FileLock, Timeout

from sedpool.augment import Augmentation
from sedpool.augment.prepare import prepare_augmentation
from sedpool.comparison.labels import counted
from sedpool.datasets.base import Dataset
from sedpool.errors import ConfigError, StorageError, TrainingError
from sedpool.experiment.launchers.crew import Crew, Task
from sedpool.experiment.launchers.schedule import kind_of, measure_epoch
from sedpool.experiment.launchers.worker import Worker
from sedpool.experiment.load import identify_data
from sedpool.experiment.plan import PlannedRun, Study
from sedpool.experiment.run import build_dataset, check, find_folder
from sedpool.features.prepare import prepare
from sedpool.reproduction.records import forget_records, keys_of, read_results, record_run
from sedpool.settings.instantiate import build
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
    study: Study, places: Places, *, n_seeds: int = 1, n_jobs: int = 1, rerun: bool = False, dry_run: bool = False
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
    n_jobs : int
        Number of runs that train at the same time.
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
    with _locked(places.study):
        remove_abandoned(places.study)
        plan = study.plan(n_seeds)
        plan = study.order(plan, places.study) if study.order else plan
        done = keys_of(read_results(table))
        configs = {run: run.config(places.general, places.corpus) for run in plan if rerun or run.key not in done}
        for config in configs.values():
            check(config)
        tasks = _tasks(configs)
        rest = f"; the rest is in {table}" if len(tasks) < len(plan) else ""
        logger.info(f"{study.name}: {len(tasks)} of {counted(len(plan), 'run')} to be made{rest}")

        def enter(task: Task) -> None:
            (study.keep or record_run)(task.run.key, task.folder, places.study, study.results)

        failures: dict[str, str] = {}
        if not (rerun or dry_run):
            tasks, failures = _enter_finished(tasks, enter)
        if not tasks:
            return failures
        _prepare_corpora(tasks)
        rows = read_results(table)
        earlier_epochs = [int(epochs) for epochs in rows.loc[rows["valid"], "epochs"]]
        crew = Crew(n_jobs, _measure_epochs(tasks, n_jobs), earlier_epochs)
        if dry_run:
            logger.info("\n".join(task.name for task in tasks))
            logger.info(f"{counted(len(tasks), 'run')}, {n_jobs} at a time: {crew.remaining(tasks)}")
            return {}
        if rerun:
            forget_records([task.run.key for task in tasks], places.study, study.results)
        for task in tasks:
            if (rerun or task.config["force"]) and task.folder.path.is_dir():
                task.folder.forget()
        return failures | crew.train(tasks, enter)


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


def _tasks(configs: Mapping[PlannedRun, dict[str, Any]]) -> list[Task]:
    """Find the folder of every run; identify data that several runs share only once."""
    known: dict[str, tuple[dict[str, str], Dataset | None]] = {}
    tasks = []
    for run, config in configs.items():
        places = hash_value([config["dataset"], config["augment"]["background"], config["training"]["init_from"]])
        if places not in known:
            known[places] = identify_data(config)
        tasks.append(Task(run, config, find_folder(config, *known[places])))
    return tasks


def _enter_finished(tasks: Iterable[Task], enter: Callable[[Task], None]) -> tuple[list[Task], dict[str, str]]:
    """Enter the runs with a finished folder; return the others, and the reasons why some could not be entered."""
    others: list[Task] = []
    failures: dict[str, str] = {}
    for task in tasks:
        if not task.folder.is_done or task.config["force"]:
            others.append(task)
            continue
        try:
            enter(task)
            logger.info(f"{task.run.key}: trained earlier, entered")
        except StorageError as error:
            failures[task.name] = f"{error}; delete {task.folder.path}, and the same command trains it again"
            logger.error(f"{task.run.key}: failed: {failures[task.name]}")
    return others, failures


def _prepare_corpora(tasks: Iterable[Task]) -> None:
    """Make or read every corpus and compute its features, so that a faulty one is noticed before any training."""
    parts = ("dataset", "labels", "features", "augment")
    different = {hash_value({name: task.config[name] for name in parts}): task for task in tasks}
    for task in different.values():
        config = task.config
        logger.info(f"preparing {config['corpus']}")
        places = {"cache": config["cache"], "n_jobs": config["jobs"]}
        extractor = build(config, "features")
        dataset = build_dataset(config)
        prepared = prepare(dataset, extractor, **places, allow_missing=config["allow_missing"])
        prepare_augmentation(prepared.split("train"), Augmentation(**config["augment"]), **places)


def _measure_epochs(tasks: Iterable[Task], n_jobs: int) -> dict[str, float]:
    """Measure the seconds per epoch of each kind of run while `n_jobs` of them train at the same time."""
    seconds = {}
    for kind, config in {kind_of(task.config): task.config for task in tasks}.items():
        logger.info(f"measuring {config['corpus']}, {config['method']}")
        workers = [Worker(measure_epoch, config) for _ in range(n_jobs)]
        try:
            results = [worker.result() for worker in workers]
        finally:
            for worker in workers:
                worker.stop()
        if reasons := [reason for _, reason in results if reason is not None]:
            raise TrainingError(f"{config['corpus']}, {config['method']}: its first steps failed: {reasons[0]}")
        seconds[kind] = mean(value for value, _ in results)
    return seconds
