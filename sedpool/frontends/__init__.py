"""Front-ends: networks that others trained, or of the user's own, whose embeddings are the features of a detector."""

from sedpool.frontends.aisfx import Aisfx
from sedpool.frontends.onnx_network import OnnxEmbedding

__all__ = ["Aisfx", "OnnxEmbedding"]
