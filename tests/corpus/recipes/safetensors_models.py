"""safetensors from numpy, and numpy's own archive: weights without a model."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save_file

from tests.corpus.recipes import data
from tests.corpus.recipes.record import Files


def main() -> None:
    """Writes them."""
    files = Files("safetensors", "numpy")
    x = data.numbers()
    tensors = {
        "layer.weight": x[:8].astype(np.float32),
        "layer.bias": x[0].astype(np.float16),
        "steps": np.array([7]),
        "empty": np.zeros((0, 4)),
    }
    for name, metadata in (("plain", None), ("described", {"format": "np", "author": "corpus"})):
        save_file(tensors, files.path(f"{name}.safetensors"), metadata)
        files.note(
            f"{name}.safetensors",
            saved="safetensors.numpy.save_file",
            format="safetensors",
            given=None,
            predictions=None,
        )


if __name__ == "__main__":
    main()
