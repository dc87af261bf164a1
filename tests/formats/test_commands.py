"""Every command reads the same from a file of labels: `evaluate`, from either side, and training on a folder."""

from pathlib import Path

import pytest

from sedpool import formats
from sedpool.cli.evaluate.inputs import read_input
from sedpool.datasets.folder_labels import read_labels
from sedpool.errors import DataError
from sedpool.evaluation.evaluation_input import EvaluationInput
from sedpool.events import EVENT_COLUMNS
from sedpool.formats.options import RECOGNISED

from .test_cases import AUDACITY, RAVEN, REFUSED, TABLES

READ = {
    **{kind: text for kind, (text, _) in {**RAVEN, **TABLES}.items()},
    **{f"label track: {kind}": text for kind, text in AUDACITY.items()},
}


def evaluated(reference: Path, estimated: Path, *, is_tagging: bool = False) -> EvaluationInput:
    return read_input(
        reference,
        estimated,
        None,
        RECOGNISED,
        durations=None,
        classes=None,
        past_end="extend",
        threshold=None,
        is_tagging=is_tagging,
        needs_estimate=True,
        writes_times=False,
    ).input


@pytest.mark.parametrize("kind", [kind for kind in READ if kind != "a header alone"])
def test_every_command_reads_the_same(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(READ[kind], encoding="utf-8")
    events, names = formats.read_events(path), list(formats.recordings(path))
    compared = evaluated(path, path)
    assert compared.filenames == tuple(names)
    for side in (compared.reference, compared.estimated):
        assert sorted(side.onset) == sorted(events["onset"])
        assert [compared.classes[label] for label in sorted(side.label)] == sorted(events["event_label"])
    assert len(evaluated(path, path, is_tagging=True).true_tags) == len(names)
    beside = [name.replace("\\", "/") for name in names]
    rows = read_labels(tmp_path, beside, None)
    assert rows["filename"].drop_duplicates().sort_values().tolist() == sorted(beside)
    found = rows.loc[rows["event_label"] != "", list(EVENT_COLUMNS)]
    assert found["onset"].tolist() == events["onset"].tolist()
    assert found["event_label"].tolist() == events["event_label"].tolist()


@pytest.mark.parametrize("kind", REFUSED)
def test_every_command_refuses_the_same(tmp_path: Path, kind: str) -> None:
    bad, good = tmp_path / "x.txt", tmp_path / "good.tsv"
    bad.write_bytes(REFUSED[kind][0].encode(errors="surrogateescape"))
    good.write_text("filename\tonset\toffset\tevent_label\na.wav\t0\t1\tx\nb.wav\t\t\t\n", encoding="utf-8")
    for reference, estimated in ((bad, good), (good, bad)):
        with pytest.raises(DataError, match=r"x\.txt"):
            evaluated(reference, estimated)
    with pytest.raises(DataError, match=r"x\.txt"):
        read_labels(tmp_path, ["a.wav", "b.wav", "x.wav"], "x.txt")
