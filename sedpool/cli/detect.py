"""``sedpool detect``: find events in anybody's recordings with a trained run."""

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sedpool.cli import field, listening
from sedpool.cli.live import Partial, print_live
from sedpool.cli.parallel import Address, Where, working
from sedpool.cli.trust import TrustCode

SHOWN = 3  # runs that a message names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sedpool.inference.decode import Decoder
    from sedpool.inference.recordings import Detected, Recording
    from sedpool.inference.results import Task


def detect(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... AUDIO...",
            help="A run folder or a package, or several whose mean score counts, or demo, which sedpool brings; then "
            "recordings: files, folders, patterns in quotes, their addresses (s3://...), or - for a list on standard "
            "input.",
        ),
    ],
    place: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Folder or address (s3://...) for the results; the same command goes on there.",
        ),
    ] = None,
    beside: Annotated[bool, typer.Option("--beside", help="Write each recording's results beside it.")] = False,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="tsv, csv, json, jams, audacity, raven, textgrid, soundevent, or scores: all frame "
            "probabilities (parquet). Repeat it for "
            "several. By default tsv.",
        ),
    ] = None,
    decode: Annotated[
        Literal["tuned", "set"], typer.Option(help="Decode as tuned on validation, or as the run was set.")
    ] = "tuned",
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="Probability from which a frame is active, for all classes.")
    ] = None,
    merge: Annotated[
        float | None, typer.Option(min=0, help="Join events of a class with at most so many seconds between them.")
    ] = None,
    min_duration: Annotated[
        float | None, typer.Option(min=0, help="Leave out events shorter than so many seconds.")
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out events whose highest probability is lower.")
    ] = 0.0,
    classes: Annotated[
        list[str] | None, typer.Option(help="Keep this class only. Repeat it, or separate several by commas.")
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="Keep so many events of each recording, the most confident ones.")
    ] = None,
    time_pattern: field.TimePattern = None,
    timezone: field.Timezone = None,
    summary: field.Summary = False,
    clips: field.Clips = None,
    by: field.By = None,
    html: listening.Html = None,
    linked: listening.Linked = None,
    reference: listening.Reference = None,
    time_expansion: listening.TimeExpansion = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Read raw samples from standard input and print each event as it ends.")
    ] = False,
    rate: Annotated[int, typer.Option(min=1, help="With --stream: samples per second.")] = 44100,
    channels: Annotated[int, typer.Option(min=1, help="With --stream: number of channels.")] = 1,
    encoding: Annotated[
        Literal["s16", "s24", "s32", "f32"],
        typer.Option(help="With --stream: little-endian whole numbers of so many bits, or floating point."),
    ] = "s16",
    partial: Partial = False,
    jobs: Annotated[int, typer.Option(min=1, help="Recordings that are detected in at a time, each by a process.")] = 1,
    where: Where = "local",
    address: Address = None,
    trust_code: TrustCode = False,
) -> None:
    """Detect events in recordings of any length, format and rate.

    Prints a table of events, with the highest probability of each as its confidence, or writes files: with --out into a
    folder, with --beside next to the recordings. The same command then goes on where it was interrupted.

    Recordings that cannot be read are listed at the end, and the exit status is 1.
    """
    import sys
    import time
    from dataclasses import replace

    from sedpool.audio.start_time import Clock
    from sedpool.errors import AudioError
    from sedpool.runtime.backend import import_backend

    runs, inputs = runs_and_audio(arguments, stream)
    page = listening.page_options(html, linked, reference, time_expansion)
    refuse_conflicts(formats, place, beside=beside, stream=stream, writes=summary or page.is_asked_for)
    field.refuse_idle(clips, by, place)
    clock = Clock(time_pattern, timezone)
    import_backend()
    from sedpool.experiment.detection import detect_in_processes, load_method
    from sedpool.inference.live import LiveDetector, read_pcm
    from sedpool.inference.recordings import Selection, find_recordings
    from sedpool.inference.results import detect_all

    recordings = [] if stream else find_recordings(inputs, clock)
    refuse_remote(recordings if beside or clips is not None or page.is_asked_for else [])
    method = load_method(runs, tuned=decode == "tuned", trust_code=trust_code)
    known = method.detectors[0].detector.classes
    method = replace(
        method,
        decoder=changed_decoder(method.decoder, threshold, merge, min_duration),
        selection=Selection(min_confidence, chosen_classes(classes, known), top),
    )
    if stream:
        print_live(LiveDetector(method, rate), read_pcm(sys.stdin.buffer, encoding, channels), partial=partial)
        return

    dated, began = any(one.start for one in recordings), time.perf_counter()
    found: list[Detected] = []
    broken: list[str] = []
    several = jobs > 1 or where == "dask"

    def detect_several(tasks: "Sequence[Task]") -> "Iterator[Detected | AudioError]":
        return detect_in_processes(runs, method, tasks, n_jobs=jobs, trust_code=trust_code)

    with results_folder(place, formats if where == "dask" else None) as (out, send):
        with working(where, address), page.results(recordings, formats, out, beside=beside) as results:
            with recordings_bar(recordings) as advance:
                for detected in detect_all(method, recordings, results, advance, detect_several if several else None):
                    if isinstance(detected, AudioError):
                        broken.append(str(detected))
                        continue
                    if not (beside or summary) and out is None:
                        print_events(detected, dated, with_header=not found)
                    found.append(detected)
                    send()
            written = results.write_all(found) if results is not None else []
            if results is not None and found:
                page.write(method, found, results)
        shown = method.selection.classes or known
        field.write_asked(found, shown, out, summary=summary, clips=clips, by=by or "confidence")
    report(found, written, broken, method.detectors[0].extractor.sr, time.perf_counter() - began)


