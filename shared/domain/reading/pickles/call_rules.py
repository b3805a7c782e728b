"""Which arguments the allowed builders may be called with, where the wrong ones would turn them into something else.

Some builders create an instance of any class they are given, hand their argument back, or call methods of it. With joblib's
array wrapper as that class, joblib would take the bytes that follow for an array and the reader would not, or the other way
round: the file would be read as another one than it is. So each gets only what real models give it.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from shared.domain.reading.pickles.attribute_rules import MOST_OF_RULED
from shared.domain.reading.pickles.dtypes import parse_dtype
from shared.domain.reading.pickles.graph import Array, Made, Name, Pairs, Skipped, Value
from shared.domain.reading.pickles.plain_data import SHORT, Spend, is_plain
from shared.domain.reading.pickles.state_rules import find_bad_attributes
from shared.domain.reading.trust.statsmodels_names import STATSMODELS_BUILDERS

_Rule: TypeAlias = Callable[[tuple[Value, ...]], bool]

_ARRAYS = (
    "numpy.ndarray",
    "numpy.matrix",
    "numpy.memmap",
    "numpy.ma.MaskedArray",
    "numpy.ma.core.MaskedArray",
)
_PLAIN_BASES = tuple(
    f"builtins.{name}" for name in ("object", "dict", "list", "tuple", "set", "frozenset")
)
_LATIN = ("latin1", "latin-1")
_CORES = ("numpy.core.", "numpy._core.")
_PANDAS = "pandas."
_SKLEARN = "sklearn."
_REBUILDER = "copyreg._reconstructor"
_RANGE = "builtins.range"
_DICTS = ("builtins.dict", "collections.OrderedDict")
_BARE = ("builtins.bytearray", "builtins.bytes", "builtins.int", "collections.defaultdict")
_FRACTION = re.compile(r"-?[0-9]++(?:/[0-9]++)?")


def accepts_arguments(full: str, args: tuple[Value, ...], spend: Spend, *, keywords: bool) -> bool:
    """Whether a builder may be called with these arguments. Builders without a rule take any."""
    spend(len(args) // SHORT)
    if any(isinstance(arg, Made) and arg.full == _RANGE for arg in args):
        return False  # it would be gone through, number by number
    if full == _REBUILDER:
        return not keywords and _rebuilds(args, spend)
    if full in _DICTS:
        return _makes_dict(args, spend)
    rule = _RULES.get(full)
    if rule is not None:
        return not keywords and (rule(args) if args else full in _BARE)
    if full.startswith(_SKLEARN) and not _has_own_names(args):
        return False
    if full.startswith(_PANDAS):
        return not keywords and _makes_table(args, spend)
    return not full.startswith(_WITHOUT_ARGUMENTS) or not (args or keywords)


def _named(value: Value, *names: str) -> bool:
    return isinstance(value, Name) and value.full in names


def _has_own_names(args: tuple[Value, ...]) -> bool:
    """scikit-learn's constructors keep what they get: functions come as attributes, which have rules of their own."""
    return all(not isinstance(arg, Name) or arg.full.startswith(_SKLEARN) for arg in args)


def _makes_array(args: tuple[Value, ...]) -> bool:
    """An empty one, which its state then fills: of a greater length it would take memory for that."""
    return _named(args[0], *_ARRAYS) and args[1:2] == ((0,),)


def _makes_masked_array(args: tuple[Value, ...]) -> bool:
    arrays = len(args) > 1 and _named(args[0], *_ARRAYS) and _named(args[1], *_ARRAYS)
    return arrays and args[2:3] == ((0,),)


def _makes_number(args: tuple[Value, ...]) -> bool:
    kind = parse_dtype(args[0])
    plain = len(args) == 2 and (isinstance(args[1], bytes) or _is_encoded(args[1]))
    return plain and kind is not None and not kind.has_objects


def _is_encoded(value: Value) -> bool:
    return isinstance(value, Made) and value.full == "_codecs.encode"


def _encodes(args: tuple[Value, ...]) -> bool:
    return len(args) == 2 and isinstance(args[0], str | Skipped) and args[1] in _LATIN


def _makes_bytes(args: tuple[Value, ...]) -> bool:
    """Given a number, it would take memory for so many."""
    if len(args) == 2:
        return _encodes(args)
    return isinstance(args[0], bytes | Skipped) or _is_encoded(args[0])


