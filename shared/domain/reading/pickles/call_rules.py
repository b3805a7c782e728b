"""Which arguments the allowed builders may be called with, where the wrong ones would turn them into something else.

Some builders create an instance of any class they are given, or hand their argument back. With joblib's array wrapper as
that class, joblib would take the bytes that follow for an array and the reader would not, or the other way round: the
file would be read as another one than it is. So each gets only what real models give it.
"""

from collections.abc import Callable
from typing import TypeAlias

from shared.domain.reading.pickles.dtypes import parse_dtype
from shared.domain.reading.pickles.graph import Made, Name, Skipped, Value

_Rule: TypeAlias = Callable[[tuple[Value, ...]], bool]

_ARRAYS = (
    "numpy.ndarray",
    "numpy.matrix",
    "numpy.memmap",
    "numpy.ma.MaskedArray",
    "numpy.ma.core.MaskedArray",
)
_INDEXES = ("pandas.core.indexes.base.Index", "pandas.core.indexes.range.RangeIndex")
_PLAIN_BASES = tuple(
    f"builtins.{name}" for name in ("object", "dict", "list", "tuple", "set", "frozenset")
)
_LATIN = ("latin1", "latin-1")


def accepts_arguments(full: str, args: tuple[Value, ...], *, keywords: bool) -> bool:
    """Whether a builder may be called with these arguments. Builders without a rule take any."""
    rule = next((rule for ending, rule in _RULES if full.endswith(ending)), None)
    return rule is None or (not keywords and bool(args) and rule(args))


def _named(value: Value, *names: str) -> bool:
    return isinstance(value, Name) and value.full in names


def _makes_array(args: tuple[Value, ...]) -> bool:
    return _named(args[0], *_ARRAYS)


def _makes_masked_array(args: tuple[Value, ...]) -> bool:
    return len(args) > 1 and _named(args[0], *_ARRAYS) and _named(args[1], *_ARRAYS)


def _makes_number(args: tuple[Value, ...]) -> bool:
    kind = parse_dtype(args[0])
    plain = len(args) == 2 and (isinstance(args[1], bytes) or _is_encoded(args[1]))
    return plain and kind is not None and not kind.has_objects


def _is_encoded(value: Value) -> bool:
    return isinstance(value, Made) and value.full == "_codecs.encode"


def _encodes(args: tuple[Value, ...]) -> bool:
    return len(args) == 2 and isinstance(args[0], str | Skipped) and args[1] in _LATIN


def _makes_tree(args: tuple[Value, ...]) -> bool:
    return all(isinstance(arg, Name) and arg.full.startswith("sklearn.") for arg in args)


def _makes_generator(args: tuple[Value, ...]) -> bool:
    return all(
        isinstance(arg, str)
        or (isinstance(arg, Name | Made) and arg.full.startswith("numpy.random."))
        for arg in args
    )  # fmt: skip


def _makes_default(args: tuple[Value, ...]) -> bool:
    return args[0] is None or (isinstance(args[0], Name) and args[0].full.startswith("builtins."))


def _rebuilds(args: tuple[Value, ...]) -> bool:
    """`copyreg._reconstructor(cls, base, state)` calls `base.__new__` and `base.__init__`: only Python's own will do."""
    return len(args) == 3 and isinstance(args[0], Name) and _named(args[1], *_PLAIN_BASES)


_RULES: tuple[tuple[str, _Rule], ...] = (
    ("copyreg._reconstructor", _rebuilds),
    ("_codecs.encode", _encodes),
    ("numpy.dtype", lambda args: isinstance(args[0], str)),
    ("multiarray._reconstruct", _makes_array),
    ("multiarray.scalar", _makes_number),
    ("ma.core._mareconstruct", _makes_masked_array),
    ("indexes.base._new_Index", lambda args: _named(args[0], *_INDEXES)),
    (".newObj", _makes_tree),
    ("__randomstate_ctor", _makes_generator),
    ("__generator_ctor", _makes_generator),
    ("__bit_generator_ctor", _makes_generator),
    ("collections.defaultdict", _makes_default),
)
