"""``sedpool export``: a trained detector as a file that runs without sedpool."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from sedpool.cli.trust import TrustCode


class Target(StrEnum):
    """Kinds of files."""

    onnx = "onnx"
    tflite = "tflite"
    savedmodel = "savedmodel"
    keras = "keras"


def export(
    run: Annotated[Path, typer.Argument(help="A finished run folder, or a package.")],
    to: Annotated[list[Target], typer.Option(help="Kind of file; give it again for several.")],
    features: Annotated[
        Literal["inside", "outside"], typer.Option(help="Whether the file takes audio, or its log-mel spectrogram.")
    ] = "inside",
    out: Annotated[
        Path | None,
        typer.Option(help="The file, or its name without an ending; by default named like the run, in its folder."),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(help="A recording to compare scores on with Keras's; by default made sound."),
    ] = None,
    trust_code: TrustCode = False,
) -> None:
    """Export a run for ONNX Runtime, LiteRT (TFLite), TensorFlow or Keras, with a JSON that describes the file.

    Scores are compared with Keras's on three lengths of audio; a difference above 1e-4 is an error and leaves no file.
    """
    from sedpool.runtime.backend import import_backend

    import_backend()
    from sedpool.experiment.load import load
    from sedpool.inference.export.export import export as export_detector
    from sedpool.inference.export.runtimes import RUNTIMES
    from sedpool.reports.document import Cell, TableBlock, TableRow
    from sedpool.reports.terminal import print_table

    detector = load(run, trust_code=trust_code)
    base = out or (run / run.resolve().name if run.is_dir() else run.with_suffix(""))
    rows, written = [], []
    for target in dict.fromkeys(to):
        suffix = RUNTIMES[target].suffix
        path = base if base.suffix == suffix else base.with_name(f"{base.name}{suffix}")
        parity = export_detector(detector, path, to=target.value, features=features, check=check)
        written.append(path)
        for row in parity.to_dict("records"):
            cells = [
                Cell(f"{row['seconds']:.2f} s"),
                *(Cell(f"{row[name]:.1e}", row[name]) for name in ("frames", "clip")),
            ]
            rows.append(TableRow(path.name, cells))
    columns = ["audio", "frame scores", "clip scores"]
    print_table(TableBlock("", "Largest difference from Keras", columns, rows, row_title="file"))
    for path in written:
        typer.echo(f"{path}\n{path}.json")
