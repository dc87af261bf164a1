"""``sedpool tune``: choose the decoding of finished runs on their validation scores."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sedpool.cli.trust import TrustCode


def tune(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders that hold them.")],
    parameters: Annotated[
        Literal["global", "per_class", "all"],
        typer.Option(help="One threshold, one for each class, or also median filter, hysteresis, gaps and durations."),
    ] = "per_class",
    objective: Annotated[
        Literal["segment", "event", "clip"],
        typer.Option(help="Whose F1 decides on frames; clip: thresholds from clip labels alone. Clips go by clip F1."),
    ] = "segment",
    root: Annotated[Path | None, typer.Option(help="Where their corpus is now, if it was moved.")] = None,
    trust_code: TrustCode = False,
) -> None:
    """Tune thresholds and decoding on validation scores, and score the test set as set and as tuned.

    Writes tuned.json, metrics.json and report.html into each run folder. Test scores are never tuned on. Of one run all
    scores are printed, of several one table.
    """
    from dataclasses import replace

    from sedpool.errors import DataError
    from sedpool.evaluation.run_folder import evaluate_folder
    from sedpool.experiment.load import dataset_of
    from sedpool.reports.metrics_tables import tuned_table
    from sedpool.reports.run_report import renew_run_report
    from sedpool.reports.terminal import print_scores, print_table
    from sedpool.run_folder import find_runs
    from sedpool.settings.schema import EvaluationSettings, checked

    folders = [folder for path in runs for folder in find_runs(path) if folder.is_done]
    if not folders:
        raise DataError(f"{', '.join(map(str, runs))}: no finished run; expected folders with config.yaml and DONE")
    scored = {}
    for folder in folders:
        settings = checked(EvaluationSettings, folder.config["evaluation"], f"{folder.file('config.yaml')}: evaluation")
        dataset = dataset_of(folder, root, trust_code=trust_code)
        with folder.reserved():
            metrics = evaluate_folder(
                folder,
                dataset,
                replace(settings, tune=parameters, tune_on=objective),
                allow_missing=folder.config["allow_missing"],
            )
            renew_run_report(folder)
            folder.end_renewal()
        scored[str(folder.path) if folder.path.name in scored else folder.path.name] = metrics
    if len(scored) == 1:
        print_scores(metrics, title=folder.path.name)
    else:
        print_table(tuned_table(scored))
