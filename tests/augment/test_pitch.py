import numpy as np
import pytest

from sedpool import audio
from sedpool.augment import PitchShifted, PitchVariants
from sedpool.features import FeatureStore, LogMel

EXTRACTOR = LogMel(sr=22050)


def tone(frequency: float) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(22050) / 22050).astype("float32")


def test_features_are_those_of_the_shifted_sound():
    shifted = PitchShifted(EXTRACTOR, 12.0)(tone(440))
    octave = EXTRACTOR(tone(880))
    assert shifted.shape == octave.shape
    assert (shifted[5:-5].argmax(axis=1) == octave[5:-5].argmax(axis=1)).all()


def test_every_shift_has_a_store_of_its_own(tmp_path):
    folders = {FeatureStore(tmp_path, extractor).folder for extractor in (EXTRACTOR, PitchShifted(EXTRACTOR, 1.0))}
    folders |= {FeatureStore(tmp_path, PitchShifted(EXTRACTOR, shift)).folder for shift in (-1.0, 1.0, 2.0)}
    assert len(folders) == 4


def test_the_store_computes_shifted_features(tmp_path):
    audio.write_wav(tmp_path / "tone.wav", tone(440) / 2, 22050)
    shifted = PitchShifted(EXTRACTOR, 2.0)
    features, broken = FeatureStore(tmp_path / "cache", shifted).prepare({"tone.wav": str(tmp_path / "tone.wav")})
    assert not broken
    np.testing.assert_array_equal(features["tone.wav"], shifted(audio.read(tmp_path / "tone.wav", 22050)))


def test_variants_have_names_of_their_own_and_lead_to_their_version():
    variants = PitchVariants({-1.0: {"a b.wav": 1, "c.wav": 2}, 0.0: {"a b.wav": 3, "c.wav": 4}})
    assert len(variants) == len(set(variants)) == 4
    assert sorted(variants.values()) == [1, 2, 3, 4]
    assert [variants[name] for name in variants if name.endswith("a b.wav")] == [1, 3]
    with pytest.raises(KeyError):
        variants["+2 c.wav"]
