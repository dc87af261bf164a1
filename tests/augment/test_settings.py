import pytest
from pydantic import ValidationError

from sedpool.augment import Augmentation


@pytest.mark.parametrize(
    "wrong",
    [
        {"pitch_shift": [1, 1]},
        {"pitch_shift": [13]},
        {"time_shift": 1.1},
        {"gain": -1},
        {"background_snr": [10, 0]},
        {"time_masks": -1},
        {"mixup": float("nan")},
        {"bag_duration": [10, 5]},
        {"bag_duration": [0, 5]},
        {"mixupp": 0.1},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Augmentation(**wrong)
