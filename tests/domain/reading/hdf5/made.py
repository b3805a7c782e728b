"""Makes the HDF5 files of this folder with h5py, which is not among the requirements: `python made.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

HERE = Path(__file__).parent
ELSEWHERE = "/etc/hosts"


def contents(file: Any) -> None:
    """Datasets of several layouts, many links, attributes of several kinds."""
    file.attrs["keras_version"] = "3.1.0"
    file.attrs["backend"] = b"jax"
    file.attrs["model_config"] = "{" + " " * 5_000 + "}"
    for number in range(12):
        file.attrs[f"extra{number}"] = number
    many = file.create_group("many", track_order=True)
    for number in range(60):
        many.create_group(f"group {number} {'x' * (number % 30)}")
    file.create_dataset("plain", data=np.zeros((2, 3), "float32"))
    file.create_dataset("packed", data=np.zeros((9, 9)), chunks=(3, 3), compression="gzip")
    file.create_dataset("growing", shape=(9,), maxshape=(None,), dtype="i8")
    file.create_dataset("empty", data=h5py.Empty("f"))


def external_link(file: Any) -> None:
    """A link into another file, among others."""
    group = file.create_group("group", track_order=True)
    for number in range(20):
        group.create_group(str(number))
    group["outside"] = h5py.ExternalLink(ELSEWHERE, "/a")


def soft_link(file: Any) -> None:
    """A link by path."""
    file["soft"] = h5py.SoftLink("/a")


def external_storage(file: Any) -> None:
    """A dataset whose numbers are in another file."""
    file.create_dataset("x", shape=(10,), dtype="u1", external=[(ELSEWHERE, 0, 10)])


def virtual(file: Any) -> None:
    """A dataset put together from other files."""
    layout = h5py.VirtualLayout(shape=(10,), dtype="u1")
    layout[:] = h5py.VirtualSource(ELSEWHERE, "a", shape=(10,))
    file.create_virtual_dataset("x", layout)


FILES: tuple[Callable[[Any], None], ...] = (contents, external_link, soft_link, external_storage, virtual)  # fmt: skip


def main() -> None:
    """Write each in the oldest form and in the newest."""
    for fill in FILES:
        for form in ("earliest", "latest"):
            name = f"{fill.__name__}-{form}.h5"
            with h5py.File(HERE / name, "w", libver=form, track_order=form == "latest") as file:
                fill(file)


if __name__ == "__main__":
    main()
