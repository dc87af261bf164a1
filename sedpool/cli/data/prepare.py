"""``sedpool data prepare``: compute the features that training will use."""

import typer

from sedpool.cli.data.loading import Overrides, configuration, load, working
from sedpool.cli.data.names import Name, Root
from sedpool.cli.parallel import Jobs


def prepare(name: Name, overrides: Overrides = None, root: Root = None, jobs: Jobs = None) -> None:
    """Compute features before training; recordings that cannot be used are left out and listed."""
    from sedpool.augment import Augmentation
    from sedpool.augment.prepare import prepare_augmentation
    from sedpool.features.prepare import prepare
    from sedpool.settings.instantiate import build

    config = configuration(name, root, overrides)
    places = {"cache": config["cache"], "n_jobs": jobs or config["jobs"]}
    extractor = build(config, "features")
    with working(name, overrides):
        dataset = load(config)
        part = prepare(dataset, extractor, **places, allow_missing=True)
        if "train" in set(part.dataset.clips["split"]):
            prepare_augmentation(part.split("train"), Augmentation(**config["augment"]), **places)
    typer.echo(f"{dataset.name}: features of {len(part.dataset)} of {len(dataset)} clips are in {config['cache']}")
    if len(part.dataset) < len(dataset.available()):
        typer.echo("repair or remove what was left out, or train with allow_missing=true", err=True)
        raise typer.Exit(1)
