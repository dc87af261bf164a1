"""One training run from one resolved configuration: check, build, train, score, evaluate, report."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from sedpool import scores as score_files
from sedpool import storage
from sedpool.augment.settings import Augmentation
from sedpool.datasets.base import Dataset, manifest_of, refuse_unlabelled
from sedpool.datasets.label_map import map_labels
from sedpool.datasets.overview import class_warnings, overview
from sedpool.datasets.transforms import add_label_noise, draw_training_clips, rebag, without_times
from sedpool.errors import ConfigError
from sedpool.evaluation.psds import psds1
from sedpool.evaluation.run_folder import decoder_of, evaluate_folder
from sedpool.experiment.jobs import at_work, failure_noted
from sedpool.experiment.load import events_of, identify_data, start_from
from sedpool.experiment.tracking import Tracker
from sedpool.features.store import Extractor
from sedpool.frontends.catalog import front_end_of
from sedpool.reports import run_sentences
from sedpool.reports.corpus_overview import overview_sentences, overview_table
from sedpool.reports.terminal import print_table
from sedpool.run_folder import RunFolder, former_run_name, is_better_tuned, run_name
from sedpool.runtime.backend import import_backend
from sedpool.runtime.environment import describe_environment, keras_backend
from sedpool.runtime.log import recorded
from sedpool.settings.instantiate import build, check_target
from sedpool.settings.schema import EvaluationSettings, LabelSettings, RunSettings, TrackingSettings, checked
from sedpool.settings.targets import TARGETS
from sedpool.training.recipe import Recipe

if TYPE_CHECKING:
    from sedpool.features.prepare import PreparedDataset
    from sedpool.models.detector import Detector

logger = logging.getLogger(__name__)

GROUPS = ("dataset", "features", "augment", "model", "pooling", "training", "evaluation", "tracking")
N_EXAMPLES = 4
N_CLASSES = 12  # rows of the table before training


class Built(NamedTuple):
    """The objects that a configuration describes.

    Attributes
    ----------
    dataset : Dataset
        The corpus, with the labels that training sees.
    detector : Detector
        The network, not trained yet.
    extractor : Extractor
        Computes the features.
    """

    dataset: Dataset
    detector: "Detector"
    extractor: Extractor


def run(config: Mapping[str, Any]) -> Path:
    """Train, score, evaluate and report one configuration.

    Parameters
    ----------
    config : mapping
        Resolved configuration, as ``configs/train.yaml`` composes it.

    Returns
    -------
    folder : Path
        The run folder. A finished one is left as it is unless ``config["force"]``.

    Raises
    ------
    SedpoolError
        If the configuration, the data or the training is not in order.
    """
    recipe = check(config)
    _check_own_targets(config, recipe)
    data, dataset = identify_data(config)
    folder = find_folder(config, data, dataset)
    if not skip_finished(config, folder):
        with failure_noted(folder):
            _run_in(folder, config, recipe, data, dataset)
    return folder.path


def _check_own_targets(config: Mapping[str, Any], recipe: Recipe) -> None:
    """Refuse a misspelt class of the user's own, or one that lacks an argument, before the corpus is read."""
    groups = [group for group in TARGETS if not str(config[group].get("_target_")).startswith("sedpool.")]
    if groups:
        import_backend(recipe.threads)  # before a module of the user's does, without the threads
    for group in groups:
        check_target(config, group)


def skip_finished(config: Mapping[str, Any], folder: RunFolder) -> bool:
    """Return whether a run is finished and not to be repeated, and say so; copy it to MLflow if that is still to do.

    Raises
    ------
    StorageError
        If it is half renewed.
    """
    if not folder.is_done or config["force"]:
        return False
    folder.refuse_half_renewed()
    _say_skipped(folder)
    if folder.begun_copy is not None:
        _tracker(config, folder).end("FINISHED")
    return True


