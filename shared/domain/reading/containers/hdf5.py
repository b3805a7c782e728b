"""HDF5 files as Keras writes them: every object that can be reached from the root, looked at without reading its numbers.

What would make the HDF5 library open other files, or load a plug-in, is found on the way: whoever reads a dataset gets it
without asking.
"""

from dataclasses import dataclass, field
from math import prod
from typing import BinaryIO

from shared.domain.reading.containers.hdf5_bytes import Fields, Hdf5Bytes, broken
from shared.domain.reading.containers.hdf5_links import Link, LinkKind, read_links
from shared.domain.reading.containers.hdf5_objects import Kind, Message, find_root, read_messages
from shared.domain.reading.containers.hdf5_values import parse_dtype, parse_shape, read_attributes
from shared.domain.reading.limits import Limits

_VIRTUAL = 3
_BUILT_IN_FILTERS = (1, 2, 3, 4, 5, 6, 32000)
"""deflate, shuffle, fletcher32, szip, nbit, scaleoffset, and lzf, which h5py brings along."""
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Dataset:
    """An array in the file. `dtype` is numpy's word; None for what is no plain number."""

    path: str
    shape: tuple[int, ...]
    dtype: str | None

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)


@dataclass(slots=True)
class Hdf5File:
    """What a file holds. `elsewhere` are sentences on what reading it would open; `odd` on what no model needs."""

    attributes: dict[str, str] = field(default_factory=dict)
    """The wanted ones of the root group."""
    groups: list[str] = field(default_factory=list)
    datasets: list[Dataset] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)


def read_hdf5(
    file: BinaryIO, start: int, size: int, wanted: tuple[str, ...], limits: Limits
) -> Hdf5File:
    """Walk the file of `size` bytes at `start`. `wanted` attributes of the root are read. Raises UnreadableModel."""
    source = Hdf5Bytes(file, start, size)
    root = find_root(source)
    found = Hdf5File()
    for name, text in read_attributes(source, read_messages(source, root), wanted, limits.document):
        if name in found.attributes:
            raise broken(f"has two attributes of the name {name}")
        found.attributes[name] = text
    seen = {root}
    todo = [("", root)]
    while todo:
        path, address = todo.pop()
        messages = read_messages(source, address)
        _describe(messages, path, found)
        for link in read_links(source, messages):
            inner = f"{path}/{link.name}"
            if _is_followed(link, inner, found) and link.address not in seen:
                seen.add(link.address)
                todo.append((inner, link.address))
    return found


def _is_followed(link: Link, path: str, found: Hdf5File) -> bool:
    shown = repr(path[:_LONGEST_SHOWN])
    if link.kind in (LinkKind.EXTERNAL, LinkKind.OTHER):
        found.elsewhere.append(f"Its HDF5 part has a link to another file: {shown}.")
    elif link.kind is LinkKind.SOFT:
        found.odd.append(f"Its HDF5 part has a link by path, which Keras does not write: {shown}.")
    return link.kind is LinkKind.HARD


def _describe(messages: list[Message], path: str, found: Hdf5File) -> None:
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    is_dataset = False
    for message in messages:
        match message.kind:
            case Kind.DATASPACE:
                shape = parse_shape(message.data)
            case Kind.DATATYPE if not message.shared:
                dtype = parse_dtype(message.data)
            case Kind.LAYOUT:
                is_dataset = True
                _check_layout(message, path, found)
            case Kind.EXTERNAL_FILES:
                found.elsewhere.append(
                    f"Its HDF5 part keeps the numbers of {path[:_LONGEST_SHOWN]!r} in another file."
                )
            case Kind.FILTERS:
                _check_filters(message, path, found)
    if is_dataset:
        found.datasets.append(Dataset(path, (0,) if shape is None else shape, dtype))
    else:
        found.groups.append(path)


def _check_layout(message: Message, path: str, found: Hdf5File) -> None:
    fields = Fields(message.data)
    version = fields.number(1)
    if version in (1, 2):
        fields.take(1)
    elif version not in (3, 4):
        raise broken("has a dataset laid out in a way that is not read here")
    if fields.number(1) >= _VIRTUAL:
        found.elsewhere.append(
            f"Its HDF5 part puts {path[:_LONGEST_SHOWN]!r} together from other files."
        )


def _check_filters(message: Message, path: str, found: Hdf5File) -> None:
    fields = Fields(message.data)
    version, count = fields.number(1), fields.number(1)
    fields.take(6 if version == 1 else 0)
    for _ in range(count):
        number = fields.number(2)
        named = version == 1 or number >= 256
        name = fields.number(2) if named else 0
        fields.take(2)
        values = fields.number(2)
        fields.take(name + (-name % 8 if version == 1 else 0) + 4 * values)
        fields.take(4 if version == 1 and values % 2 else 0)
        if number not in _BUILT_IN_FILTERS:
            found.odd.append(
                f"Its HDF5 part needs a plug-in (filter {number}) to read {path[:_LONGEST_SHOWN]!r}."
            )
