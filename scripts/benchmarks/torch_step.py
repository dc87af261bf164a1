"""The training step of the paper's network in PyTorch; prints its seconds, eager and compiled, as JSON.

Needs nothing but PyTorch, so that it may run in an environment of its own: ``python -P torch_step.py``.
"""

import json
import statistics
import time
from collections.abc import Callable
from contextlib import suppress

import torch
from torch import nn

BATCH, FRAMES, MELS, CLASSES, TURNS = 16, 430, 128, 10, 5


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


def stepper(network: Network, forward: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], None]:
    """One training step."""
    optimizer = torch.optim.Adam(network.parameters())
    x, y = torch.randn(BATCH, FRAMES, MELS), (torch.rand(BATCH, CLASSES) < 0.3).float()

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy(forward(x), y).backward()
        optimizer.step()

    return step


def seconds(step: Callable[[], None]) -> float:
    """Median time of a step."""
    step()
    taken = []
    for _ in range(TURNS):
        began = time.perf_counter()
        step()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


if __name__ == "__main__":
    eager = Network()
    results = {"PyTorch eager": seconds(stepper(eager, eager))}
    compiled = Network()
    with suppress(RuntimeError):  # no C++ compiler
        results["PyTorch compiled"] = seconds(stepper(compiled, torch.compile(compiled)))
    print(json.dumps(results))
