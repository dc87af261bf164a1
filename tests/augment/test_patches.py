import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.augment import Augmentation, Augmenter
from sedpool.augment.patches import change_gain, mask, mix_backgrounds, mix_up, rotate
from sedpool.errors import ConfigError

SHAPE = (4, 40, 16)


def batch(seed=0, *, framewise=False):
    generator = np.random.default_rng(seed)
    features = generator.uniform(-80, 0, SHAPE).astype("float32")
    targets = generator.integers(2, size=(4, 40, 3) if framewise else (4, 3)).astype("float32")
    return features, targets


def generator(seed=1):
    return np.random.default_rng(seed)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_rotation_keeps_every_frame_with_its_label(seed, framewise):
    features, targets = batch(framewise=framewise)
    shifted, labels = rotate(features, targets, 1.0, generator(seed))
    for row in range(len(features)):
        (step,) = (s for s in range(40) if np.array_equal(shifted[row], np.roll(features[row], s, axis=0)))
        expected = np.roll(targets[row], step, axis=0) if framewise else targets[row]
        np.testing.assert_array_equal(labels[row], expected)


@given(st.integers(0, 2**32 - 1))
def test_rotation_stays_within_its_share(seed):
    ramp = np.tile(np.arange(40, dtype="float32")[:, None], (8, 1, 16))
    shifted, _ = rotate(ramp, np.zeros((8, 1), "float32"), 0.25, generator(seed))
    steps = (np.arange(40) - shifted[:, :, 0].astype(int)) % 40
    assert all(step <= 10 or step >= 30 for step in steps[:, 0])


def test_gain_moves_whole_patches_within_the_limit_and_not_below_the_floor():
    features, _ = batch()
    louder = change_gain(features, 6.0, -80.0, generator())
    for before, after in zip(features, louder, strict=True):
        free = after > -80
        assert np.ptp((after - before)[free]) == pytest.approx(0, abs=1e-4)
    assert np.abs(louder - features).max() <= 6.0 + 1e-4
    assert louder.min() >= -80
    assert len(np.unique((louder - features)[:, 0, :].max(axis=1))) == len(features)


@pytest.mark.parametrize("snr", [-5.0, 0.0, 20.0])
def test_backgrounds_are_mixed_at_the_ratio_asked_for(snr):
    features = np.full(SHAPE, -10.0, "float32")
    background = np.full((7, 16), -50.0, "float32")  # shorter than the patch: repeated
    mixed = mix_backgrounds(features, [background], (snr, snr), -80.0, generator())
    added = 10 ** (mixed / 10) - 10 ** (features / 10)
    assert 10 * np.log10(10**-1.0 / added) == pytest.approx(np.full(SHAPE, snr), abs=1e-2)


def test_mixup_mixes_features_and_labels_in_the_same_shares():
    features = np.zeros(SHAPE, "float32") - np.arange(4, dtype="float32")[:, None, None]
    targets = np.eye(4, dtype="float32")
    mixed, labels = mix_up(features, targets, 0.5, generator())
    np.testing.assert_allclose(labels.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(mixed[:, 0, 0], -labels @ np.arange(4), atol=1e-5)
    assert ((labels > 0) & (labels < 1)).any()


@pytest.mark.parametrize("axis", [1, 2])
def test_masks_hide_stretches_no_wider_than_their_share(axis):
    features, _ = batch()
    masked = mask(features, axis, 1, 0.25, generator())
    changed = (masked != features).any(axis=3 - axis)
    for row, hidden in enumerate(changed):
        where = np.flatnonzero(hidden)
        assert len(where) <= 0.25 * features.shape[axis]
        assert len(where) == 0 or np.ptp(where) == len(where) - 1
        assert np.take(masked[row], where, axis - 1) == pytest.approx(features[row].mean(), rel=1e-5)
    assert changed.any()


EVERYTHING = Augmentation(
    time_shift=1.0, gain=6.0, background="forest", time_masks=2, mel_masks=2, mixup=0.2, background_snr=(0.0, 10.0)
)


@pytest.mark.parametrize("framewise", [False, True])
def test_all_together_are_reproducible_and_leave_the_batch_as_it_was(framewise):
    features, targets = batch(framewise=framewise)
    kept = features.copy(), targets.copy()
    augmenter = Augmenter(EVERYTHING, -80.0, [batch(5)[0][0]])
    first, again, other = (augmenter(features, targets, generator(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).any()
    assert first[0].dtype == first[1].dtype == np.float32
    assert (first[0].shape, first[1].shape) == (features.shape, targets.shape)
    assert first[0].min() >= -80
    np.testing.assert_array_equal(features, kept[0])
    np.testing.assert_array_equal(targets, kept[1])


def test_nothing_asked_for_changes_nothing():
    features, targets = batch()
    same = Augmenter(Augmentation(), -80.0)(features, targets, generator())
    assert same[0] is features
    assert same[1] is targets


def test_levels_are_changed_in_decibels_only() -> None:
    Augmentation(gain=6.0, background="noises").check_unit("dB")
    Augmentation(time_masks=2, mixup=0.2).check_unit("PCEN")
    with pytest.raises(ConfigError, match=r"augment.gain=6: .* the features are in PCEN"):
        Augmentation(gain=6.0).check_unit("PCEN")
    with pytest.raises(ConfigError, match=r"augment\.background=noises"):
        Augmentation(background="noises").check_unit("PCEN")


def test_the_floor_is_that_of_the_features() -> None:
    features = generator().uniform(-120, -60, SHAPE).astype("float32")
    assert change_gain(features, 20.0, -120.0, generator()).min() == -120
    quiet = np.full((20, SHAPE[2]), -120, "float32")
    mixed = mix_backgrounds(features, [quiet + 30], (60.0, 60.0), -120.0, generator())
    assert -120 <= mixed.min() < -100
