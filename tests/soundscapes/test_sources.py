from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from sedpool.errors import DataError
from sedpool.soundscapes import sources

SR = 44100


def noise(n: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(n).astype(np.float32)


@pytest.mark.parametrize(
    ("folder", "label"),
    [("001 - Dog bark", "dog_bark"), ("siren", "siren"), ("12-Möwe (Ruf)", "möwe_ruf"), ("808 drum", "808_drum")],
)
def test_labels_come_from_folders(folder: str, label: str) -> None:
    assert sources.label_of(folder) == label


def test_foreground_is_listed_by_class(foreground: Path) -> None:
    listed = sources.list_foreground(foreground)
    assert len(listed) == 8
    assert listed["001 - Low hum/1-101-A.wav"] == "low_hum"


def test_foreground_without_audio(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        sources.list_foreground(tmp_path / "nowhere")
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog" / "notes.txt").write_text("no audio")
    with pytest.raises(DataError, match=r"foreground .* no audio in it"):
        sources.list_foreground(tmp_path)
    sf.write(tmp_path / "loose.wav", noise(100), SR)
    with pytest.raises(DataError, match="one sub-folder for each class"):
        sources.list_foreground(tmp_path)


def test_two_folders_of_one_label(tmp_path: Path) -> None:
    for folder in ("01 - Dog", "dog"):
        (tmp_path / folder).mkdir()
        sf.write(tmp_path / folder / "a.wav", noise(100), SR)
    with pytest.raises(DataError, match="01 - Dog, dog all give the label dog"):
        sources.list_foreground(tmp_path)


def test_backgrounds_are_excluded_by_glob(background: Path) -> None:
    assert set(sources.list_background(background, ["park/*"]).values()) == {"street"}
    with pytest.raises(DataError, match="all 6 recordings are excluded by"):
        sources.list_background(background, ["*"])


def test_silence_around_a_recording_is_left_out(foreground: Path) -> None:
    usable, broken = sources.inspect(foreground, sources.list_foreground(foreground), 0.05, n_jobs=1)
    assert broken == []
    for recording in usable:
        # Its first samples may happen to be near zero.
        assert recording.start == pytest.approx(SR // 4, abs=5)
        assert recording.stop == pytest.approx(SR // 4 + round(1.5 * SR), abs=5)


def test_fault_07_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "page.wav").write_text("<html>not found</html>")
    sf.write(tmp_path / "silent.wav", np.zeros(SR), SR)
    sf.write(tmp_path / "short.wav", noise(100), SR)
    sf.write(tmp_path / "good.wav", noise(SR), SR)
    names = {path.name: "dog" for path in sorted(tmp_path.iterdir())}
    usable, broken = sources.inspect(tmp_path, names, 0.05, n_jobs=1)
    assert [recording.name for recording in usable] == ["good.wav"]
    reasons = {"empty": "empty.wav", "page": "page.wav", "short": "0.002 s of sound", "silent": "silent.wav: silent"}
    assert len(broken) == 4
    for reason in reasons.values():
        assert any(reason in line for line in broken)


def test_an_excerpt_avoids_pauses_and_begins_with_sound() -> None:
    samples = np.zeros(5 * SR, np.float32)
    samples[2 * SR : 3 * SR] = noise(SR)
    for seed in range(20):
        first, last = sources.excerpt(samples, SR, np.random.default_rng(seed))
        assert 2 * SR <= first < last <= 3 * SR
        assert np.square(samples[first:last]).sum() >= 0.24 * np.square(samples).sum()


def test_an_excerpt_of_a_short_recording_is_all_of_it() -> None:
    samples = noise(SR // 2)
    first, last = sources.excerpt(samples, SR, np.random.default_rng(0))
    assert last - first > 0.99 * len(samples)


def test_an_excerpt_may_be_asked_for_at_a_time() -> None:
    samples = noise(2 * SR)
    rng = np.random.default_rng(0)
    first, last = sources.excerpt(samples, SR, rng, 0.5)
    assert first == pytest.approx(SR // 2, abs=5)
    assert last == pytest.approx(SR // 2 + SR, abs=5)
    assert sources.excerpt(samples, SR, rng, 1.9)[0] == pytest.approx(SR, abs=5)
    samples[:SR] = 0
    first, last = sources.excerpt(samples, SR // 2, rng, 0.0)  # there is only a pause
    assert SR <= first < last


def test_a_background_ends_where_it_stands_out_of_the_noise_floor(background: Path) -> None:
    usable, _ = sources.inspect(
        background, sources.list_background(background, ["park/*"]), 1.0, level="lufs", n_jobs=1
    )
    for recording in usable:
        assert 7000 < recording.band < 8200


def test_fault_10_a_recording_that_cancels_itself_is_not_used(tmp_path: Path) -> None:
    sf.write(tmp_path / "anti.wav", np.stack([noise(SR), -noise(SR)], axis=1), SR, subtype="FLOAT")
    with pytest.warns(UserWarning, match=r"anti\.wav: the channels cancel each other"):
        usable, broken = sources.inspect(tmp_path, {"anti.wav": "dog"}, 0.05, n_jobs=1)
    assert usable == []
    assert "anti.wav: silent" in broken[0]
