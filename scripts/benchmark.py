"""Measure how fast parts of sedpool are: ``python scripts/benchmark.py pooling --json FILE``, a command a part."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

JsonFile = Annotated[Path | None, typer.Option("--json", help="Also write the results, and where they were made.")]


@app.callback()
def main() -> None:
    """Measure how fast parts of sedpool are. Ratios within one run mean more than times."""


@app.command()
def pooling(
    json_file: JsonFile = None,
    turns: Annotated[int, typer.Option(help="Steps of each operator; the median counts.")] = 30,
) -> None:
    """Time and memory of each pooling operator, forward and backward, against max pooling and autopool.tf."""
    from benchmarks.pooling import measure  # imports TensorFlow, which --help must not

    report("pooling", measure(turns), json_file)


@app.command()
def augment(
    json_file: JsonFile = None,
    turns: Annotated[int, typer.Option(help="Calls of each; the median counts.")] = 15,
) -> None:
    """Time of each augmentation, against librosa's pitch shift and against doing it to the audio."""
    from benchmarks.augment import measure

    report("augment", measure(turns), json_file)


@app.command()
def loading(
    data: Annotated[
        Path, typer.Option(envvar="SEDPOOL_TEST_DATA", help="Folder of urbansed_annotations and dcase2017_task4.")
    ],
    json_file: JsonFile = None,
    rows: Annotated[int, typer.Option(help="Rows of a table of one's own.")] = 1_000_000,
) -> None:
    """Time and memory of loading corpora, against jams' own reader."""
    from benchmarks.loading import measure

    report("loading", measure(data, rows), json_file)


@app.command()
def training(
    json_file: JsonFile = None,
    turns: Annotated[int, typer.Option(help="Turns of four steps each; the median counts.")] = 5,
    torch_python: Annotated[str | None, typer.Option(help="Python of an environment with PyTorch.")] = None,
) -> None:
    """Measure the training step of the paper's network, against built-in Keras layers and PyTorch at its fastest."""
    from benchmarks.training import measure

    report("training", measure(turns, torch_python), json_file)


@app.command()
def schedule(
    json_file: JsonFile = None,
    backends: Annotated[str, typer.Option(help="Backends of Keras that are installed, between commas.")] = "tensorflow",
) -> None:
    """Minutes that the paper's URBAN-SED schedule would take, from 200 steps on synthetic features; meant for GPUs."""
    from benchmarks.schedule import measure

    report("schedule", measure(backends.split(","), ["float32", "mixed_bfloat16"]), json_file)


@app.command()
def detect(
    json_file: JsonFile = None,
    turns: Annotated[int, typer.Option(help="Turns of each candidate; the median counts.")] = 3,
    minutes: Annotated[int, typer.Option(help="Length of the recording.")] = 60,
    formats: Annotated[bool, typer.Option("--formats", help="Compare formats of audio instead.")] = False,
    memory: Annotated[bool, typer.Option("--memory", help="Measure the memory of 1 and 24 hours instead.")] = False,
) -> None:
    """Time and memory of detection in long recordings, against a plain loop with librosa."""
    from benchmarks.detect import measure, measure_formats, measure_memory

    if memory:
        report("detect: memory", measure_memory(), json_file)
    elif formats:
        report("detect: formats", measure_formats(turns, minutes), json_file)
    else:
        report("detect", measure(turns, minutes), json_file)


@app.command(name="input")
def input_(
    json_file: JsonFile = None,
    turns: Annotated[int, typer.Option(help="Turns of eight steps each; the median counts.")] = 7,
    clips: Annotated[int, typer.Option(help="Clips in the store: 0.2 MiB each, made in the temporary folder.")] = 30000,
) -> None:
    """Training from the feature store against training on one batch in memory, and the memory that the store takes."""
    from benchmarks.input import measure

    report("input", measure(turns, clips), json_file)


@app.command()
def store(
    json_file: JsonFile = None,
    clips: Annotated[int, typer.Option(help="Clips of 8 frames and 16 bands, made in the temporary folder.")] = 1000000,
    sparse: Annotated[bool, typer.Option("--sparse", help="Clips of 862 frames and 64 bands in sparse files.")] = False,
) -> None:
    """Time and memory of opening a feature store of many clips and of an epoch, against a NumPy file per clip."""
    from benchmarks.store import measure

    report("store", measure(clips, sparse), json_file)


