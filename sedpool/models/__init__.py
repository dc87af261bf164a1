"""Backbones and the detector that a pooling operator makes of them."""

from sedpool.models.backbones import compact_cnn, paper_cnn, paper_crnn, time_reduction
from sedpool.models.detector import Detector, build_detector
from sedpool.models.heads import aisfx_last_block, embedding_head, onnx_head
from sedpool.models.normalization import BatchNormalization

__all__ = [
    "BatchNormalization",
    "Detector",
    "aisfx_last_block",
    "build_detector",
    "compact_cnn",
    "embedding_head",
    "onnx_head",
    "paper_cnn",
    "paper_crnn",
    "time_reduction",
]