@contextmanager
def results_folder(
    place: str | None, by_workers: "Sequence[str] | None"
) -> "Iterator[tuple[Path | None, Callable[[], None]]]":
    """Yield the folder that results are written to, and what sends them on if their place is elsewhere.

    Raises
    ------
    ConfigError
        If workers of a cluster would write scores to that folder, which they do not see.
    """
    from sedpool.errors import ConfigError
    from sedpool.inference.remote import remote_folder
    from sedpool.runtime.addresses import is_address

    if place is None or not is_address(place):
        yield None if place is None else Path(place), lambda: None
        return
    if "scores" in (by_workers or []):
        raise ConfigError(f"--format scores --parallel dask --out {place}: give a folder that all workers see")
    with remote_folder(place) as remote:
        yield remote.folder, remote.send
    typer.echo(f"sent to {place}", err=True)


def refuse_remote(recordings: "Sequence[Recording]") -> None:
    """Refuse recordings elsewhere where sounds are cut from them, or something is written beside them.

    Raises
    ------
    ConfigError
        If there is one.
    """
    from sedpool.errors import ConfigError

    for recording in recordings:
        if recording.address is not None:
            raise ConfigError(
                f"{recording.address}: --beside, --clips, --html and --linked need recordings on this machine"
            )


def refuse_conflicts(
    formats: "Sequence[str] | None", out: str | None, *, beside: bool, stream: bool, writes: bool
) -> None:
    """Refuse options that contradict each other about where results go.

    Raises
    ------
    ConfigError
        If there are two places or none, a format is unknown, or a stream is to be written somewhere.
    """
    from sedpool.errors import ConfigError
    from sedpool.inference.results import Results

    if beside and out is not None:
        raise ConfigError("--beside and --out: give one of them, where the results go")
    if formats and not beside and out is None:
        Results((), formats, None)  # refuses what is no format
        raise ConfigError(f"--format {formats[0]}: give --out FOLDER or --beside too, where the files go")
    if stream and (beside or writes or out is not None):
        raise ConfigError("--stream prints events; it goes without --out, --beside, --summary, --html and --linked")


def runs_and_audio(arguments: "Sequence[str]", stream: bool) -> tuple[list[str], list[str]]:
    """Divide the arguments into the runs, which come first, and the recordings, which a stream takes the place of.

    Raises
    ------
    ConfigError
        If the first is no run, or recordings follow a stream or do not follow otherwise.
    """
    from itertools import takewhile

    from sedpool.errors import ConfigError
    from sedpool.inference.package import is_package
    from sedpool.run_folder import find_runs

    runs = list(takewhile(lambda one: is_package(one) or Path(one, "config.yaml").is_file(), arguments))
    if not runs:
        if Path(arguments[0]).is_dir() and (below := find_runs(arguments[0])):
            names = ", ".join(str(run.path) for run in below[:SHOWN]) + (", …" if below[SHOWN:] else "")
            raise ConfigError(f"{arguments[0]}: no run itself, but has {len(below)} in it; give one of them: {names}")
        reason = "no run in it (no file config.yaml), and no package"
        raise ConfigError(f"{arguments[0]}: {reason}; give the folder that training printed")
    if stream and len(runs) < len(arguments):
        raise ConfigError(f"--stream and {arguments[len(runs)]}: give recordings, or raw samples on standard input")
    if not stream and len(runs) == len(arguments):
        raise ConfigError("no recordings: give files, folders or patterns after the run, or - to list them")
    return runs, list(arguments[len(runs) :])


