"""Where the frames of aisfx lie, in frames of its spectrogram, which are 1024 samples apart."""

from typing import Literal

REDUCTION = 8
"""Spectrogram frames that an embedding sums up, and from one to the next in the original."""

STRIDES = {186: 8, 93: 4, 46: 2, 23: 1}
"""Spectrogram frames from one embedding to the next, by milliseconds."""

Layer = Literal["embedding", "block3"]
"""Whose output: the last block's mean over frequency, or the block before it, as (frequency, filter) in one."""

REACH = {"embedding": 30, "block3": 14}
"""Spectrogram frames to either side of those that it sums up that the convolutions up to a layer see."""


def lead(stride: int) -> int:
    """Return by how many spectrogram frames an embedding begins before the frame that it stands for.

    An embedding sums up `REDUCTION` frames; one that stands for fewer has them in its middle.
    """
    return (REDUCTION - stride) // 2


def context(stride: int, layer: Layer) -> int:
    """Return how many embeddings at either end of a part of a recording depend on what is beyond it."""
    reach, before = REACH[layer] + 1, lead(stride)  # one more, which the Fourier transform sees
    return max(-(-(reach + before) // stride), -(-(REDUCTION + reach - before) // stride) - 1)
