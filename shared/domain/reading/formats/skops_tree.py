"""Walks the tree in a skops file (schema.json) as skops would, and builds the inert graph of `pickles.graph` from it.

Each node names a class and the loader that makes it. A node met again by its `__id__` is the one met first, as in skops;
files where the two differ, or where a node stands inside itself, are refused. What each loader does with its node is
in `skops_nodes`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from shared.domain.reading.containers.archive import Archive, MemberContent
from shared.domain.reading.limits import Limits, corrupt, over_limits
from shared.domain.reading.pickles.call_rules import accepts_arguments
from shared.domain.reading.pickles.graph import Made, Name, Value
from shared.domain.reading.pickles.state_rules import find_bad_state
from shared.domain.reading.trust.evidence import Evidence
from shared.domain.reading.trust.names import Trust

Node: TypeAlias = dict[str, Any]
Loader: TypeAlias = Callable[["SkopsTree", Node], Value]
ReadFile: TypeAlias = Callable[["SkopsTree", MemberContent, int], Value]

SCHEMA = "schema.json"
_KEYS = ("__loader__", "__module__", "__class__")
_RANDOM = ("numpy.random.mtrand.RandomState", "numpy.random._generator.Generator")
"""Only their own loaders in skops make these, without arguments of the file's choice, and skops trusts them by itself."""
_IN_PROGRESS = object()


def read_schema(archive: Archive, limits: Limits) -> Node:
    """The outermost node. Raises UnreadableModel."""
    text = archive.read(SCHEMA, limits.schema)
    if sum(text.count(mark) for mark in (b"{", b"[", b",")) > limits.schema_nodes:
        raise over_limits("it has more parts than any model")
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise corrupt(f"its {SCHEMA} is no JSON") from error
    if not isinstance(schema, dict):
        raise corrupt(f"its {SCHEMA} describes no object")
    return schema


