"""Records: what a study keeps of every run, small enough to be committed, and enough to make its report anywhere."""

import shutil
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from sedpool import storage
from sedpool.errors import StorageError
from sedpool.evaluation.run_folder import evaluate_folder
from sedpool.experiment.launchers.crew import OUTPUT
from sedpool.experiment.load import dataset_of
from sedpool.experiment.plan import RunKey
from sedpool.reproduction.results import add_row, drop_rows, keys_of, read_results, result_row
from sedpool.run_folder import RunFolder, without_places
from sedpool.settings.schema import EvaluationSettings, checked

FOLDER = "records"
LEFT_BEHIND = frozenset(
    {
        "scores.parquet",
        "clip_scores.parquet",
        "validation_scores.parquet",
        "validation_clip_scores.parquet",
        "weights.npz",
        "events.tsv",
        "report.html",
        "log.txt",
        OUTPUT,
    }
)
"""What is large, or is said elsewhere; all other files of a run are kept."""


def write_record(run: RunFolder, folder: Path) -> RunFolder:
    """Keep what a study needs of a finished run.

    Parameters
    ----------
    run : RunFolder
        A finished run.
    folder : Path
        Of the study; the record goes to ``records/<name of the run>``, in place of an earlier one.

    Returns
    -------
    record : RunFolder
        Without scores, whose hashes it has instead (``scores.sha256``), and without places in its configuration.

    Raises
    ------
    StorageError
        If the disk is full; an earlier record is intact.
    """
    records = folder / FOLDER
    records.mkdir(parents=True, exist_ok=True)
    final = records / run.path.name
    for half_written in records.glob(f".{run.path.name}-*"):  # by a command that was killed
        shutil.rmtree(half_written)
    with storage.full_disk_named(final), TemporaryDirectory(prefix=f".{run.path.name}-", dir=records) as temporary:
        record = RunFolder(Path(temporary, "record"))
        record.path.mkdir()
        for path in run.path.iterdir():
            if path.is_file() and not path.name.startswith(".") and path.name not in LEFT_BEHIND:
                storage.write_bytes(record.file(path.name), path.read_bytes())
        config = yaml.safe_dump(without_places(run.config), sort_keys=False, allow_unicode=True)
        storage.write_text(record.file("config.yaml"), config)
        storage.write_json(record.file("scores.sha256"), run.score_hashes)
        if final.exists():
            final.rename(Path(temporary, "before"))
        record.path.rename(final)
    return RunFolder(final)


def record_run(key: RunKey, run: RunFolder, folder: Path, results: str) -> None:
    """Enter a finished run into a study: first its record, then its row, so that what has a row is complete.

    Of a damaged run neither is left.

    A run of an earlier version, which left no curve or no example, is scored again before.

    Parameters
    ----------
    key : RunKey
        Which run of the study it is.
    run : RunFolder
        A finished run.
    folder : Path
        Of the study.
    results : str
        Name of its table of results.

    Raises
    ------
    StorageError
        If a file of the run is missing or damaged, or the disk is full.
    """
    if run.metrics["segment"] is not None and (run.curve is None or run.example is None):
        settings = checked(EvaluationSettings, run.config["evaluation"], "evaluation")
        evaluate_folder(run, dataset_of(run), settings, allow_missing=run.config["allow_missing"])
        run = RunFolder(run.path)
    row = result_row(key, run)
    write_record(run, folder)
    add_row(folder / results, row)


def forget_records(keys: Collection[RunKey], folder: Path, results: str) -> None:
    """Remove runs from a study: first their rows, then their records, so that no row is without its record.

    Parameters
    ----------
    keys : collection of RunKey
        Which runs; they need not be there.
    folder : Path
        Of the study.
    results : str
        Name of its table of results.
    """
    records = _by_key(folder, results)
    drop_rows(folder / results, keys)
    for key, record in records.items():
        if key in keys and record.is_done:
            shutil.rmtree(record.path)


def recorded(folder: Path, results: str) -> dict[RunKey, RunFolder]:
    """The records of the runs that have a row.

    Parameters
    ----------
    folder : Path
        Of the study.
    results : str
        Name of its table of results; there need not be one.

    Raises
    ------
    StorageError
        If the table is damaged, or a record is missing.
    """
    records = _by_key(folder, results)
    for key, record in records.items():
        if not record.is_done:
            raise StorageError(f"{record.path}: no record, but {results} has a row of it ({key}); copy it, or --rerun")
    return records


def _by_key(folder: Path, results: str) -> dict[RunKey, RunFolder]:
    """Where the record of each row is."""
    table = read_results(folder / results)
    return {key: RunFolder(folder / FOLDER / name) for key, name in zip(keys_of(table), table["run"], strict=True)}