def _run_in(
    folder: RunFolder, config: Mapping[str, Any], recipe: Recipe, data: Mapping[str, str], dataset: Dataset | None
) -> None:
    """Build what a configuration describes, and run it in its folder, which no other process may use meanwhile."""
    tracker = _tracker(config, folder)
    if not config["force"]:
        folder.refuse_other_backend(keras_backend())
    labelled = None if dataset is None else change_labels(dataset, config)
    if labelled is not None and labelled.manifest.has_own_audio:
        _introduce(labelled, config, recipe)
    built = build_all(config, recipe, labelled)
    folder.make()
    with storage.full_disk_named(folder.path), folder.reserved(), recorded(folder.file("log.txt")):
        folder.tidy()
        if config["force"]:
            tracker.abandon()
            folder.forget()
        if folder.is_done:
            logger.info(f"{folder.path.name}: another process has finished it meanwhile")
            return
        try:
            with at_work(folder, config):
                _run(config, recipe, data, folder, built, tracker)
        except (Exception, KeyboardInterrupt) as error:
            tracker.end("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
            raise


def _tracker(config: Mapping[str, Any], folder: RunFolder) -> Tracker:
    return Tracker(folder, uri=config["tracking"]["uri"], experiment=config["tracking"]["experiment"])


def _introduce(dataset: Dataset, config: Mapping[str, Any], recipe: Recipe) -> None:
    """Say on standard error what is in the user's own recordings, as ``sedpool data check`` does."""
    features = config["features"]
    found = overview(
        dataset,
        supervision=config["supervision"],
        patch_duration=recipe.patch_duration,
        min_activity=recipe.min_activity,
        highest_frequency=features.get("fmax") or features.get("sr", 0) / 2,
    )
    for sentence in overview_sentences(found):
        logger.info(sentence)
    print_table(overview_table(found, N_CLASSES), stderr=True)
    for warning in found.warnings:
        logger.warning(warning)


def find_folder(config: Mapping[str, Any], data: Mapping[str, str], dataset: Dataset | None) -> RunFolder:
    """Return the folder of a run: its own, or that of sedpool 0.1 if the run in it used the same data.

    Parameters
    ----------
    config : mapping
        Resolved configuration.
    data : mapping of str to str
        Hashes of the data that it names, by setting.
    dataset : Dataset or None
        The corpus; None if it is still to be made.
    """
    folder = RunFolder(Path(config["runs"], run_name(config, data)))
    former = RunFolder(Path(config["runs"], former_run_name(config) or folder.path.name))
    if folder.path.exists() or not former.file("config.yaml").is_file():
        return folder
    if _had_the_same_data(former, config, dataset):
        return former
    logger.warning(f"{former.path} of sedpool 0.1 had the same settings and other data; this run goes to {folder.path}")
    return folder


def folder_of(config: Mapping[str, Any], known: dict[str, tuple[dict[str, str], Dataset | None]]) -> RunFolder:
    """Return the folder of one of many runs; what is found out about data that several share is kept in `known`."""
    named = (config["dataset"], config["augment"]["background"], config["training"]["init_from"])
    places = storage.hash_value([*named, config["features"]])
    if places not in known:
        known[places] = identify_data(config)
    return find_folder(config, *known[places])


def _had_the_same_data(former: RunFolder, config: Mapping[str, Any], dataset: Dataset | None) -> bool:
    """Return whether a run of sedpool 0.1, which kept a hash of labels only, used the data of a configuration."""

    def lies_there(group: str, *keys: str) -> bool:
        places = [[str(source[group].get(key)) for key in keys] for source in (former.config, config)]
        return all(Path(before).resolve() == Path(now).resolve() for before, now in zip(*places, strict=True))

    if not (lies_there("augment", "background") and lies_there("training", "init_from")):
        return False
    if dataset is None:
        return lies_there("dataset", "foreground", "background")
    if former.manifest is None:
        return lies_there("dataset", "root")
    changed = change_labels(dataset, config)
    return bool(former.manifest["hash"] == manifest_of(changed, former.manifest["unusable"])["hash"])


def build_all(config: Mapping[str, Any], recipe: Recipe, dataset: Dataset | None = None) -> Built:
    """Build what the configuration describes, slow parts last, so that a mistake shows early.

    `dataset` is the corpus with the labels that training sees, if it is loaded already.
    """
    extractor: Extractor = build(config, "features")
    Augmentation(**config["augment"]).check_unit(extractor.unit)
    if front_end := front_end_of(extractor):
        logger.info(run_sentences.front_end(asdict(front_end)))
    patch_frames = extractor.n_frames(recipe.patch_duration)
    import_backend(recipe.threads)
    from sedpool.models.detector import build_detector, configure_pooling
    from sedpool.runtime.backend import configure

    configure(seed=config["seed"], threads=recipe.threads, precision=recipe.precision)
    backbone = build(config, "model")
    width = getattr(extractor, "n_features", getattr(extractor, "n_mels", backbone.input_shape[-1]))
    if backbone.input_shape[-1] != width:
        raise ConfigError(
            f"model takes {backbone.input_shape[-1]} values per frame, and features have {width}; "
            "choose features and model that belong together, as model=aisfx does"
        )
    pooling = configure_pooling(build(config, "pooling"), backbone, patch_frames)
    dataset = build_dataset(config) if dataset is None else dataset
    refuse_unlabelled(dataset, config["supervision"])
    decoder_of(checked(EvaluationSettings, config["evaluation"], "evaluation")).check(dataset.classes)
    weak = {"train", "validate"}.intersection(dataset.clips["split"] if dataset.events is None else dataset.weak_splits)
    if (
        weak
        and config["supervision"] != "mixed"
        and (config["supervision"] == "strong" or recipe.min_activity is not None)
    ):
        raise ConfigError(
            f"dataset {dataset.name}: the labels of {' and '.join(sorted(weak))} have no times, which training from "
            "events needs; set supervision=weak training.min_activity=null"
        )
    recipe.check_monitor(dataset.name, has_times="validate" not in weak)
    detector = build_detector(
        backbone,
        pooling,
        classes=dataset.classes,
        patch_frames=None,
        supervision=config["supervision"],
    )
    if recipe.init_from:
        start_from(detector, config)
    return Built(dataset, detector, extractor)


def build_dataset(config: Mapping[str, Any]) -> Dataset:
    """Load the corpus, with the labels that a study asks for."""
    return change_labels(build(config, "dataset"), config)


def change_labels(dataset: Dataset, config: Mapping[str, Any]) -> Dataset:
    """Map the labels of a dataset, and change them as a study asks; this leaves the test split as it is."""
    labels = checked(LabelSettings, config["labels"], "labels")
    if labels.map is not None:
        dataset = map_labels(dataset, dict(labels.map))
    if labels.n_train is not None:
        dataset = draw_training_clips(dataset, labels.n_train, labels.seed)
    if labels.bag_duration is not None:
        least = config["training"]["min_activity"] or 0.0
        dataset = rebag(dataset, labels.bag_duration, splits=("train", "validate"), min_activity=least)
    if labels.are_noisy:
        dataset = add_label_noise(dataset, drop=labels.drop, add=labels.add, seed=labels.seed)
    if labels.times == "test":
        dataset = without_times(dataset, ("train", "validate"))
    return dataset


def _run(
    config: Mapping[str, Any],
    recipe: Recipe,
    data: Mapping[str, str],
    folder: RunFolder,
    built: Built,
    tracker: Tracker,
) -> None:
    """Train, score, evaluate and report; each step leaves its files in the folder."""
    from sedpool.augment.prepare import prepare_augmentation
    from sedpool.features.prepare import prepare
    from sedpool.inference.trained_detector import score
    from sedpool.runtime.backend import policy
    from sedpool.training.energy import energy_meter
    from sedpool.training.fit import fit_prepared
    from sedpool.training.weights import save_weights

    dataset, detector, extractor = built
    meter = energy_meter() if config["tracking"]["energy"] else None
    precision = policy(recipe.precision)
    if precision != recipe.precision:
        logger.info(f"training.precision={recipe.precision} is {precision} on this machine")
    storage.write_text(folder.file("config.yaml"), yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))
    environment = describe_environment(seed=config["seed"], threads=recipe.threads, precision=precision)
    energy = {"energy": meter.method} if meter else {}
    storage.write_json(folder.file("environment.json"), environment | energy)
    if front_end := front_end_of(extractor):
        storage.write_json(folder.file("front_end.json"), asdict(front_end))

    places = {"cache": config["cache"], "n_jobs": config["jobs"]}
    everything = prepare(dataset, extractor, **places, allow_missing=config["allow_missing"])
    left_out = set(dataset.available().clips["filename"]) - set(everything.dataset.clips["filename"])
    noted = {"data": dict(data), "warnings": class_warnings(everything.dataset)}
    storage.write_json(folder.file("manifest.json"), manifest_of(dataset, left_out) | noted)
    train, validate, test = map(everything.split, ("train", "validate", "test"))
    augmentation = prepare_augmentation(train, Augmentation(**config["augment"]), **places)

    tracker.begin()
    result = fit_prepared(
        detector,
        train,
        validate,
        recipe,
        seed=config["seed"],
        augmentation=augmentation,
        folder=folder.path,
        meters=[meter] if meter else [],
        event_score=psds1,
        report_epoch=tracker.log_epoch,
        stops_on_interrupt=True,
    )
    logger.info(f"kept the weights of epoch {result.best_epoch} of {len(result.history)}; scoring")
    save_weights(detector.network, folder.file("weights.npz"))
    for prepared, prefix in ((validate, "validation_"), (test, "")):
        frames, clips = score(detector, prepared)
        score_files.write_scores(frames, folder.file(f"{prefix}scores.parquet"))
        score_files.write_scores(clips, folder.file(f"{prefix}clip_scores.parquet"))

    settings = checked(EvaluationSettings, config["evaluation"], "evaluation")
    metrics = evaluate_folder(folder, dataset, settings, allow_missing=config["allow_missing"])
    _report(folder, test, detector)
    folder.mark_done()
    tracker.end("FINISHED")
    logger.info(_headline(metrics))
    if said := run_sentences.filled_test_clips(folder):
        logger.info(said)