@app.command()
def embedding(
    wheel: Annotated[Path, typer.Option(envvar="SEDPOOL_TEST_AISFX", help="The wheel of aisfx 0.1.2.")],
    json_file: JsonFile = None,
    turns: Annotated[int, typer.Option(help="Turns of each candidate; the median counts.")] = 5,
    minutes: Annotated[int, typer.Option(help="Length of the recording that is detected in.")] = 10,
    threads: Annotated[int, typer.Option(help="Threads of TensorFlow and of PyTorch.")] = 2,
    torch_python: Annotated[str | None, typer.Option(help="Python of an environment with PyTorch.")] = None,
) -> None:
    """Embeddings of aisfx against its own network in PyTorch, and detection with them against real time."""
    from benchmarks.embedding import measure

    report("embedding", measure(turns, minutes, threads, wheel, torch_python), json_file)


@app.command()
def startup(
    json_file: JsonFile = None,
    turns: Annotated[int, typer.Option(help="Fresh processes of each command; the median counts.")] = 5,
) -> None:
    """Time until a command answers, against the import of TensorFlow that sedpool puts off."""
    from benchmarks.startup import measure

    report("startup", measure(turns), json_file)


@app.command()
def statistics(
    json_file: JsonFile = None,
    resamples: Annotated[int, typer.Option(help="Resamples of the bootstrap.")] = 1000,
) -> None:
    """Time of a bootstrap over 2,000 clips of 17 classes, against a loop that scores each resample."""
    from benchmarks.statistics import measure

    report("statistics", measure(resamples), json_file)


@app.command()
def synthesis(
    foreground: Annotated[Path, typer.Option(help="ESC-10, or recordings named like them.")],
    background: Annotated[Path, typer.Option(help="Folder of backgrounds.")],
    json_file: JsonFile = None,
    n: Annotated[int, typer.Option(help="Soundscapes of each turn.")] = 1000,
    jobs: Annotated[int, typer.Option(help="Worker processes.")] = 2,
    turns: Annotated[int, typer.Option(help="Turns of each renderer; the median counts.")] = 3,
) -> None:
    """Soundscapes made and written in a second, against a straightforward renderer after Scaper's documentation."""
    from benchmarks.synthesis import measure

    report("synthesis", measure(foreground, background, n, jobs, turns), json_file)


@app.command()
def evaluation(
    json_file: JsonFile = None,
    size: Annotated[bool, typer.Option(help="Measure the memory of 20,000 clips of 320 classes instead.")] = False,
) -> None:
    """Time of 99 thresholds on 2,000 clips of 10 classes, against as many calls of sed_eval."""
    from benchmarks.evaluation import measure_size, measure_sweeps

    report("evaluation", measure_size() if size else measure_sweeps(), json_file)


@app.command(name="report")
def report_(
    run: Annotated[Path, typer.Argument(help="A finished run, which is copied under other methods and seeds.")],
    json_file: JsonFile = None,
    sizes: Annotated[str, typer.Option(help="Numbers of runs, between commas.")] = "100,1000",
) -> None:
    """Time and memory of a report of many runs."""
    from benchmarks.report import measure

    report("report", measure(run, [int(size) for size in sizes.split(",")]), json_file)


@app.command()
def jobs(
    json_file: JsonFile = None,
    epochs: Annotated[int, typer.Option(help="Epochs of each job.")] = 10,
    turns: Annotated[int, typer.Option(help="Sweeps of each; the median counts.")] = 3,
) -> None:
    """Throughput of a sweep of four jobs on one thread each, two at once against one after the other."""
    from benchmarks.jobs import measure

    report("jobs", measure(epochs, turns), json_file)


@app.command()
def export(
    json_file: JsonFile = None,
    turns: Annotated[int, typer.Option(help="Windows that each runtime scores; the median counts.")] = 30,
) -> None:
    """Time of a 10 s window in each runtime that a detector is exported to, on one thread and on two."""
    from benchmarks.export import measure

    report("export", measure(turns), json_file)


def report(subject: str, rows: list[dict[str, object]], json_file: Path | None) -> None:
    """Print the rows of a benchmark as a table, and write them if asked."""
    table = Table(title=subject, box=box.SIMPLE_HEAD, title_justify="left")
    for column in rows[0]:
        table.add_column(column, justify="right" if isinstance(rows[0][column], float) else "left")
    for row in rows:
        table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values()))
    Console(width=210).print(table)  # a narrow terminal wraps lines rather than names
    if json_file:
        from sedpool.runtime.environment import describe_environment

        environment = describe_environment(seed=0, threads=None, precision="float32")
        content = {"benchmark": subject, "environment": environment, "rows": rows}
        json_file.write_text(json.dumps(content, indent=2) + "\n")
        typer.echo(f"written: {json_file}")


if __name__ == "__main__":
    app()
