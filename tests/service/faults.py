"""Ports that go wrong at a chosen effect: the process dies before or after it, or its answer is lost.

An effect is a call that changes something outside. `Effects` counts them over all ports of a world,
so a test can run once to learn how many there are, and then go wrong at each.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, BinaryIO, TypeVar

from shared.cloud_ports import KeyName, NewDeployment, NewModel
from shared.domain.errors import Changed, CloudError, Exists, Trouble, Unavailable
from shared.ports import Operation

T = TypeVar("T")
Before = Callable[[str], None]


class Died(BaseException):
    """The process is gone: no code of the service may catch this."""


class Fault(StrEnum):
    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    ANSWER_LOST = "done, and its answer is lost"
    NOT_DONE = "not done, and nobody says so"
    RETRY_REFUSED = "done, and the client's own retry of it is refused"


class Effects:
    """Counts effects; goes wrong at the `planned` numbers; calls `before` with each one's name.

    `trouble` is asked at every call of the cloud, also one that only looks, and may raise.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.planned: Mapping[int, Fault] = {}
        self.before: Before = lambda _name: None
        self.trouble: Before = lambda _name: None

    def plan(self, at: int, fault: Fault) -> None:
        """The effect `at` from now on goes wrong."""
        self.plan_all({at: fault})

    def plan_all(self, planned: Mapping[int, Fault]) -> None:
        """The effects of these numbers from now on go wrong."""
        self.names, self.planned = [], planned

    def run(
        self,
        name: str,
        effect: Callable[[], T],
        unclear: Exception,
        refused: Exception | None = None,
    ) -> T:
        self.before(name)
        number = len(self.names)
        self.names.append(name)
        fault = self.planned.get(number)
        if fault is None:
            return effect()
        if fault is Fault.DIES_BEFORE:
            raise Died(name)
        if fault is Fault.NOT_DONE:
            raise unclear
        done = effect()
        if fault is Fault.DIES_AFTER:
            raise Died(name)
        if fault is Fault.ANSWER_LOST:
            raise unclear
        if refused is not None:  # only a write that names versions can be refused
            raise refused
        return done


def once_before(effects: Effects, name: str, happens: Callable[[], object]) -> None:
    """Just before the next effect of this name, something else happens."""

    def before(effect: str) -> None:
        if effect == name:
            effects.before = lambda _effect: None
            happens()

    effects.before = before


def meet_at(
    effects: Effects, number: int, one: Callable[[], object], other: Callable[[], object]
) -> bool:
    """`other` happens just before the effect of this number, from 0, of `one`; whether `one` has had so many."""
    count = 0

    def before(_effect: str) -> None:
        nonlocal count
        count += 1
        if count == number + 1:
            effects.before = lambda _effect: None
            other()

    effects.before = before
    one()
    effects.before = lambda _effect: None
    return count > number


class _Port:
    """Passes everything on; subclasses pass what changes something through `Effects`."""

    def __init__(self, real: Any, effects: Effects) -> None:
        self._real, self._effects = real, effects

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def _store(self, name: str, effect: Callable[[], T]) -> T:
        return self._effects.run(name, effect, Unavailable(f"{name}: no answer"))


class FaultyTables(_Port):
    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        kinds = "+".join(type(each).__name__ for each in operations)
        refused = Exists("a row") if kinds.startswith("Insert") else Changed("a row")
        return self._effects.run(
            f"{table}:{kinds}",
            lambda: self._real.commit(table, operations),
            Unavailable(f"{table}: no answer"),
            refused,
        )


class FaultyQueue(_Port):
    def send(self, queue: str, text: str, *, delay: int = 0) -> None:
        self._store(f"send:{queue}", lambda: self._real.send(queue, text, delay=delay))


class FaultyBlobs(_Port):
    def put(self, key: str, content: bytes | BinaryIO) -> None:
        self._store("blob:put", lambda: self._real.put(key, content))

    def touch(self, key: str) -> bool:
        return self._store("blob:touch", lambda: bool(self._real.touch(key)))

    def copy(self, source: str, key: str, *, etag: str = "") -> None:
        self._store("blob:copy", lambda: self._real.copy(source, key, etag=etag))

    def remove(self, key: str, *, etag: str = "") -> None:
        self._store("blob:remove", lambda: self._real.remove(key, etag=etag))


class FaultyCloud(_Port):
    """View, control and scorer in one, as the memory cloud is."""

    def __getattr__(self, name: str) -> Any:
        self._effects.trouble(name)
        return getattr(self._real, name)

    def _cloud(self, name: str, effect: Callable[[], T]) -> T:
        self._effects.trouble(name)
        unclear = CloudError(Trouble.AMBIGUOUS, "timeout", f"{name}: no answer")
        return self._effects.run(name, effect, unclear)

    def register_model(self, model: NewModel) -> None:
        self._cloud("register_model", lambda: self._real.register_model(model))

    def put_endpoint(
        self, name: str, *, tags: Mapping[str, str], traffic: Mapping[str, int]
    ) -> None:
        self._cloud(
            "put_endpoint", lambda: self._real.put_endpoint(name, tags=tags, traffic=traffic)
        )

    def put_deployment(self, deployment: NewDeployment) -> None:
        self._cloud("put_deployment", lambda: self._real.put_deployment(deployment))

    def remove_deployment(self, endpoint_name: str, name: str) -> None:
        self._cloud("remove_deployment", lambda: self._real.remove_deployment(endpoint_name, name))

    def remove_endpoint(self, name: str) -> None:
        self._cloud("remove_endpoint", lambda: self._real.remove_endpoint(name))

    def remove_model(self, name: str, version: str) -> None:
        self._cloud("remove_model", lambda: self._real.remove_model(name, version))

    def rotate_key(self, endpoint_name: str, which: KeyName) -> None:
        self._cloud("rotate_key", lambda: self._real.rotate_key(endpoint_name, which))