def check(config: Mapping[str, Any]) -> Recipe:
    """Check every setting before any work starts; return the recipe.

    Raises
    ------
    ConfigError
        With the first setting that is of the wrong type or out of range.
    """
    checked(RunSettings, {key: value for key, value in config.items() if key not in (*GROUPS, "labels")})
    checked(EvaluationSettings, config["evaluation"], "evaluation")
    checked(Augmentation, config["augment"], "augment")
    checked(TrackingSettings, config["tracking"], "tracking")
    recipe = checked(Recipe, config["training"], "training")
    recipe.check_supervision(config["supervision"])
    _check_labels(checked(LabelSettings, config["labels"], "labels"), recipe, config["supervision"])
    return recipe


def _check_labels(labels: LabelSettings, recipe: Recipe, supervision: str) -> None:
    """Refuse changes to labels that do not fit the recipe."""
    if labels.bag_duration is not None and labels.bag_duration < recipe.patch_duration:
        raise ConfigError(
            f"labels.bag_duration={labels.bag_duration}: shorter than training.patch_duration={recipe.patch_duration}, "
            "so that silence would fill the patches; set both"
        )
    if labels.are_noisy and (supervision != "weak" or recipe.min_activity is not None):
        asked = (
            f"supervision={supervision}" if supervision != "weak" else f"training.min_activity={recipe.min_activity}"
        )
        raise ConfigError(f"labels.drop and labels.add change tags, but with {asked} training learns from events")


