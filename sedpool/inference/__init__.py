"""Inference: features to scores, scores to events."""
