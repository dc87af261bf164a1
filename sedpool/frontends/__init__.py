"""Front-ends: networks that others trained, or of the user's own, whose embeddings are the features of a detector."""

from sedpool.frontends.aisfx import Aisfx

__all__ = ["Aisfx"]
