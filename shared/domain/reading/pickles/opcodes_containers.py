"""Opcodes of the pickle machine that build tuples, lists, dicts and sets.

Of long lists and dicts only the first entries are kept (`Limits.kept_items`). Filling anything but a container that the
file has just made would change a class or module that is already there, and is noted as an offence.
"""

from shared.domain.reading.limits import corrupt
from shared.domain.reading.pickles.graph import Made, Pairs, Value
from shared.domain.reading.pickles.machine import Machine, Opcode
from shared.domain.reading.pickles.plain_data import is_special
from shared.domain.reading.pickles.state_rules import find_bad_attributes

_LISTS = ("collections.deque",)
_PLAIN_DICTS = "collections."
_DICTS = ("OrderedDict", "defaultdict", "Bunch", "OptimizeResult", "_nandict")
"""Classes of their own that pickles fill item by item. Any other would be asked for a method that the file can set."""


def _push_new(machine: Machine, value: Value) -> None:
    machine.count_object()
    machine.push(value)


def _tuple_of(size: int) -> Opcode:
    def push_tuple(machine: Machine) -> None:
        if len(machine.stack) < size:
            raise corrupt("a tuple in it lacks values")
        values = tuple(machine.stack[-size:])
        del machine.stack[-size:]
        _push_new(machine, values)

    return push_tuple


def _pairs_of(values: list[Value]) -> list[tuple[Value, Value]]:
    if len(values) % 2:
        raise corrupt("a dict in it has a key without a value")
    return list(zip(values[::2], values[1::2], strict=True))


def _push_dict(machine: Machine) -> None:
    made = Pairs()
    made.pairs = _pairs_of(machine.pop_mark())[: machine.limits.kept_items]
    _push_new(machine, made)


def _extend(machine: Machine, values: list[Value]) -> None:
    target = machine.stack[-1]
    if isinstance(target, list):
        target.extend(values[: max(0, machine.limits.kept_items - len(target))])
    elif not isinstance(target, Made) or target.full not in _LISTS:
        machine.evidence.add_dangerous("It adds to something that it did not build itself.")


def _set_items(machine: Machine, values: list[Value]) -> None:
    target = machine.stack[-1]
    pairs = _pairs_of(values)
    if isinstance(target, Pairs) or (
        isinstance(target, Made) and target.instance_of.rpartition(".")[2] in _DICTS
    ):
        if isinstance(target, Made) and _sets_attribute(machine, target, pairs):
            machine.evidence.add_unknown("It gives an object an item that stands for an attribute.")
        target.pairs.extend(pairs[: max(0, machine.limits.kept_items - len(target.pairs))])
    else:
        machine.evidence.add_dangerous("It sets an item of something that it did not build itself.")


def _sets_attribute(machine: Machine, target: Made, pairs: list[tuple[Value, Value]]) -> bool:
    """Whether an item is one that the object's library would take for a method or a special attribute."""
    if target.instance_of.startswith(_PLAIN_DICTS):
        return any(is_special(key) for key, _ in pairs)
    items = Pairs()
    items.pairs = pairs
    return find_bad_attributes(target.instance_of, items, machine.count_work) is not None


def _set_item(machine: Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    _set_items(machine, [key, value])


CONTAINER_OPCODES: dict[bytes, Opcode] = {
    b")": lambda machine: machine.push(()),
    b"t": lambda machine: _push_new(machine, tuple(machine.pop_mark())),
    b"\x85": _tuple_of(1),
    b"\x86": _tuple_of(2),
    b"\x87": _tuple_of(3),
    b"]": lambda machine: _push_new(machine, []),
    b"l": lambda machine: _push_new(machine, machine.pop_mark()),
    b"}": lambda machine: _push_new(machine, Pairs()),
    b"d": _push_dict,
    b"\x8f": lambda machine: _push_new(machine, []),
    b"\x91": lambda machine: _push_new(machine, machine.pop_mark()),
    b"a": lambda machine: _extend(machine, [machine.stack.pop()]),
    b"e": lambda machine: _extend(machine, machine.pop_mark()),
    b"\x90": lambda machine: _extend(machine, machine.pop_mark()),
    b"s": _set_item,
    b"u": lambda machine: _set_items(machine, machine.pop_mark()),
}
