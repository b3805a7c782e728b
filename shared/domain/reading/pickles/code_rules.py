"""What a file may do with Python code that it brings along: rebuild functions and classes, as cloudpickle does, and no more.

Own code is never clean. It is merely unknown where it is rebuilt in cloudpickle's own way and names nothing that reaches commands,
files or hidden code; calling it while loading, or changing what was there before with it, is what only attacks do.
"""

from collections.abc import Callable
from typing import TypeAlias

from shared.domain.reading.pickles.graph import Made, Name, Skipped, Value
from shared.domain.reading.pickles.plain_data import Spend
from shared.domain.reading.trust.own_code import reaches_out

_Rule: TypeAlias = Callable[[tuple[Value, ...]], bool]

_CODE, _BUILTIN_TYPE = "types.CodeType", "_builtin_type"
_CLOUDPICKLE = "cloudpickle."
_CLASSES = ("_make_skeleton_class", "_make_skeleton_enum")
_FUNCTIONS = ("_make_function", "_make_skel_func")
_COMPUTED = "It calls something that it computed itself while loading."
_HIDDEN = "It hides what its Python code asks for."
_SHOWN = 8
_LONGEST_NAME, _MOST_WRAPPED = 300, 4


def find_bad_code(callee: Value, args: tuple[Value, ...], spend: Spend, *, new: bool) -> str | None:
    """What is wrong with a call that rebuilds or uses code, as a sentence; None if nothing is, and for any other call.

    `new` is set where an instance is made without the class's constructor.
    """
    if not isinstance(callee, Name):
        if _is_code_type(callee):
            return _find_bad_names(args, spend)
        return None if new and _made_by(callee, _CLASSES) else _COMPUTED
    if callee.full == _CODE:
        return _find_bad_names(args, spend)
    rule = _RULES.get(callee.full)
    if callee.full.startswith(_CLOUDPICKLE):
        rule = _CLOUDPICKLE_RULES.get(_last(callee.full))
    if rule is None or rule(args):
        return None
    return f"It calls {callee.full} with what no code of a model's own gives it."


def _last(full: str) -> str:
    return full.rpartition(".")[2]


def _made_by(value: Value, makers: tuple[str, ...]) -> bool:
    return (
        isinstance(value, Made)
        and value.full.startswith(_CLOUDPICKLE)
        and _last(value.full) in makers
    )


def _is_code_type(callee: Value) -> bool:
    """Whether it is how cloudpickle spells `types.CodeType`, as a call."""
    return _made_by(callee, (_BUILTIN_TYPE,)) and callee.args == ("CodeType",)


def _find_bad_names(args: tuple[Value, ...], spend: Spend) -> str | None:
    """The names that code asks for come behind its bytes and its constants, in every release of Python."""
    spend(len(args))
    at = next((at for at, arg in enumerate(args) if isinstance(arg, bytes | Skipped)), len(args))
    names = args[at + 2] if at + 2 < len(args) else None
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        return _HIDDEN
    spend(sum(1 + len(name) for name in names))
    bad = [name[:80] for name in names if reaches_out(name)]
    if not bad:
        return None
    return f"The Python code that it brings can run commands or reach files: it names {', '.join(bad[:_SHOWN])}."


def _imports(args: tuple[Value, ...]) -> bool:
    if not args or not isinstance(args[0], str) or len(args[0]) > _LONGEST_NAME:
        return False
    return not reaches_out(args[0])


def _fills_class(args: tuple[Value, ...]) -> bool:
    return bool(args) and _made_by(args[0], _CLASSES)


def _fills_function(args: tuple[Value, ...]) -> bool:
    return bool(args) and _made_by(args[0], _FUNCTIONS)


def _wraps(args: tuple[Value, ...]) -> bool:
    return len(args) <= _MOST_WRAPPED and all(
        arg is None or isinstance(arg, str) or _made_by(arg, _FUNCTIONS) for arg in args
    )


_RULES: dict[str, _Rule] = {
    "builtins.classmethod": _wraps,
    "builtins.property": _wraps,
    "builtins.staticmethod": _wraps,
    "builtins.type": lambda args: False,  # noqa: ARG005 - it is the class of a class, and never called
}
_CLOUDPICKLE_RULES: dict[str, _Rule] = {
    "_class_setstate": _fills_class,
    "_fill_function": _fills_function,
    "_function_setstate": _fills_function,
    "_rehydrate_skeleton_class": _fills_class,
    "dynamic_subimport": _imports,
    "subimport": _imports,
}
