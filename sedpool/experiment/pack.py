"""From a finished run to a package: what of the run folder goes into it, and its model card."""

import io
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pandas as pd
import yaml

from sedpool import storage
from sedpool.comparison.run_intervals import COLUMNS, run_intervals
from sedpool.errors import StorageError
from sedpool.inference.package import FORMAT, NEEDED, OPTIONAL, About, PackagedRun, pack, unpack, without_machine
from sedpool.reports.model_card import card_texts, model_card
from sedpool.run_folder import RunFolder
from sedpool.settings.identity import without_places
from sedpool.settings.targets import TARGETS

_UNDEFINED = {"low": [""], "high": [""]}
_MADE_HERE = frozenset({"LICENSE", "card.html", "card.md"})


def pack_run(
    run: RunFolder,
    *,
    name: str | None = None,
    author: str | None = None,
    licence: str | None = None,
    licence_text: str | None = None,
) -> bytes:
    """Return the bytes of the package of a run; equal runs and arguments give equal bytes.

    Parameters
    ----------
    run : RunFolder
        A finished run, or that of a package, which keeps what is not given here.
    name, author, licence : str, optional
        What it is called, by default as the run folder; who made it; and under which terms it may be used.
    licence_text : str, optional
        The terms in full, which become the file ``LICENSE``.

    Raises
    ------
    ConfigError
        If a text holds characters that cannot be printed.
    StorageError
        If a file of the run is missing or damaged.
    """
    if isinstance(run, PackagedRun):
        about, parts = unpack(run.content, run.path)
    else:
        splits: Mapping[str, Any] = run.manifest["splits"] if run.manifest else {}
        frames = run.scores.iloc[:1000]  # the last one of a clip may be longer or shorter
        about = About(
            format=FORMAT,
            name=run.path.resolve().name,
            sedpool=version("sedpool"),
            classes=list(run.classes),
            corpus=run.dataset,
            clips={name: split["usable"] for name, split in splits.items()},
            frame_duration=float((frames["offset"] - frames["onset"]).median()),
            author=None,
            licence=None,
        )
        parts = _parts(run)
    about = replace(
        about,
        sedpool=version("sedpool"),
        name=about.name if name is None else name,
        author=about.author if author is None else author,
        licence=about.licence if licence is None else licence,
    )
    if licence_text is not None:
        parts["LICENSE"] = licence_text.encode()
    try:
        text = parts.get("intervals.csv", b",".join(map(str.encode, COLUMNS)))
        intervals = pd.read_csv(io.BytesIO(text), keep_default_na=False, na_values=_UNDEFINED)
        card = model_card(about, run, intervals, has_terms="LICENSE" in parts)
        page, markdown = card_texts(card)
        return pack(about, parts | {"card.html": page.encode(), "card.md": markdown.encode()})
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # What is in a package from elsewhere may have any shape.
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise StorageError(f"{run.path}: no model card can be made of what is in it ({reason})") from error


def _parts(run: RunFolder) -> dict[str, bytes]:
    """Return the files of a run folder that its detector needs or its card shows, without places and clips' names."""
    config = without_places(dict(run.config))
    if config["dataset"].get("_target_") not in TARGETS["dataset"]:  # any argument of one's own may be a place
        config["dataset"] = {"_target_": config["dataset"].get("_target_")}
    made = {
        "config.yaml": yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        "environment.json": storage.json_text(without_machine(run.environment)),
        "intervals.csv": run_intervals(run).to_csv(index=False, lineterminator="\n"),
    }
    if missing := [name for name in NEEDED if not run.file(name).is_file()]:
        raise StorageError(f"{run.file(missing[0])}: no such file; a package needs it, give another run")
    kept = [name for name in (*NEEDED, *OPTIONAL) if name not in (*made, *_MADE_HERE) and run.file(name).is_file()]
    return {name: text.encode() for name, text in made.items()} | {name: run.file(name).read_bytes() for name in kept}
