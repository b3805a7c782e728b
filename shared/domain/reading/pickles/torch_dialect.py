"""How `torch.save` pickles: tensors by functions of its own, their numbers in storages kept beside the pickle.

A dialect of the pickle machine for the files of one archive. Every storage a tensor refers to must be there in full.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

from shared.domain.reading.limits import corrupt
from shared.domain.reading.pickles.dialect import Dialect
from shared.domain.reading.pickles.graph import Made, Name, Pairs, Value
from shared.domain.reading.trust.names import Trust
from shared.domain.reading.trust.torch_names import (
    COMPILED,
    DTYPES,
    LAYERS,
    REBUILDERS,
    STORAGES,
    judge_torch_name,
)

_Rule: TypeAlias = Callable[[tuple[Value, ...]], bool]
_MOST_DIMENSIONS = 64
_PARAMETER = "._rebuild_parameter"
_SCRIPTED = "__torch__."
_SCRIPT_BUILDERS = frozenset(
    f"torch.jit._pickle.{name}"
    for name in (
        "build_intlist",
        "build_tensorlist",
        "build_doublelist",
        "build_boollist",
        "restore_type_tag",
    )
)


@dataclass(frozen=True, slots=True)
class Storage:
    """The numbers of one or more tensors, in a file of the archive. `kind` is the full name of its class."""

    kind: str
    numbers: int
    location: str


@dataclass(frozen=True, slots=True)
class TensorShape:
    """A tensor's lengths and its data type in numpy's words; None for a type that numpy does not have.

    `learned` tells whether training changes it.
    """

    lengths: tuple[int, ...]
    dtype: str | None
    learned: bool

    @property
    def numbers(self) -> int:
        """How many numbers it holds."""
        return prod(self.lengths)


def torch_dialect(sizes: Mapping[str, int] | None, *, scripted: bool = False) -> Dialect:
    """The dialect of a pickle whose storages have these sizes in bytes, by their keys; None where they were left out.

    `scripted` is for the pickles in a TorchScript archive.
    """
    return Dialect(
        judge=_judge_scripted if scripted else judge_torch_name,
        accepts=_accepts,
        outside=lambda reference: _find_storage(reference, sizes),
    )


def tensor_shape(value: Value) -> TensorShape | None:
    """Shape and type of a tensor or parameter in the graph; None for anything else."""
    if not isinstance(value, Made) or value.full not in REBUILDERS or not value.args:
        return None
    if value.full.endswith(_PARAMETER):
        inner = value.args[0]
        nested = isinstance(inner, Made) and inner.full.endswith(_PARAMETER)
        return None if nested else tensor_shape(inner)
    if not isinstance(value.args[0], Storage) or not _fits(value.args):
        return None
    return TensorShape(
        tuple(value.args[2]),
        DTYPES.get(value.args[0].kind),
        learned=len(value.args) > 4 and value.args[4] is True,
    )


def _judge_scripted(module: str, name: str) -> Trust | None:
    """TorchScript's own loader takes these names for types in the archive's code, and imports nothing."""
    full = f"{module}.{name}"
    if full.startswith(COMPILED):
        return Trust.UNKNOWN
    if full.startswith(_SCRIPTED) or full in _SCRIPT_BUILDERS:
        return Trust.BUILDS
    return judge_torch_name(module, name)


def _find_storage(reference: Value, sizes: Mapping[str, int] | None) -> Storage | None:
    """What `('storage', class, key, location, numbers)` refers to; None for a reference of another form."""
    if not isinstance(reference, tuple) or len(reference) != 5 or reference[0] != "storage":
        return None
    _, kind, key, location, numbers = reference
    if not (isinstance(kind, Name) and kind.full in STORAGES and isinstance(key, str)):
        return None
    if not isinstance(location, str) or type(numbers) is not int:
        return None
    if sizes is not None and sizes.get(key) != numbers * STORAGES[kind.full]:
        raise corrupt(f"the numbers of a tensor (data/{key[:20]}) are not in it in full")
    return Storage(kind.full, numbers, location)


def _accepts(full: str, args: tuple[Value, ...], keywords: bool) -> bool:
    if full in LAYERS or full.startswith(_SCRIPTED):
        return not args and not keywords
    rule = _RULES.get(full)
    return rule is None or (not keywords and rule(args))


def _counts(value: Value) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) <= _MOST_DIMENSIONS
        and all(type(one) is int and 0 <= one < 2**62 for one in value)
    )


def _fits(args: tuple[Any, ...]) -> bool:
    """Whether (storage, offset, lengths, strides) stay inside the storage, and are what a tensor can have."""
    if len(args) < 4 or not isinstance(args[0], Storage):
        return False
    storage, offset, lengths, strides = args[:4]
    if not (_counts((offset,)) and _counts(lengths) and _counts(strides)):
        return False
    if len(lengths) != len(strides):
        return False
    if 0 in lengths or storage.kind == "torch.storage.UntypedStorage":
        return True  # of an untyped storage, torch itself compares the bytes
    last = sum((length - 1) * stride for length, stride in zip(lengths, strides, strict=True))
    return bool(offset + last < storage.numbers)


def _no_hooks(value: Value) -> bool:
    plain = isinstance(value, Made) and value.full == "collections.OrderedDict"
    return value is None or (
        plain and not value.args and not value.pairs and value.state is None
    )  # fmt: skip


def _rebuilds_tensor(args: tuple[Value, ...]) -> bool:
    """storage, offset, lengths, strides; then whether it learns, hooks, for version 3 the type, and no metadata."""
    rest = args[4:]
    return (
        _fits(args)
        and (not rest or (len(rest) > 1 and type(rest[0]) is bool and _no_hooks(rest[1])))
        and all(one is None or isinstance(one, Name) for one in rest[2:])
    )


def _rebuilds_parameter(args: tuple[Value, ...]) -> bool:
    return (
        len(args) == 3
        and tensor_shape(args[0]) is not None
        and type(args[1]) is bool
        and _no_hooks(args[2])
    )


def _holds_plain(args: tuple[Value, ...]) -> bool:
    return all(isinstance(one, str | int | list | tuple) for one in args)


def _restores_tag(args: tuple[Value, ...]) -> bool:
    return len(args) == 2 and isinstance(args[0], list | Pairs | Made) and isinstance(args[1], str)


_RULES: dict[str, _Rule] = {
    "torch._utils._rebuild_tensor": _rebuilds_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuilds_tensor,
    "torch._utils._rebuild_tensor_v3": _rebuilds_tensor,
    "torch._utils._rebuild_parameter": _rebuilds_parameter,
    "torch.Size": _holds_plain,
    "torch.device": _holds_plain,
    "torch.serialization._get_layout": _holds_plain,
    **{
        name: lambda args: len(args) == 1 and isinstance(args[0], list) for name in _SCRIPT_BUILDERS
    },
    "torch.jit._pickle.restore_type_tag": _restores_tag,
}
