"""``sedpool listen`` and ``sedpool detect --stream``: events of sound that goes on, printed as they come."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from sedpool.cli.trust import TrustCode

if TYPE_CHECKING:
    from sedpool.inference.live import Change, LiveDetector
    from sedpool.runtime.arrays import Float32Array

Partial = Annotated[
    bool, typer.Option("--partial", help="Print a JSON object per line as an event begins, grows and ends.")
]


def listen(
    run: Annotated[str, typer.Argument(help="A run folder or a package.")],
    device: Annotated[
        str | None, typer.Option(help="Name or number of the microphone; by default the system's.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so long; by default at Ctrl-C.")] = None,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out events whose highest probability is lower.")
    ] = 0.0,
    partial: Partial = False,
    trust_code: TrustCode = False,
) -> None:
    """Detect events in the sound of a microphone and print each when it ends."""
    from sedpool.experiment.load import load
    from sedpool.inference.live import LiveDetector
    from sedpool.inference.microphone import microphone
    from sedpool.inference.recordings import Method, Selection
    from sedpool.runtime.backend import import_backend

    import_backend()
    detector = load(run, trust_code=trust_code)
    sr = detector.extractor.sr
    live = LiveDetector(Method((detector,), detector.decoder, Selection(min_confidence)), sr)
    with microphone(sr, device, seconds) as blocks:
        print_live(live, blocks, partial=partial)


def print_live(live: "LiveDetector", blocks: Iterable["Float32Array"], *, partial: bool) -> None:
    """Print events as they end, as rows between tabs; or every change of one, as JSON, one object per line."""
    from sedpool.errors import AudioError

    if not partial:
        print("onset\toffset\tevent_label\tconfidence", flush=True)

    def changes() -> "Iterable[Change]":
        try:
            for samples in blocks:
                yield from live.push(samples)
        except AudioError:  # the sound up to there counts
            yield from live.finish()
            raise
        yield from live.finish()

    for change in changes():
        event = change.event
        if partial:
            values = {name: round(one, 6) if isinstance(one, float) else one for name, one in asdict(event).items()}
            print(json.dumps({"kind": change.kind, **values}, ensure_ascii=False), flush=True)
        elif change.kind == "end":
            row = f"{event.onset:.6f}\t{event.offset:.6f}\t{event.event_label}\t{event.confidence:.6f}"
            print(row, flush=True)
    if live.duration == 0:
        typer.echo("warning: no sound came", err=True)
