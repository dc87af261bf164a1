"""Which files results go to."""

from pathlib import Path

import pytest

from sedpool.errors import ConfigError
from sedpool.inference.recordings import Recording
from sedpool.inference.results import Results


def names(folder, *filenames):
    recordings = [Recording(Path(name).name if folder is None else name, Path("x", name)) for name in filenames]
    results = Results(recordings, ["tsv"], folder)
    return [results.path(one, ".tsv").as_posix() for one in recordings]


@pytest.mark.parametrize("folder", [None, Path("out")])
def test_every_recording_has_a_file_of_its_own(folder):
    root = "x" if folder is None else "out"
    found = names(folder, "a.wav", "a.flac", "a.wav.wav", "b.wav.ogg", "n/b.wav")
    wanted = ["a.wav.tsv", "a.flac.tsv", "a.wav.wav.tsv", "b.wav.tsv", "n/b.tsv"]
    assert found == [f"{root}/{name}" for name in wanted]


def test_no_recording_takes_the_name_of_the_results_of_all():
    found = names(Path("out"), "detections.wav", "summary.wav", "clips/clips.wav", "n/summary.wav")
    assert found == ["out/detections.wav.tsv", "out/summary.wav.tsv", "out/clips/clips.wav.tsv", "out/n/summary.tsv"]
    assert names(None, "summary.wav") == ["x/summary.tsv"]


def test_results_beside_recordings_differ_within_the_folder_they_are_in():
    recordings = [Recording(name, Path("n", Path(name).name)) for name in ("n/a.wav", "a.flac")]
    results = Results(recordings, ["tsv"], None)
    assert [results.path(one, ".tsv").as_posix() for one in recordings] == ["n/a.wav.tsv", "n/a.flac.tsv"]


def test_a_folder_of_results_belongs_to_one_process_at_a_time(tmp_path):
    results = Results([Recording("n/a.wav", tmp_path / "n/a.wav")], ["tsv"], tmp_path / "out")
    (tmp_path / "out/n").mkdir(parents=True)
    (tmp_path / "out/n/.writing-a-1.tsv").touch()
    with results.reserved():
        assert not (tmp_path / "out/n/.writing-a-1.tsv").exists()
        with pytest.raises(ConfigError, match="another process writes"), results.reserved():
            pass
    with results.reserved():
        pass
