"""torch: whole modules, weights, TorchScript, and the ONNX and safetensors files that it can write."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.corpus.recipes import data
from tests.corpus.recipes.record import ROWS, Files, arrays


class Custom(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """A module of one's own, whose code no file of weights has."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(4, 3)
        self.out = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Two layers."""
        return self.out(torch.relu(self.hidden(x)))


def models() -> dict[str, tuple[Any, Any]]:
    """Each model with an input."""
    torch.manual_seed(1)
    rows = torch.tensor(data.numbers()[:ROWS], dtype=torch.float32)
    images = torch.tensor(
        np.random.RandomState(3).normal(size=(2, 1, 6, 6)), dtype=torch.float32
    )  # fmt: skip
    return {
        "dense": (
            nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3), nn.Softmax(1)),
            rows,
        ),
        "images": (
            nn.Sequential(
                nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 2)
            ),
            images,
        ),
        "custom": (Custom(), rows),
    }  # fmt: skip


def whole(files: Files, name: str, model: Any, known: dict[str, Any]) -> None:
    """The module itself, in the new form and the old one."""
    told: dict[str, Any] = {"estimator": "torch.nn.Sequential"}
    if name == "custom":
        told = {"judged": "unknown", "served": False}
    for form, new in (("whole", True), ("whole-legacy", False)):
        torch.save(model, files.path(f"{name}.{form}.pt"), _use_new_zipfile_serialization=new)
        files.note(
            f"{name}.{form}.pt",
            saved=f"torch.save of the module{'' if new else ', legacy form'}",
            format="torch",
            **known,
            **(told if new else {"judged": "unreadable"}),
        )


def scripts(files: Files, name: str, model: Any, rows: Any, known: dict[str, Any]) -> None:
    """Traced and scripted."""
    for form, script in (
        ("traced", torch.jit.trace(model, rows)),
        ("scripted", torch.jit.script(model)),
    ):
        torch.jit.save(script, files.path(f"{name}.{form}.pt"))
        files.note(
            f"{name}.{form}.pt", saved=f"torch.jit.save, {form}", format="torchscript", **known
        )


def weights(files: Files, name: str, model: Any) -> None:
    """The weights alone, and as trainers keep them."""
    nothing: dict[str, Any] = {"given": None, "predictions": None, "format": "torch"}
    state = model.state_dict()
    torch.save(state, files.path(f"{name}.weights.pt"))
    files.note(f"{name}.weights.pt", saved="torch.save of state_dict", **nothing)
    torch.save(state, files.path(f"{name}.weights-legacy.pt"), _use_new_zipfile_serialization=False)
    files.note(
        f"{name}.weights-legacy.pt",
        saved="torch.save of state_dict, legacy form",
        judged="unreadable",
        **nothing,
    )
    if name == "dense":
        half = {key: value.to(torch.bfloat16) for key, value in state.items()}
        torch.save(half, files.path("dense.bfloat16.pt"))
        files.note("dense.bfloat16.pt", saved="torch.save of state_dict in bfloat16", **nothing)
        optimizer = torch.optim.Adam(model.parameters())
        checkpoint = {"epoch": 3, "model": state, "optimizer": optimizer.state_dict(), "loss": 0.5}
        torch.save(checkpoint, files.path("dense.checkpoint.pt"))
        files.note("dense.checkpoint.pt", saved="torch.save of a checkpoint", **nothing)


def exported(files: Files, model: Any, rows: Any, known: dict[str, Any]) -> None:
    """As ONNX, by the exporter of this version that needs no other package."""
    name = "dense.onnx"
    options = {"dynamo": False} if torch.__version__ >= "2.5" else {}
    torch.onnx.export(
        model,
        (rows,),
        files.path(name),
        input_names=["x"],
        output_names=["y"],
        dynamic_axes={"x": {0: "rows"}, "y": {0: "rows"}},
        **options,
    )
    files.note(
        name,
        saved="torch.onnx.export",
        format="onnx",
        given=known["given"],
        predictions={"y": known["predictions"]},
        inputs=[["x", "float32", [-1, 4]]],
        outputs=[["y", "float32", [-1, 3]]],
    )


def safe(files: Files, model: Any) -> None:
    """The weights as safetensors."""
    from safetensors.torch import save_file  # noqa: PLC0415 - the older environment has none

    save_file(model.state_dict(), files.path("dense.safetensors"), metadata={"format": "pt"})
    files.note(
        "dense.safetensors",
        saved="safetensors.torch.save_file",
        format="safetensors",
        given=None,
        predictions=None,
    )


def main() -> None:
    """Writes them all."""
    warnings.simplefilter("ignore")
    files = Files("torch", "numpy")
    for name, (model, rows) in models().items():
        model.eval()
        with torch.no_grad():
            known = {"given": arrays("float32", x=rows), "predictions": model(rows)}
            whole(files, name, model, known)
            scripts(files, name, model, rows, known)
            weights(files, name, model)
            if name == "dense":
                exported(files, model, rows, known)
                safe(files, model)


if __name__ == "__main__":
    main()
