"""What a pickle builds, as inert stand-ins: nothing is imported, looked up or called.

Numbers, strings, tuples and lists stand for themselves (a set is a list here). The pickle machine makes these;
`shared.domain.reading.facts` reads them.
"""

from typing import Any, TypeAlias

from shared.domain.reading.trust.names import Trust

Value: TypeAlias = Any
"""An inert value: a scalar, str, bytes, tuple, list, or one of the classes below."""


class Name:
    """Something the file asks for by name: a class or function that loading would import."""

    __slots__ = ("full", "trust")

    def __init__(self, full: str, trust: Trust) -> None:
        self.full = full
        self.trust = trust


class Pairs:
    """A dict, as the pairs in the order in which they were set. Pairs are only ever added."""

    __slots__ = ("_by_name", "_sorted", "pairs")

    def __init__(self) -> None:
        self.pairs: list[tuple[Value, Value]] = []
        self._by_name: dict[str, Value] | None = None
        self._sorted = 0

    def get(self, key: str) -> Value:
        """The value last set for a string key; None where there is none. Sorts by name once: instances may share their dict."""
        if self._by_name is None:
            self._by_name = {}
        if self._sorted < len(self.pairs):
            new = self.pairs[self._sorted :]
            self._by_name.update((name, value) for name, value in new if type(name) is str)
            self._sorted = len(self.pairs)
        return self._by_name.get(key)


class Made:
    """The result of a call that loading would make: a class or function, its arguments, and what was filled in later."""

    __slots__ = ("args", "callee", "pairs", "state")

    def __init__(self, callee: Value, args: Value) -> None:
        self.callee = callee
        self.args: tuple[Value, ...] = args if isinstance(args, tuple) else ()
        self.state: Value = None
        self.pairs: list[tuple[Value, Value]] = []

    @property
    def full(self) -> str:
        """The full name of what was called; empty where the file computed it."""
        return self.callee.full if isinstance(self.callee, Name) else ""

    @property
    def instance_of(self) -> str:
        """The full name of the class it is an instance of, also where protocols 0 and 1 make it by a helper."""
        if self.full == "copyreg._reconstructor" and self.args and isinstance(self.args[0], Name):
            return self.args[0].full
        return self.full


class Skipped:
    """A long string or run of bytes, of which only the size is kept, and of a booster's own bytes both ends."""

    __slots__ = ("head", "size", "tail")

    def __init__(self, size: int, head: bytes = b"", tail: bytes = b"") -> None:
        self.size = size
        self.head = head
        self.tail = tail


class Array:
    """A numpy array that joblib stored beside the pickle. `data` is None where it was skipped."""

    __slots__ = ("data", "dtype", "order", "shape")

    def __init__(
        self, shape: tuple[int, ...], dtype: Value, order: str, data: bytes | None
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.order = order
        self.data = data
