from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from sedpool.errors import ConfigError, DataError
from sedpool.soundscapes import sources
from sedpool.soundscapes.sources import SplitRule, assign_splits, divide

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
    first, last = sources.excerpt_at(samples, 0.5, SR)
    assert first == pytest.approx(SR // 2, abs=5)
    assert last == pytest.approx(SR // 2 + SR, abs=5)
    assert sources.excerpt_at(samples, 1.9, SR)[0] == pytest.approx(SR, abs=5)
    samples[:SR] = 0
    assert sources.excerpt_at(samples, 0.0, SR // 2) == (0, 0)


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


FOLDS = {"train": [1, 2], "validate": [3], "test": [4]}
PATTERN = r"^(?P<fold>\d)-(?P<source>\d+)-"


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_folds_decide() -> None:
    labels = {f"dog/{fold}-{fold}00-A.ogg": "dog" for fold in (1, 2, 3, 4)}
    splits = divide(labels, SplitRule(PATTERN, FOLDS), rng())
    assert list(splits.values()) == ["train", "train", "validate", "test"]


def test_a_source_in_two_splits_is_refused() -> None:
    labels = {"dog/1-7-A.ogg": "dog", "dog/3-7-B.ogg": "dog", "dog/4-8-A.ogg": "dog"}
    with pytest.raises(DataError, match="come from one source, 7"):
        divide(labels, SplitRule(PATTERN, FOLDS), rng())


def test_a_fold_without_split_is_refused() -> None:
    with pytest.raises(ConfigError, match="fold 5 belongs to 0 splits"):
        divide({"dog/5-7-A.ogg": "dog"}, SplitRule(PATTERN, FOLDS), rng())


def test_a_name_that_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match=r"dog/bark\.ogg: the source pattern"):
        divide({"dog/bark.ogg": "dog"}, SplitRule(PATTERN, FOLDS), rng())


def test_a_class_without_a_split_is_refused() -> None:
    labels = {f"dog/{source}-A.ogg": "dog" for source in (1, 2)}
    with pytest.raises(DataError, match="class dog has no recording for validate"):
        divide(labels, SplitRule(r"^(?P<source>\d+)-"), rng())


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["cat", "dog"])), min_size=20, max_size=60), st.integers(0)
)
def test_whole_sources_are_assigned(takes: list[tuple[int, str]], seed: int) -> None:
    takes = takes + [(source, "cat") for source in (100, 101, 102)] + [(source, "dog") for source in (103, 104, 105)]
    labels = {f"{label}/{source}-{index}.wav": label for index, (source, label) in enumerate(takes)}
    splits = divide(labels, SplitRule(r"^(?P<source>\d+)-"), rng(seed % 2**32))
    by_source: dict[str, set[str]] = {}
    for path, split in splits.items():
        by_source.setdefault(path.split("/")[1].split("-")[0], set()).add(split)
    assert all(len(found) == 1 for found in by_source.values())


@given(st.integers(0, 30), st.integers(0, 2**32))
def test_every_split_gets_its_share(n: int, seed: int) -> None:
    assigned = assign_splits([str(i) for i in range(n)], (0.6, 0.2, 0.2), rng(seed))
    counts = Counter(assigned.values())
    assert len(assigned) == n
    assert len(counts) == min(n, 3)
    if n >= 5:
        for split, share in {"train": 0.6, "validate": 0.2, "test": 0.2}.items():
            assert abs(counts[split] - share * n) <= 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pattern": "("}, "not a regular expression"),
        ({"pattern": r"\d"}, r"no group \(\?P<source>"),
        ({"pattern": r"(?P<source>\d)", "folds": FOLDS}, r"no group \(\?P<fold>"),
        ({"pattern": PATTERN, "folds": {"train": [1]}}, "expected train, validate, test"),
        ({"pattern": PATTERN, "shares": (1.0, 0.0, 0.0)}, "three numbers above 0"),
        ({"pattern": PATTERN, "shares": (1.0, 1.0)}, "three numbers above 0"),
    ],
)
def test_wrong_division(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SplitRule(**settings)
