import numpy as np
import pytest

from sedpool import pooling
from sedpool.features.logmel import LogMel
from sedpool.inference.predict import MAX_FRAMES, predict
from sedpool.models import Detector, build_detector, compact_cnn

RATE = 44100 / 1024
CLASSES = ("a", "b")


@pytest.fixture(scope="module")
def detector() -> Detector:
    return build_detector(compact_cnn(n_mels=16, filters=(4, 4, 4), head_filters=4), pooling.Max(), classes=CLASSES)


def features(*lengths: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {f"{index}.wav": rng.normal(-40, 10, (n, 16)).astype("float32") for index, n in enumerate(lengths)}


def test_output_frame_i_covers_its_own_input_frames_and_the_last_holds_to_the_end(detector: Detector) -> None:
    frames, _ = predict(detector, features(430), {"0.wav": 10.0}, frame_rate=RATE, silence=-80.0)
    assert len(frames) == 26
    assert frames["onset"].to_numpy() == pytest.approx(np.arange(26) * 16 / RATE)
    assert frames["offset"].to_numpy()[:-1] == pytest.approx(frames["onset"].to_numpy()[1:])
    assert frames["offset"].iloc[-1] == 10.0


def test_clips_of_mixed_lengths_keep_their_order_and_equal_single_predictions(detector: Detector) -> None:
    x = features(430, 40, 430, 100, 40)
    durations = {name: len(value) / RATE for name, value in x.items()}
    frames, clips = predict(detector, x, durations, frame_rate=RATE, silence=-80.0, batch_size=2)
    assert clips["filename"].tolist() == list(x)
    assert list(frames["filename"].unique()) == list(x)
    for name, seconds in durations.items():
        alone, alone_clip = predict(detector, x, {name: seconds}, frame_rate=RATE, silence=-80.0)
        together = frames.loc[frames["filename"] == name, list(CLASSES)].to_numpy()
        assert together == pytest.approx(alone[list(CLASSES)].to_numpy(), abs=1e-6)
        assert alone_clip[list(CLASSES)].to_numpy()[0] == pytest.approx(together.max(axis=0), abs=1e-6)


def test_long_clips_share_a_batch_as_far_as_its_frames_are_bounded(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_long = MAX_FRAMES // 2
    x = features(n_long, 431, n_long, n_long, 2 * MAX_FRAMES, 431)
    shapes: list[tuple[int, int]] = []

    def answer(batch: np.ndarray) -> dict[str, np.ndarray]:
        shapes.append(batch.shape[:2])
        return {"frames": np.zeros((len(batch), batch.shape[1] // 16, 2)), "clip": np.zeros((len(batch), 2))}

    monkeypatch.setitem(vars(detector), "predict", answer)
    predict(detector, x, {name: len(value) / RATE for name, value in x.items()}, frame_rate=RATE, silence=-80.0)
    assert sorted(shapes) == [(1, n_long), (1, 2 * MAX_FRAMES), (2, 431), (2, n_long)]


def test_32_clips_of_ten_seconds_share_a_batch() -> None:
    assert 32 * LogMel(hop_length=512).n_frames(10.0) <= MAX_FRAMES


def test_fault_09_clips_shorter_than_an_output_frame(detector: Detector) -> None:
    frames, clips = predict(detector, features(1, 15), {"0.wav": 0.02, "1.wav": 0.36}, frame_rate=RATE, silence=-80.0)
    assert frames["offset"].tolist() == [0.02, 0.36]
    assert len(clips) == 2
