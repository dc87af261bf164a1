"""Measure the training step of the paper's network in PyTorch, in each way that a user may run it.

Prints one row per variant as JSON. Needs only PyTorch, so that it can run in an environment of its own:
``python -P torch_step.py TURNS``.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

BATCH, FRAMES, MELS, CLASSES = 16, 430, 128, 10
STEPS = 4  # of each turn


class Variant(NamedTuple):
    """One way to run the network."""

    name: str
    compiled: bool
    memory_format: torch.memory_format
    precision: str  # mixed_bfloat16: under autocast


VARIANTS = (
    Variant("PyTorch eager", False, torch.contiguous_format, "float32"),
    Variant("PyTorch eager, channels_last", False, torch.channels_last, "float32"),
    Variant("PyTorch eager, channels_last", False, torch.channels_last, "mixed_bfloat16"),
    Variant("PyTorch compiled", True, torch.contiguous_format, "float32"),
    Variant("PyTorch compiled, channels_last", True, torch.channels_last, "float32"),
    Variant("PyTorch compiled, channels_last", True, torch.channels_last, "mixed_bfloat16"),
)


class Network(nn.Module):
    """Convolutions as in the paper, max pooling over the frames."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.BatchNorm2d(1)]
        channels = 1
        for width in (16, 32, 64, 128):
            for _ in range(2):
                layers += [nn.Conv2d(channels, width, 3, padding="same"), nn.ReLU(), nn.BatchNorm2d(width)]
                channels = width
            layers.append(nn.MaxPool2d(2))
        layers += [nn.Conv2d(channels, 256, (1, MELS // 16)), nn.ReLU(), nn.BatchNorm2d(256)]
        self.features = nn.Sequential(*layers)
        self.output = nn.Linear(256, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features (batch, frames, mels) to clip probabilities."""
        frames = self.features(x[:, None]).squeeze(3).transpose(1, 2)
        return torch.sigmoid(self.output(frames)).amax(dim=1)


def training_steps(variant: Variant) -> Callable[[], None]:
    """Return a function that makes `STEPS` training steps on one batch."""
    network = Network().to(memory_format=variant.memory_format)
    forward = torch.compile(network, dynamic=False) if variant.compiled else network
    optimizer = torch.optim.Adam(network.parameters())
    x, y = torch.randn(BATCH, FRAMES, MELS), (torch.rand(BATCH, CLASSES) < 0.3).float()

    def steps() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=variant.precision == "mixed_bfloat16"):
                probabilities = forward(x)
            nn.functional.binary_cross_entropy(probabilities.float(), y).backward()
            optimizer.step()

    return steps


def measure(turns: int) -> list[dict[str, object]]:
    """Return one row per variant: median seconds of a step, the variants taking turns; NaN and a note if it fails."""
    works: dict[Variant, Callable[[], None]] = {}
    notes = dict.fromkeys(VARIANTS, "")
    for variant in VARIANTS:
        steps = training_steps(variant)
        try:
            steps()  # compiles
            steps()
        except RuntimeError as error:  # no C++ compiler, for one
            notes[variant] = f"failed: {str(error).strip().splitlines()[0]}"
        else:
            works[variant] = steps
    taken: dict[Variant, list[float]] = {variant: [] for variant in works}
    for _ in range(turns):
        for variant, steps in works.items():
            began = time.perf_counter()
            steps()
            taken[variant].append((time.perf_counter() - began) / STEPS)
    return [
        {
            "name": variant.name,
            "precision": variant.precision,
            "seconds": statistics.median(taken[variant]) if variant in taken else float("nan"),
            "note": note,
        }
        for variant, note in notes.items()
    ]


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
