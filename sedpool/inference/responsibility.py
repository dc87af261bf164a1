"""Which frames made the clip's prediction? The pooling operator's weights, as in figure 1 of the paper."""

import keras
import numpy as np
import numpy.typing as npt

from sedpool.inference.predict import padded
from sedpool.models.detector import Detector


def responsibility(
    detector: Detector, features: npt.NDArray[np.float32], silence: float
) -> npt.NDArray[np.float32] | None:
    """How much each output frame of a clip counts in its prediction.

    Parameters
    ----------
    detector : Detector
        Trained.
    features : ndarray, shape (frames, n_mels)
        Of one clip.
    silence : float
        Value of digital silence in the features.

    Returns
    -------
    weights : ndarray, shape (output frames, classes), or None
        At least 0; each class sums to 1. None where the pooling operator is not a weighted mean of the frames, as
        log-sum-exp or noisy-or.
    """
    if not detector.pooling.is_weighted_mean:
        return None
    batch = padded(features, detector.min_frames, silence)[None]
    weights = detector.pooling.frame_weights(**detector.pooling_inputs(batch, training=False))
    return np.asarray(keras.ops.convert_to_numpy(weights)[0])
