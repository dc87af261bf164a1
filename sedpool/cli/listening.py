"""Options and steps that write listening pages."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sedpool.evaluation.evaluation_input import EvaluationInput
    from sedpool.inference.recordings import Detected, Method, Recording
    from sedpool.inference.results import Results
    from sedpool.run_folder import RunFolder

Html = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write a page on which the events can be looked at, played and filtered, with a slider for the threshold. "
        "It holds the recordings.",
    ),
]
Linked = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Write this page as a folder with sound and pictures beside it."),
]
Reference = Annotated[
    Path | None, typer.Option(help="Labels of the recordings, which --html shows and judges the events by.")
]
TimeExpansion = Annotated[
    int | None, typer.Option(min=2, max=100, help="Make --html play so many times slower: for ultrasound.")
]


@dataclass(frozen=True)
class Page:
    """The page that is asked for.

    Attributes
    ----------
    html, linked : Path or None
        The file, the folder, or neither of them.
    reference : Path or None
        Labels.
    slower : int
        How many times slower it plays.
    """

    html: Path | None
    linked: Path | None
    reference: Path | None
    slower: int

    @property
    def is_asked_for(self) -> bool:
        """Whether there is to be a page."""
        return self.html is not None or self.linked is not None

    @contextmanager
    def results(
        self, recordings: "Sequence[Recording]", formats: Sequence[str] | None, out: Path | None, *, beside: bool
    ) -> "Iterator[Results | None]":
        """Yield where results go; a page is made from scores, which are kept for it if nothing else is."""
        from sedpool.inference.results import SCORES, Results

        chosen = list(formats or ["tsv"])
        if self.is_asked_for and SCORES not in chosen:
            chosen.append(SCORES)
        if beside or out is not None:
            yield Results(recordings, chosen, out)
        elif self.is_asked_for:
            with TemporaryDirectory() as folder:
                yield Results(recordings, [SCORES], Path(folder))
        else:
            yield None

    def write(self, method: "Method", found: "Sequence[Detected]", results: "Results") -> None:
        """Write the page of what was detected.

        Raises
        ------
        DataError
            If the reference names none of the recordings.
        """
        if not self.is_asked_for:
            return
        from sedpool.formats.detections import SCORES_SUFFIX
        from sedpool.listening import Listening, ScoredRecording, write_folder, write_page
        from sedpool.scores import read_scores

        known = method.detectors[0].detector.classes
        classes = tuple(label for label in known if label in (method.selection.classes or known))
        durations = {one.recording.filename: one.duration for one in found}
        several = f"{len(found)} recordings" if len(found) != 1 else found[0].recording.filename
        reference = None if self.reference is None else read_reference(self.reference, durations, classes)
        listening = Listening(
            f"Events in {several}", classes, method.decoder, method.selection, reference, slower=self.slower
        )
        recordings = (
            ScoredRecording(
                one.recording.filename,
                one.recording.path,
                read_scores(results.path(one.recording, SCORES_SUFFIX)),
            )
            for one in found
        )
        if self.html is not None:
            write_page(self.html, listening, recordings)
        elif self.linked is not None:
            write_folder(self.linked, listening, recordings)
        typer.echo(f"page to listen to: {self.html or self.linked}", err=True)


def write_run_page(
    run: "RunFolder", folder: Path, n_clips: int, *, linked: bool, root: Path | None, trust_code: bool
) -> None:
    """Write the page of a run's test clips, decoded as it was tuned.

    Parameters
    ----------
    run : RunFolder
        A finished run.
    folder : Path
        Where ``listening.html``, or the folder ``listening``, is written.
    n_clips : int
        How many clips at most; of more, so many at equal distances.
    linked : bool
        Whether to write a folder.
    root : Path or None
        Where the corpus is, if it was moved.
    trust_code : bool
        Whether to run the code of a loader outside sedpool.

    Raises
    ------
    DataError, ConfigError
        If the corpus is not there.
    """
    from sedpool.experiment.clips import clips_to_hear
    from sedpool.listening import write_folder, write_page

    clips = clips_to_hear(run, n_clips, root=root, trust_code=trust_code)
    if len(clips.recordings) < clips.n_scored:
        said = f"{len(clips.recordings)} of {clips.n_scored} test clips, at equal distances (--clips)"
        typer.echo(f"--audio: {said}", err=True)
    if linked:
        path = write_folder(folder / "listening", clips.listening, clips.recordings)
    else:
        path = folder / "listening.html"
        write_page(path, clips.listening, clips.recordings)
    typer.echo(f"page to listen to: {path} (decoded {clips.decoding})", err=True)


def page_options(html: Path | None, linked: Path | None, reference: Path | None, time_expansion: int | None) -> Page:
    """Check the options of a page.

    Raises
    ------
    ConfigError
        If there are two pages, or options of a page that nobody asks for.
    """
    from sedpool.errors import ConfigError

    if html is not None and linked is not None:
        raise ConfigError("--html and --linked: give one of them, a file or a folder")
    for name, value in (("--reference", reference), ("--time-expansion", time_expansion)):
        if value is not None and html is None and linked is None:
            raise ConfigError(f"{name}: it does nothing without a page; give --html FILE or --linked FOLDER")
    return Page(html, linked, reference, time_expansion or 1)


def read_reference(path: Path, durations: Mapping[str, float], classes: Sequence[str]) -> "EvaluationInput":
    """Read the labels of recordings; say what of them is left out.

    Parameters
    ----------
    path : Path
        A file or folder of labels in any format.
    durations : mapping of str to float
        Length of each recording in seconds.
    classes : sequence of str
        The classes that are shown.

    Raises
    ------
    DataError
        If it names none of the recordings.
    """
    from sedpool.errors import DataError
    from sedpool.evaluation.evaluation_input import reference_input
    from sedpool.formats import read_events
    from sedpool.formats import recordings as named_in

    events, named = read_events(path), list(named_in(path))
    if len(named) == len(durations) == 1:  # a label track beside its recording, which it may name otherwise
        named = list(durations)
        events = events.assign(filename=named[0])
    annotated = {name: seconds for name, seconds in durations.items() if name in named}
    if not annotated:
        raise DataError(
            f"--reference {path}: it names none of the recordings; it has {', '.join(named[:3]) or 'none'}, and "
            f"detected in were {', '.join(list(durations)[:3])}; give both the same names"
        )
    if len(annotated) < len(durations):
        typer.echo(
            f"--reference {path}: it names {len(annotated)} of {len(durations)} recordings; the others are shown "
            "without it, and do not count in the scores",
            err=True,
        )
    events = events[events["filename"].isin(list(annotated))]
    if others := sorted(set(events["event_label"]) - set(classes)):
        typer.echo(f"--reference {path}: left out, as the detector does not know them: {', '.join(others)}", err=True)
    return reference_input(events[events["event_label"].isin(list(classes))], durations=annotated, classes=classes)
