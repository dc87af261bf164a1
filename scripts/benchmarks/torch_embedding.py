"""Measure aisfx's own network in PyTorch: ``python -P torch_embedding.py WHEEL FRAMES THREADS TURNS``.

Prints the seconds of each turn as JSON. Needs only PyTorch, so that it can run in an environment of its own.
"""

import io
import json
import sys
import time
import zipfile
from types import ModuleType

import torch


def main() -> None:
    """Time the network as the package runs it, and with channels last, which suits processors better."""
    wheel, frames, threads, turns = sys.argv[1], *map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    network = ModuleType("cnn2d")
    with zipfile.ZipFile(wheel) as archive:
        exec(archive.read("aisfx/models/cnn2d.py"), vars(network))
        content = io.BytesIO(archive.read("aisfx/models/checkpoint.pth"))
    state, classes = torch.load(content, weights_only=False)  # of a known hash
    model = network.CrossNet(network.EmbeddingNet("max", 3, 1, 64), classes, "cpu")
    model.load_state_dict(state)
    model.eval()
    spectrogram = torch.rand((1, frames, 96))
    taken: dict[str, list[float]] = {}
    with torch.no_grad():
        for name, layout in (("PyTorch", torch.contiguous_format), ("PyTorch, channels last", torch.channels_last)):
            net = model.embedding_net.to(memory_format=layout)
            net(spectrogram)
            for _ in range(turns):
                began = time.perf_counter()
                net(spectrogram)
                taken.setdefault(name, []).append(time.perf_counter() - began)
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
