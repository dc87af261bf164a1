"""What the package itself computes with PyTorch, which it needs: the oracle of our forward pass.

    python tests/frontends/embedding_net.py WHEEL tests/frontends/fixtures/embedding_net.npz

records it, in any environment with PyTorch and NumPy. Of the package only the network and its weights are used.
"""

import io
import sys
import zipfile
from types import ModuleType

import numpy as np


def spectrograms() -> np.ndarray:
    """Two blocks of 100 frames, as long as the package cuts them."""
    return np.random.default_rng(0).random((2, 100, 96), dtype=np.float32)


def embedding_net(wheel: str, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Apply the network of the package.

    Returns
    -------
    outputs : dict of str to ndarray
        ``clip`` (batch, 512), what it returns, and ``frames`` (batch, frames, 512), the maximum over which that is.
    """
    import torch

    network = ModuleType("cnn2d")
    with zipfile.ZipFile(wheel) as archive:
        exec(archive.read("aisfx/models/cnn2d.py"), vars(network))
        content = io.BytesIO(archive.read("aisfx/models/checkpoint.pth"))
    state, classes = torch.load(content, weights_only=False)  # of a known hash
    model = network.CrossNet(network.EmbeddingNet("max", 3, 1, 64), classes, "cpu")
    model.load_state_dict(state)
    model.eval()
    net = model.embedding_net
    with torch.no_grad():
        x = torch.from_numpy(inputs)
        clip = net(x)
        x = x.unsqueeze(1)
        for block, size in ((1, 2), (2, 2), (3, 2), (4, 1)):
            x = getattr(net, f"conv_block{block}")(x, pool_size=(size, size), pool_type="max")
        frames = x.mean(dim=3).transpose(1, 2)
    return {"clip": clip.numpy(), "frames": frames.numpy()}


if __name__ == "__main__":
    np.savez_compressed(sys.argv[2], **embedding_net(sys.argv[1], spectrograms()))
