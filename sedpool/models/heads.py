"""What goes on top of a front-end: small networks that read its embeddings frame by frame."""

from collections.abc import Sequence

import keras
from keras import layers

from sedpool.errors import ConfigError
from sedpool.models.backbones import described


@described
def embedding_head(n_features: int = 512, hidden: Sequence[int] = (), dropout: float = 0.0) -> keras.Model:
    """Network for embeddings: each value is standardised, then fully connected layers read each frame by itself.

    Parameters
    ----------
    n_features : int
        Values per frame of the embeddings.
    hidden : sequence of int
        Units of each layer, with ReLU; with none the detector is linear in the embedding.
    dropout : float
        Share of the values before each layer, and before the output, that a training step leaves out.

    Raises
    ------
    ConfigError
        If a number is out of range.
    """
    if n_features < 1 or min(hidden, default=1) < 1 or not 0 <= dropout < 1:
        raise ConfigError(
            f"model: n_features={n_features}, hidden={list(hidden)}, dropout={dropout}; expected numbers of 1 or more, "
            "and a share below 1"
        )
    inputs = keras.Input((None, n_features), name="features")
    # Statistics are float32 whatever the precision of what follows, and settle within the few steps of a small corpus.
    x = layers.BatchNormalization(momentum=0.9, name="standard", dtype="float32")(inputs)
    for index, units in enumerate(hidden, start=1):
        x = layers.Dropout(dropout, name=f"dropout{index}")(x)
        x = layers.Dense(units, activation="relu", kernel_initializer="he_normal", name=f"hidden{index}")(x)
    return keras.Model(inputs, layers.Dropout(dropout, name="dropout")(x), name="backbone")
