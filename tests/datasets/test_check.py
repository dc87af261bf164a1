from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from sedpool.datasets.base import Dataset, Manifest, manifest_of
from sedpool.datasets.check import Problem, unusable, validate
from sedpool.datasets.transforms import rebag
from sedpool.events import events_from_rows, tags_from_events

SR = 8000
CLASSES = ("dog", "cat")


def noise(seed: int, seconds: float = 1.0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * SR))


class Corpus:
    """A folder of recordings, and the Dataset that lists them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[tuple[str, str | None, float, str]] = []

    def add(self, name: str, samples: np.ndarray | bytes | None, *, listed: float = 1.0, split: str = "train") -> None:
        path = self.folder / name
        if isinstance(samples, bytes):
            path.write_bytes(samples)
        elif samples is not None:
            sf.write(path, samples, SR, subtype="FLOAT")
        self.rows.append((name, None if samples is None else str(path), listed, split))

    def dataset(self, events: Sequence[tuple[str, float, float, str]] = (), **options: object) -> Dataset:
        clips = pd.DataFrame(self.rows, columns=["filename", "path", "duration", "split"]).astype({"path": object})
        table = events_from_rows(events)
        return Dataset(
            "x", CLASSES, clips, tags_from_events(table, clips["filename"].tolist(), CLASSES), table, **options
        )


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    corpus = Corpus(tmp_path)
    corpus.add("good.wav", noise(0))
    return corpus


def found(dataset: Dataset) -> list[Problem]:
    return validate(dataset, n_jobs=1, progress=False)


def test_a_whole_corpus_has_no_problems(corpus: Corpus) -> None:
    corpus.add("other.wav", noise(1))
    assert found(corpus.dataset([("good.wav", 0.0, 0.5, "dog")])) == []


def test_fault_04_missing_and_extra_clips(corpus: Corpus) -> None:
    corpus.add("gone.wav", None)
    problems = found(corpus.dataset(manifest=Manifest(("gone.wav",), ("audio/more.wav",))))
    assert [(problem.kind, problem.filename) for problem in problems] == [
        ("missing", "gone.wav"),
        ("extra", "audio/more.wav"),
    ]


def test_fault_07_what_cannot_be_read_is_unusable_for_training_too(corpus: Corpus) -> None:
    corpus.add("empty.wav", b"")
    corpus.add("page.wav", b"<html>")
    corpus.add("nan.wav", noise(1) * np.nan)
    dataset = corpus.dataset()
    problems = found(dataset)
    assert unusable(dataset, problems) == ["empty.wav", "page.wav", "nan.wav"]
    assert all(problem.filename in problem.detail for problem in problems)
    assert manifest_of(dataset, unusable(dataset, problems))["splits"] == {"train": {"listed": 4, "usable": 1}}


@pytest.mark.parametrize(("seconds", "wrong"), [(0.5, True), (1.5, True), (0.95, False)])
def test_another_length_than_listed(corpus: Corpus, seconds: float, wrong: bool) -> None:
    corpus.add("odd.wav", noise(1, seconds))
    assert [problem.kind for problem in found(corpus.dataset())] == ["duration"] * wrong


def test_fault_05_a_wav_that_ends_early(corpus: Corpus) -> None:
    corpus.add("cut.wav", noise(1))
    path = corpus.folder / "cut.wav"
    path.write_bytes(path.read_bytes()[:10_000])
    (problem,) = found(corpus.dataset())
    assert problem.kind == "unreadable"
    assert "truncated" in problem.detail


def test_fault_10_silent_and_cancelling_recordings(corpus: Corpus) -> None:
    corpus.add("silent.wav", np.zeros(SR))
    corpus.add("silent_too.wav", np.zeros(SR))
    corpus.add("cancelling.wav", np.stack([noise(1), -noise(1)], axis=1))
    assert [(problem.kind, problem.filename) for problem in found(corpus.dataset())] == [
        ("silent", "silent.wav"),
        ("silent", "silent_too.wav"),
        ("cancelling", "cancelling.wav"),
    ]


def test_same_samples_under_two_names(corpus: Corpus) -> None:
    corpus.add("again.wav", noise(0), split="test")
    (problem,) = found(corpus.dataset())
    assert problem == Problem("identical", "again.wav", "same as good.wav; one is in train, the other in test")


def test_clips_cut_from_one_file_are_one_recording(corpus: Corpus) -> None:
    corpus.add("long.wav", noise(1, 3.0), listed=3.0)
    assert found(rebag(corpus.dataset(), 1.0)) == []


def test_fault_07_what_is_wrong_with_a_long_recording_is_found_once_and_costs_all_its_clips(corpus: Corpus) -> None:
    corpus.add("page.wav", b"<html>", listed=3.0)
    corpus.add("cut.wav", noise(1, 3.0), listed=3.0)
    path = corpus.folder / "cut.wav"
    path.write_bytes(path.read_bytes()[:10_000])
    corpus.add("short.wav", noise(2, 2.5), listed=3.0)
    corpus.add("silent.wav", np.zeros(3 * SR), listed=3.0)
    corpus.add("long.wav", noise(3, 3.0), listed=3.0)
    corpus.add("copy.wav", noise(3, 3.0), listed=3.0, split="test")
    corpus.add("gone.wav", None, listed=3.0)
    dataset = rebag(corpus.dataset(), 1.0)
    problems = found(dataset)
    assert [(problem.kind, problem.filename) for problem in problems] == [
        ("missing", "gone.wav"),
        ("unreadable", "page.wav"),
        ("unreadable", "cut.wav"),
        ("duration", "short.wav"),
        ("silent", "silent.wav"),
        ("identical", "copy.wav"),
    ]
    lost = unusable(dataset, problems)
    assert lost == [f"{name}.wav#t={second},{second + 1}" for name in ("page", "cut") for second in range(3)]
    assert manifest_of(dataset, lost)["splits"]["train"] == {"listed": 19, "usable": 10}


def test_an_event_annotated_twice(corpus: Corpus) -> None:
    event = ("good.wav", 0.25, 0.5, "dog")
    (problem,) = found(corpus.dataset([event, event, ("good.wav", 0.25, 0.5, "cat")]))
    assert problem == Problem("duplicate event", "good.wav", "dog, 0.250 s to 0.500 s")


def test_processes_find_the_same(corpus: Corpus) -> None:
    for index in range(40):
        corpus.add(f"{index}.wav", b"" if index % 7 == 0 else noise(index + 1))
    dataset = corpus.dataset()
    assert validate(dataset, n_jobs=2, progress=False) == found(dataset)