def _makes_fraction(args: tuple[Value, ...]) -> bool:
    """Of a text with an exponent, or of a decimal, it would compute all digits."""
    if len(args) == 1 and isinstance(args[0], str):
        return _FRACTION.fullmatch(args[0]) is not None
    return all(type(arg) is int for arg in args)


def _makes_dict(args: tuple[Value, ...], spend: Spend) -> bool:
    """Of a list, each item is gone through for a key and a value: it has to be such a pair."""
    items = args[0] if args and isinstance(args[0], list | tuple) else ()
    spend(len(items))
    return len(items) < MOST_OF_RULED and all(isinstance(one, list | tuple) for one in items)


def _makes_tree(args: tuple[Value, ...]) -> bool:
    return all(isinstance(arg, Name) and arg.full.startswith("sklearn.") for arg in args)


def _makes_generator(args: tuple[Value, ...]) -> bool:
    return all(
        isinstance(arg, str)
        or (isinstance(arg, Name | Made) and arg.full.startswith("numpy.random."))
        for arg in args
    )  # fmt: skip


def _makes_default(args: tuple[Value, ...]) -> bool:
    return args == (None,) or (
        len(args) == 1
        and isinstance(args[0], Name)
        and args[0].full.startswith(("builtins.", "collections.OrderedDict"))
    )


def _rebuilds(args: tuple[Value, ...], spend: Spend) -> bool:
    """`copyreg._reconstructor(cls, base, state)` calls `base.__new__` and `base.__init__`: only Python's own will do.

    A dict could also be made of a list of pairs, whose keys no rule would see.
    """
    if len(args) != 3 or not isinstance(args[0], Name) or not _named(args[1], *_PLAIN_BASES):
        return False
    state = args[2]
    if _named(args[1], "builtins.object"):
        return state is None
    if not _named(args[1], "builtins.dict"):
        return isinstance(state, list | tuple)
    if not isinstance(state, Pairs) or len(state.pairs) >= MOST_OF_RULED:
        return False
    return find_bad_attributes(args[0].full, state, spend) is None


def _makes_table(args: tuple[Value, ...], spend: Spend) -> bool:
    """Of classes, pandas' builders get just pandas' own; it calls methods of whatever else it is given."""
    return all(
        (isinstance(arg, Name) and arg.full.startswith(_PANDAS)) or is_plain(arg, spend)
        for arg in args
    )


def _makes_filter(args: tuple[Value, ...]) -> bool:
    """The compiled filters of statsmodels get numbers, arrays and each other."""
    return all(
        arg is None
        or isinstance(arg, int | float | Array)
        or (isinstance(arg, Made) and (_is_array(arg) or arg.full in STATSMODELS_BUILDERS))
        for arg in args
    )


def _is_array(value: Made) -> bool:
    return value.full.startswith(_CORES) and value.full.endswith(("._reconstruct", "._frombuffer"))


_WITHOUT_ARGUMENTS = (
    "types.SimpleNamespace",
    "pytz._UTC",
    "scipy.",
    "numpy.random._mt19937.",
    "numpy.random._pcg64.",
    "numpy.random.bit_generator.SeedSequence",
)
_RULES: dict[str, _Rule] = {
    "builtins.bytearray": _makes_bytes,
    "builtins.bytes": _makes_bytes,
    # Of a decimal with an exponent it would compute all digits.
    "builtins.int": lambda args: not any(isinstance(arg, Made) for arg in args),
    "fractions.Fraction": _makes_fraction,
    "_codecs.encode": _encodes,
    # Texts are written as such: one that is computed could not be judged.
    "builtins.str": lambda args: False,  # noqa: ARG005 - whatever they are
    "numpy.dtype": lambda args: isinstance(args[0], str),
    **{f"{core}multiarray._reconstruct": _makes_array for core in _CORES},
    **{f"{core}multiarray.scalar": _makes_number for core in _CORES},
    "numpy.ma.core._mareconstruct": _makes_masked_array,
    **{
        f"sklearn.{place}.newObj": _makes_tree
        for place in (
            "neighbors._ball_tree",
            "neighbors._kd_tree",
            "neighbors._dist_metrics",
            "metrics._dist_metrics",
        )
    },
    **{
        f"numpy.random._pickle.{name}": _makes_generator
        for name in ("__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor")
    },
    "collections.defaultdict": _makes_default,
    "datetime.timezone": lambda args: all(isinstance(arg, str | Made) for arg in args),
    **dict.fromkeys(STATSMODELS_BUILDERS, _makes_filter),
}