def changed_decoder(
    decoder: "Decoder", threshold: float | None, merge: float | None, min_duration: float | None
) -> "Decoder":
    """Return a decoder with those settings that are given in place of its own."""
    from dataclasses import replace

    if threshold is not None:
        decoder = replace(decoder, threshold=threshold, low_threshold=None)
    return replace(
        decoder,
        max_gap=decoder.max_gap if merge is None else merge,
        min_duration=decoder.min_duration if min_duration is None else min_duration,
    )


def chosen_classes(given: "Sequence[str] | None", known: "Sequence[str]") -> tuple[str, ...] | None:
    """Return the classes that --classes names, alone or several between commas; None for all.

    Raises
    ------
    ConfigError
        If the detector does not know one.
    """
    from sedpool.errors import ConfigError

    if not given:
        return None
    parts = [part for one in given for part in ([one] if one in known else map(str.strip, one.split(",")))]
    names = [part for part in parts if part]
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"--classes {', '.join(unknown)}: unknown to the detector; it knows {', '.join(known)}")
    return tuple(names)


@contextmanager
def recordings_bar(recordings: "Sequence[Recording]") -> "Iterator[Callable[[Recording, float], None]]":
    """Show how much of the recordings is done, and how many times faster than they last."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    from sedpool import audio
    from sedpool.errors import AudioError

    class RealTime(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.0f} × real time" if task.speed else "")

    total = 0.0
    for recording in recordings:
        with suppress(AudioError):  # it is reported when it is read; the length of one elsewhere is not known before
            total += audio.duration(recording.path)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), RealTime(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda recording, seconds: bar.update(task, advance=seconds, description=recording.filename[-40:])


def print_events(detected: "Detected", dated: bool, *, with_header: bool) -> None:
    """Print events as rows between tabs, with a column `datetime` where the start of any recording is known."""
    from sedpool.formats.clip import DATETIME, RecordingInfo, with_datetimes
    from sedpool.text_tables import table_text

    recording = detected.recording
    events = with_datetimes(detected.events, {recording.filename: RecordingInfo(0.0, start=recording.start)})
    if dated and DATETIME not in events:
        events = events.assign(**{DATETIME: ""})
    print(table_text(events, header=with_header), end="", flush=True)


def report(
    found: "Sequence[Detected]", written: "Sequence[Path]", broken: "Sequence[str]", detector_sr: int, elapsed: float
) -> None:
    """Say on standard error what was detected how fast, what it may lack, and which recordings cannot be read.

    Raises
    ------
    typer.Exit
        With status 1 if there are such recordings.
    """
    from collections import Counter

    from sedpool.inference.results import all_events
    from sedpool.reports.run_sentences import filled

    n_events, seconds = sum(len(one.events) for one in found), sum(one.duration for one in found)
    length = f"{round(seconds) // 3600}:{round(seconds) // 60 % 60:02}:{round(seconds) % 60:02}"
    recordings = f"{len(found)} {'recording' if len(found) == 1 else 'recordings'}"
    if found:
        typer.echo(f"{n_events} events in {recordings} of {length}, at {seconds / elapsed:.0f} × real time", err=True)
    durations = {one.recording.filename: one.duration for one in found}
    if said := filled(all_events(found), durations, "recordings"):
        typer.echo(said, err=True)
    for sr, count in sorted(Counter(one.sr for one in found if one.sr < detector_sr).items()):
        typer.echo(
            f"warning: {count} of them at {sr} Hz: no energy above {sr / 2000:g} kHz; the detector uses up to "
            f"{detector_sr / 2000:g} kHz, so that it may do worse if its training recordings had more",
            err=True,
        )
    for path in written:
        typer.echo(f"all events: {path}", err=True)
    for reason in broken:
        typer.echo(f"not read: {reason}", err=True)
    if broken:
        typer.echo(f"{len(broken)} of {len(broken) + len(found)} recordings cannot be read", err=True)
        raise typer.Exit(1)
