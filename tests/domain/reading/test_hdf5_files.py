"""HDF5 files in every form that h5py writes: what is in them is found, and so is what would open other files."""

import contextlib
import io
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.inspection import UnreadableModel
from shared.domain.reading.containers.hdf5 import Hdf5File, read_hdf5
from shared.domain.reading.limits import Limits

FOLDER = Path(__file__).parent / "hdf5"
WANTED = ("keras_version", "backend", "model_config")
SEEDS = [path.read_bytes() for path in sorted(FOLDER.glob("*.h5"))]


def read(data: bytes, before: int = 0) -> Hdf5File:
    return read_hdf5(io.BytesIO(b"x" * before + data), before, len(data), WANTED, Limits())


def made(name: str) -> bytes:
    return (FOLDER / f"{name}.h5").read_bytes()


@pytest.mark.parametrize("form", ["earliest", "latest"])
def test_groups_datasets_and_texts_are_found_in_the_oldest_form_and_in_the_newest(
    form: str,
) -> None:
    found = read(made(f"contents-{form}"), before=1_000)

    assert found.attributes["keras_version"] == "3.1.0"
    assert found.attributes["backend"] == "jax"
    assert len(found.attributes["model_config"]) == 5_002
    many = {f"/many/group {number} {'x' * (number % 30)}" for number in range(60)}
    assert set(found.groups) == {"", "/many"} | many
    assert {one.path: (one.shape, one.dtype) for one in found.datasets} == {
        "/plain": ((2, 3), "float32"),
        "/packed": ((9, 9), "float64"),
        "/growing": ((9,), "int64"),
        "/empty": ((0,), "float32"),
    }
    assert not found.elsewhere
    assert not found.odd


@pytest.mark.parametrize("form", ["earliest", "latest"])
@pytest.mark.parametrize("name", ["external_link", "external_storage", "virtual"])
def test_what_would_be_read_from_other_files_is_found(name: str, form: str) -> None:
    assert len(read(made(f"{name}-{form}")).elsewhere) == 1


@pytest.mark.parametrize("form", ["earliest", "latest"])
def test_links_by_path_are_noted(form: str) -> None:
    assert len(read(made(f"soft_link-{form}")).odd) == 1


def test_a_plug_in_that_would_be_loaded_is_noted() -> None:
    data = made("contents-latest")
    deflate = struct.pack(
        "<BBHHH", 2, 1, 1, 1, 1
    )  # version 2, one filter: deflate, optional, one value
    assert data.count(deflate) == 1

    assert read(data.replace(deflate, struct.pack("<BBHHH", 2, 1, 7, 1, 1))).odd


def test_a_group_inside_itself_is_read_once() -> None:
    """The first link of the root is made to lead to the root."""
    data = bytearray(made("contents-earliest"))
    at = data.index(b"SNOD") + 8
    data[at + 8 : at + 16] = struct.pack("<Q", 96)

    assert read(bytes(data)).groups.count("") == 1


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.99])
def test_a_file_that_ends_too_early_is_broken(share: float) -> None:
    for seed in SEEDS:
        with pytest.raises(UnreadableModel):
            read(seed[: int(len(seed) * share)])


@given(st.sampled_from(SEEDS), st.data())
@settings(max_examples=600, deadline=2_000)
def test_a_changed_file_is_read_or_refused_in_little_time(seed: bytes, data: st.DataObject) -> None:
    changed = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(seed) - 8, 6_000)))
        new = data.draw(
            st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff" * 8, bytes(8)])
        )
        changed[at : at + len(new)] = new
    with contextlib.suppress(UnreadableModel):
        read(bytes(changed))
