import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.augment import Augmentation, Augmenter
from sedpool.training.batches import Patches, Prefetched, fit_length

N_CLIPS, N_FRAMES = 7, 20


def clips(n_frames: int = N_FRAMES) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Features that say which clip and which frame they are: clip in the first column, frame in the second."""
    features = {
        str(clip): np.stack([np.full(n_frames, clip), np.arange(n_frames)], axis=1).astype(np.float32)
        for clip in range(N_CLIPS)
    }
    return features, {name: np.array([int(name)], dtype=np.float32) for name in features}


def make(seed: int | None = 0, patch_frames: int = 8, n_batches: int | None = None) -> Patches:
    features, targets = clips()
    return Patches(
        features, targets, patch_frames=patch_frames, batch_size=4, silence=-80.0, n_batches=n_batches, seed=seed
    )


def contents(patches: Patches) -> np.ndarray:
    return np.concatenate([patches[index][0] for index in range(len(patches))])


def test_a_batch_depends_on_seed_epoch_and_index_alone() -> None:
    first, second = make(), make()
    first.set_epoch(3)
    second.set_epoch(1)
    _ = second[0]
    second.set_epoch(3)
    assert np.array_equal(first[1][0], second[1][0])
    assert np.array_equal(first[1][0], first[1][0])


def test_epochs_and_seeds_differ() -> None:
    patches, other = make(), make(seed=1)
    first = contents(patches)
    patches.set_epoch(1)
    assert not np.array_equal(first, contents(patches))
    assert not np.array_equal(first, contents(other))


def test_one_pass_shows_every_clip_and_fills_the_last_batch() -> None:
    patches = make()
    seen = contents(patches)[:, 0, 0]
    assert len(patches) == 2
    assert set(seen) == set(range(N_CLIPS))
    assert len(seen) == 8


def test_without_a_seed_every_clip_comes_once_in_order_from_its_middle() -> None:
    patches = make(seed=None)
    x = contents(patches)
    assert x[:, 0, 0].tolist() == list(range(N_CLIPS))
    assert set(x[:, 0, 1]) == {6.0}


def test_patches_are_contiguous_and_lie_anywhere_in_the_clip() -> None:
    x = contents(make(n_batches=60))[:, :, 1]
    assert (np.diff(x, axis=1) == 1).all()
    assert x[:, 0].min() == 0
    assert x[:, -1].max() == N_FRAMES - 1


def test_frame_targets_are_cut_where_the_features_are() -> None:
    features, _ = clips()
    targets = {name: value[:, 1:] for name, value in features.items()}
    patches = Patches(features, targets, patch_frames=8, batch_size=4, silence=-80.0, seed=0)
    x, y = patches[0]
    assert np.array_equal(x[:, :, 1:], y)


def test_short_clips_are_padded_with_silence() -> None:
    patches = make(patch_frames=N_FRAMES + 5, seed=None)
    x, _ = patches[0]
    assert x.shape == (4, N_FRAMES + 5, 2)
    assert (x[:, N_FRAMES:] == -80).all()


@given(length=st.integers(1, 30), n=st.integers(1, 30))
def test_fit_length_always_gives_the_length(length: int, n: int) -> None:
    array = np.arange(n, dtype=np.float32)[:, None]
    fitted = fit_length(array, length, -1)
    kept = min(n, length)
    assert len(fitted) == length
    assert np.array_equal(fitted[:kept], array[:kept])
    assert (fitted[kept:] == -1).all()


def test_prefetched_batches_are_those_of_the_epoch_from_the_first_asked_for() -> None:
    patches = make(n_batches=5)
    for first in (0, 3, 5):
        batches = list(Prefetched(patches, first))
        assert len(batches) == 5 - first
        for offset, (x, y) in enumerate(batches):
            assert np.array_equal(x, patches[first + offset][0])
            assert np.array_equal(y, patches[first + offset][1])


def test_what_fails_in_the_thread_fails_here() -> None:
    patches = make()
    patches.filenames[:] = ["gone"] * N_CLIPS
    with pytest.raises(KeyError, match="gone"):
        list(Prefetched(patches))


def test_patches_of_long_clips_have_the_classes_that_fill_enough_of_them() -> None:
    features, _ = clips()
    targets = {name: value[:, 1:] < 10 for name, value in features.items()}  # active in the first half
    patches = Patches(
        features, targets, patch_frames=8, batch_size=4, silence=-80.0, n_batches=40, seed=0, min_activity=0.5
    )
    for index in range(len(patches)):
        x, y = patches[index]
        assert y.shape == (4, 1)
        assert y[:, 0].tolist() == ((x[:, :, 1] < 10).mean(axis=1) >= 0.5).tolist()


def test_identity_is_of_the_clips() -> None:
    assert make().identity == make(seed=5).identity
    fewer, _ = clips(n_frames=N_FRAMES - 1)
    assert Patches(fewer, clips()[1], patch_frames=8, batch_size=4, silence=-80.0).identity != make().identity


def test_identity_is_of_the_labels() -> None:
    features, targets = clips()
    name = next(iter(targets))
    relabelled = targets | {name: 1 - targets[name]}
    assert Patches(features, relabelled, patch_frames=8, batch_size=4, silence=-80.0).identity != make().identity


def test_identity_is_of_the_backgrounds_and_not_of_their_place() -> None:
    features, targets = clips()

    def mixed(folder: str, *values: float) -> str:
        augmenter = Augmenter(
            Augmentation(background=folder), -80.0, [np.full((5, 2), value, "float32") for value in values]
        )
        return Patches(features, targets, patch_frames=8, batch_size=4, silence=-80.0, augmenter=augmenter).identity

    assert mixed("here/noises", -5, -6) == mixed("there/noises", -5, -6)
    assert mixed("here/noises", -5, -6) != mixed("here/noises", -5, -7)


def test_augmented_batches_depend_on_seed_epoch_and_index_alone() -> None:
    features, targets = clips()

    def augmented() -> Patches:
        augmenter = Augmenter(Augmentation(gain=6.0, time_shift=1.0, mixup=0.2), -80.0)
        return Patches(
            features,
            targets,
            patch_frames=8,
            batch_size=4,
            silence=-80.0,
            seed=0,
            augmenter=augmenter,
            bag_frames=(4, 12),
        )

    first, second = augmented(), augmented()
    second.set_epoch(1)
    other = second[0]
    second.set_epoch(0)
    for ours, theirs in zip(first[1], second[1], strict=True):
        assert np.array_equal(ours, theirs)
    assert not np.array_equal(first[0][0], other[0])
    assert first.identity != make().identity


def test_bags_differ_in_length_between_batches_and_stay_within_the_limits() -> None:
    features, targets = clips()
    patches = Patches(
        features, targets, patch_frames=8, batch_size=4, silence=-80.0, n_batches=40, seed=0, bag_frames=(4, 6)
    )
    assert {patches[index][0].shape[1] for index in range(40)} == {4, 5, 6}
