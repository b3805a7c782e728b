"""Opcodes of the pickle machine that look up a name, call it, or fill in an object's state: where harm can be done.

Nothing is looked up or called. A call is allowed only of a name that the allowlist lets build things, never of something
that the file computed; state is filled only into what the file has just built.
"""

from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

from shared.domain.reading.limits import corrupt
from shared.domain.reading.pickles.call_rules import accepts_arguments
from shared.domain.reading.pickles.code_rules import find_bad_code
from shared.domain.reading.pickles.graph import Made, Name, Pairs, Value
from shared.domain.reading.pickles.joblib_arrays import (
    JOBLIB_ARRAY,
    arrays_elsewhere,
    is_array_elsewhere,
    read_joblib_array,
)
from shared.domain.reading.pickles.machine import Machine, Opcode
from shared.domain.reading.pickles.state_rules import find_bad_state, may_turn_bad
from shared.domain.reading.trust.names import Trust

_PYTHON_3_PROTOCOL = 3


def _push_name(machine: Machine, module: str, name: str) -> None:
    if machine.protocol < _PYTHON_3_PROTOCOL:
        if (module, name) in NAME_MAPPING:
            module, name = NAME_MAPPING[(module, name)]
        else:
            module = IMPORT_MAPPING.get(module, module)
    trust = machine.evidence.add_name(module, name, machine.dialect.judge)
    machine.push_name(Name(f"{module}.{name}", trust))


def _name_line(machine: Machine) -> str:
    line = machine.source.line(machine.limits.name)
    if line is None:
        raise corrupt("a name in it is too long")
    return line.decode("utf-8")


def _look_up(machine: Machine) -> None:
    module = _name_line(machine)
    _push_name(machine, module, _name_line(machine))


def _look_up_stacked(machine: Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    if isinstance(name, str) and isinstance(module, str):
        _push_name(machine, module, name)
        return
    machine.evidence.add_dangerous("It hides what it asks for: a name is computed while loading.")
    machine.push(Name("", Trust.DANGEROUS))


def _call(
    machine: Machine, callee: Value, args: Value, *, keywords: bool = False, new: bool = False
) -> None:
    """A call, or with `new` an instance made without the class's constructor."""
    machine.count_object()
    if not isinstance(args, tuple):
        raise corrupt("a call in it has no arguments")
    bad = find_bad_code(callee, args, machine.count_work, new=new)
    if bad:
        machine.evidence.add_dangerous(bad)
    elif not isinstance(callee, Name):
        pass  # own code is rebuilt: its names are refused already
    elif callee.trust is Trust.MENTIONED:
        machine.evidence.add_unknown(f"It calls {callee.full}, which a model only mentions.")
    elif callee.trust is Trust.RESTORED and (args or keywords or not new):
        machine.evidence.add_unknown(
            f"It calls {callee.full}, of which a model only restores instances."
        )
    elif not (
        accepts_arguments(callee.full, args, machine.count_work, keywords=keywords)
        and machine.dialect.accepts(callee.full, args, keywords)
    ):
        machine.evidence.add_dangerous(
            f"It calls {callee.full} with arguments that no model gives it."
        )
    machine.push(Made(callee, args))


def _reduce(machine: Machine) -> None:
    args, callee = machine.stack.pop(), machine.stack.pop()
    _call(machine, callee, args)


def _new(machine: Machine) -> None:
    args, callee = machine.stack.pop(), machine.stack.pop()
    _call(machine, callee, args, new=True)


def _new_with_keywords(machine: Machine) -> None:
    keywords, args, callee = machine.stack.pop(), machine.stack.pop(), machine.stack.pop()
    if not isinstance(keywords, Pairs):
        raise corrupt("a call in it has no keywords")
    _call(machine, callee, args, keywords=bool(keywords.pairs), new=True)


def _instantiate(machine: Machine) -> None:
    """INST: the class is named in the opcode itself."""
    module = _name_line(machine)
    name = _name_line(machine)
    args = tuple(machine.pop_mark())
    _push_name(machine, module, name)
    _call(machine, machine.stack.pop(), args)


def _instantiate_stacked(machine: Machine) -> None:
    """OBJ: the class lies below its arguments."""
    group = machine.pop_mark()
    _call(machine, group[0], tuple(group[1:]))


def _build(machine: Machine) -> None:
    state, target = machine.stack.pop(), machine.stack[-1]
    if not isinstance(target, Made):
        machine.evidence.add_dangerous("It changes something that it did not build itself.")
        return
    if target.state is not None:
        machine.evidence.add_unknown("It fills in the same object twice.")
    bad = find_bad_state(target, state, machine.limits.kept_items, machine.count_work)
    if bad:
        machine.evidence.add_unknown(bad)
    if is_array_elsewhere(target.instance_of):
        raise arrays_elsewhere()
    target.state = state
    if may_turn_bad(target, state):
        machine.look_again.append(target)
    if target.instance_of == JOBLIB_ARRAY:
        machine.stack[-1] = read_joblib_array(machine, target)


def _refuse_extension(width: int) -> Opcode:
    def refuse(machine: Machine) -> None:
        machine.source.take(width)
        machine.evidence.add_dangerous(
            "It hides what it asks for behind a number of Python's extension registry."
        )
        machine.push(Name("", Trust.DANGEROUS))

    return refuse


def _refuse_outside_object(machine: Machine) -> None:
    part = machine.dialect.outside(machine.stack.pop())
    if part is None:
        _push_outside(machine)
    else:
        machine.push(part)


def _refuse_outside_line(machine: Machine) -> None:
    _name_line(machine)
    _push_outside(machine)


def _push_outside(machine: Machine) -> None:
    machine.evidence.add_unknown(
        "Parts of the model are not in the file: it refers to objects or buffers kept elsewhere."
    )
    machine.push(Name("", Trust.UNKNOWN))


CALL_OPCODES: dict[bytes, Opcode] = {
    b"c": _look_up,
    b"\x93": _look_up_stacked,
    b"R": _reduce,
    b"\x81": _new,
    b"\x92": _new_with_keywords,
    b"i": _instantiate,
    b"o": _instantiate_stacked,
    b"b": _build,
    b"\x82": _refuse_extension(1),
    b"\x83": _refuse_extension(2),
    b"\x84": _refuse_extension(4),
    b"P": _refuse_outside_line,
    b"Q": _refuse_outside_object,
    b"\x97": _push_outside,
    b"\x98": lambda machine: None,  # noqa: ARG005 - READONLY_BUFFER leaves its value as it is
}