class SkopsTree:
    """One walk. `used` are the archive's files that nodes refer to."""

    def __init__(
        self,
        archive: Archive,
        evidence: Evidence,
        limits: Limits,
        loaders: Mapping[str, Loader],
        protocol: int,
    ) -> None:
        self.evidence = evidence
        self.limits = limits
        self.protocol = protocol
        self.used = {SCHEMA}
        self._archive = archive
        self._sizes = {entry.name: entry.size for entry in archive.entries}
        self._loaders = loaders
        self._met: dict[int, tuple[Node, Value]] = {}
        self._files: dict[tuple[str, object], Value] = {}
        self._room = limits.kept_text
        self._work_left = limits.opcodes
        self._depth = 0

    def build(self, node: object) -> Value:
        """What skops would make of a node. Raises UnreadableModel for what skops cannot load, or two readers differ on."""
        if not isinstance(node, dict):
            raise corrupt("a part of it is no node of skops")
        number = node.get("__id__")
        if number is not None and type(number) is not int:
            raise corrupt("a node in it has an odd number")
        if number is not None and number in self._met:
            return self._meet_again(node, *self._met[number])
        if number:
            self._met[number] = (node, _IN_PROGRESS)
        self._depth += 1
        if self._depth > self.limits.schema_depth:
            raise over_limits("it is nested deeper than any model is")
        value = self._load(node)
        self._depth -= 1
        if number:
            self._met[number] = (node, value)
        return value

    def build_items(self, node: Node) -> list[Value]:
        """The items of a node that holds a list of nodes."""
        content = part(node, "content")
        if not isinstance(content, list):
            raise corrupt("a list in it is not stored as skops stores lists")
        return [self.build(one) for one in content]

    def name(self, module: object, name: object) -> Name:
        """A name that loading looks up, judged."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise corrupt("a node in it does not say what it is")
        return Name(f"{module}.{name}", self.evidence.add_name(module, name))

    def own_name(self, node: Node) -> Name:
        """The class that a node names."""
        return self.name(node.get("__module__"), node.get("__class__"))

    def instance(self, kind: Name) -> Made:
        """An instance made without its constructor."""
        if kind.trust is Trust.MENTIONED:
            self.evidence.add_unknown(f"It makes {kind.full}, which a model only mentions.")
        return Made(kind, ())

    def call(self, callee: Name, args: Value) -> Made:
        """A call that loading makes."""
        if not isinstance(args, tuple):
            raise corrupt("a call in it has no arguments")
        if callee.trust in (Trust.MENTIONED, Trust.RESTORED):
            self.evidence.add_unknown(f"It calls {callee.full}, which no model calls.")
        elif not accepts_arguments(callee.full, args, self.count_work, keywords=False):
            self.evidence.add_dangerous(
                f"It calls {callee.full} with arguments that no model gives it."
            )
        return Made(callee, args)

    def fill(self, made: Made, state: Value) -> None:
        """Have loading fill a state into an instance."""
        bad = find_bad_state(made, state, self.limits.schema_nodes, self.count_work)
        if bad:
            self.evidence.add_unknown(bad)
        made.state = state

    def count_work(self, values: int) -> None:
        """Account for values that a rule has looked at."""
        self._work_left -= values
        if self._work_left < 0:
            raise over_limits(f"it takes more than {self.limits.opcodes} steps to judge")

    def expect(self, node: Node, *allowed: str) -> Name:
        """The class of a node whose loader calls it, which has to be one of a few."""
        if _full(node) in allowed and _full(node) in _RANDOM:
            return Name(_full(node), Trust.BUILDS)
        name = self.own_name(node)
        if name.full not in allowed:
            self.evidence.add_unknown(f"It makes {name.full[:80]} as if it were {allowed[0]}.")
        return name

    def read_file(self, node: Node, read: ReadFile) -> Value:
        """What `read` makes of the file of the archive that a node refers to, given its size. Each file is read once."""
        name = node.get("file")
        if not isinstance(name, str) or name not in self._sizes:
            raise corrupt("it refers to a file that is not in it")
        if (name, read) not in self._files:
            self.used.add(name)
            self._files[(name, read)] = read(self, self._archive.open(name), self._sizes[name])
        return self._files[(name, read)]

    def keeps(self, size: int) -> bool:
        """Whether there is room for `size` more bytes of an array; big ones are never kept."""
        if size > min(self.limits.kept_value, self._room):
            return False
        self._room -= size
        return True

    def _meet_again(self, node: Node, first: Node, value: Value) -> Value:
        """The first one, as skops has it. What else stands here is never loaded, but its names are judged."""
        if value is _IN_PROGRESS:
            raise corrupt("a node in it stands inside itself")
        if node.get("__loader__") == "CachedNode":
            return value
        if any(node.get(key) != first.get(key) for key in _KEYS):
            raise corrupt("two different nodes in it carry one number")
        left: list[object] = [node]
        while left:
            one = left.pop()
            if isinstance(one, dict):
                left.extend(one.values())
                file = one.get("file")
                self.used.update([file] if isinstance(file, str) else [])
                if "__loader__" in one and _full(one) not in _RANDOM:
                    self.own_name(one)
            elif isinstance(one, list):
                left.extend(one)
        return value

    def _load(self, node: Node) -> Value:
        loader = node.get("__loader__")
        load = self._loaders.get(loader) if isinstance(loader, str) else None
        if load is None:
            self.evidence.add_unknown(
                f"It has a kind of node that is not known here: {str(loader)[:60]!r}."
            )
            return self.instance(self.own_name(node))
        return load(self, node)


def _full(node: Node) -> str:
    return f"{node.get('__module__')}.{node.get('__class__')}"


def part(node: Node, *keys: str) -> Any:
    """A value inside a node. Raises UnreadableModel where there is none."""
    value: Any = node
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise corrupt(f"a node in it has no {key!r}")
        value = value[key]
    return value