def _report(folder: RunFolder, test: "PreparedDataset", detector: "Detector") -> None:
    """Write the page of the run, with a few test clips as examples."""
    from sedpool import audio
    from sedpool.features.bands import band_edges
    from sedpool.features.logmel import LogMel
    from sedpool.features.spectrum import BandSpectrogram
    from sedpool.inference.responsibility import responsibility
    from sedpool.plot.example import Example
    from sedpool.reports.run_report import write_run_report

    reference = test.dataset.events
    filenames = list(test.dataset.clips["filename"])
    shown = filenames[:: max(1, len(filenames) // N_EXAMPLES)][:N_EXAMPLES]
    drawn, pictures = test.extractor, {filename: test.features[filename] for filename in shown}
    if front_end_of(drawn):  # whose values are no picture of sound
        drawn, paths = LogMel(reference="fixed"), dict(zip(filenames, test.dataset.clips["path"], strict=True))
        for filename in shown:
            onset, duration = test.dataset.windows.get(filename, (0.0, None))
            pictures[filename] = drawn(audio.read(paths[filename], drawn.sr, onset=onset, duration=duration))
    frequencies = None
    if isinstance(drawn, BandSpectrogram):
        frequencies = band_edges(drawn.n_mels, drawn.fmin, drawn.highest, drawn.scale)[1:-1]
    examples = [
        Example(
            filename=filename,
            mel=pictures[filename],
            frame_rate=drawn.frame_rate,
            unit=drawn.unit,
            frequencies=frequencies,
            reference_events=None if reference is None else reference.loc[reference["filename"] == filename],
            weights=responsibility(detector, test.features[filename], test.extractor.silence),
        )
        for filename in shown
    ]
    events, _ = events_of(folder, tuned=is_better_tuned(folder.metrics))
    write_run_report(folder, examples, events)


def _say_skipped(folder: RunFolder) -> None:
    """Log that a finished run is skipped, and warn if other code or another backend made it."""
    logger.info(f"{folder.path.name}: finished earlier, skipped; force=true repeats it")
    commit = describe_environment(seed=0, threads=None, precision="")["git_commit"]
    if folder.environment.get("git_commit") != commit:
        logger.warning(f"it was made at commit {folder.environment.get('git_commit')}, now {commit}")
    if folder.environment.get("backend") != keras_backend():
        logger.warning(f"it was made with KERAS_BACKEND={folder.environment.get('backend')}, now {keras_backend()}")


def _headline(metrics: Mapping[str, Any]) -> str:
    """Return the most important test scores on one line."""

    def number(value: float | None) -> str:
        return "undefined" if value is None else f"{value:.3f}"

    parts = [f"clip macro F1 {number(metrics['clip']['macro']['f1'])}"]
    if metrics["segment"]:
        micro = metrics["segment"]["micro"]
        parts.append(f"1 s segment micro F1 {number(micro['f1'])}")
        parts.append(f"P {number(micro['precision'])}  R {number(micro['recall'])}")
    return "test: " + ", ".join(parts)
