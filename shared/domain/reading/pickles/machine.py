"""The pickle machine: walks a pickle of any protocol and builds inert stand-ins for what it would make.

The stack, marks and memo behave as in Python's own unpicklers; what differs is that a name stays a name and a call stays
a note of the call. The opcodes are in `opcodes_values`, `opcodes_containers` and `opcodes_calls`.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from shared.domain.reading.limits import Limits, corrupt, over_limits
from shared.domain.reading.pickles.attribute_rules import opens_files
from shared.domain.reading.pickles.dialect import PLAIN, Dialect
from shared.domain.reading.pickles.graph import Made, Name, Value
from shared.domain.reading.pickles.path_names import find_opener
from shared.domain.reading.pickles.source import Source
from shared.domain.reading.pickles.state_rules import find_bad_state
from shared.domain.reading.trust.evidence import Evidence

Opcode: TypeAlias = Callable[["Machine"], None]
_STRETCH = 1_000


class Machine:
    """One pickle stream; a `nested` one lies inside another (joblib's arrays of objects)."""

    def __init__(
        self,
        source: Source,
        evidence: Evidence,
        limits: Limits,
        opcodes: Mapping[int, Opcode],
        *,
        nested: bool = False,
        dialect: Dialect = PLAIN,
    ) -> None:
        self.source = source
        self.evidence = evidence
        self.limits = limits
        self.opcodes = opcodes
        self.nested = nested
        self.dialect = dialect
        self.protocol = 0
        self.stack: list[Value] = []
        self.memo: dict[int, Value] = {}
        self.joblib_arrays = 0
        self.look_again: list[Made] = []
        self._marked: list[list[Value]] = []
        self._below = 0
        self._spent = evidence.spent
        self._names_openers = False

    def run(self) -> Value:
        """The root of what the stream builds. Raises UnreadableModel for what no unpickler could load."""
        try:
            while self._spent.steps < self.limits.opcodes:
                if self._run_stretch():
                    return self._finish()
                self._limit_growth()
        except (IndexError, ValueError, OverflowError) as error:
            raise corrupt(
                f"its instructions make no sense at byte {self.source.position}"
            ) from error
        raise over_limits(f"it takes more than {self.limits.opcodes} steps to build")

    def _run_stretch(self) -> bool:
        """Take some steps; whether the last was the stream's end."""
        next_byte = self.source.byte
        opcodes = self.opcodes
        for step in range(_STRETCH):
            code = next_byte()
            if code == _STOP:
                self._spent.steps += step
                return True
            opcode = opcodes.get(code)
            if opcode is None:
                raise corrupt(
                    f"byte {code:#04x} at {self.source.position - 1} is no instruction of a pickle"
                )
            opcode(self)
        self._spent.steps += _STRETCH
        return False

    def _limit_growth(self) -> None:
        """What grows by at most one value in a step need not be measured at each."""
        if len(self.stack) + self._below > self.limits.stack:
            raise over_limits("it stacks up more values than any model does")
        if len(self.memo) > self.limits.memo:
            raise over_limits("it remembers more values than any model does")

    def read_nested(self) -> Value:
        """The root of a pickle stream that starts here, with a stack and memo of its own."""
        if self.nested:
            raise corrupt("streams are nested deeper than joblib does")
        return Machine(self.source, self.evidence, self.limits, self.opcodes, nested=True).run()

    def push_name(self, name: Name) -> None:
        """Put a name on the stack, and note whether its call would open files."""
        self._names_openers = self._names_openers or opens_files("", name)
        self.push(name)

    def push(self, value: Value) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def mark(self) -> None:
        """Open a group."""
        if len(self._marked) >= self.limits.marks:
            raise over_limits("it is nested deeper than any model is")
        self._below += len(self.stack)
        self._marked.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[Value]:
        """Close the innermost group and hand out its values."""
        group = self.stack
        self.stack = self._marked.pop()
        self._below -= len(self.stack)
        return group

    def remember(self, index: int) -> None:
        """Keep the topmost value under a number."""
        self.memo[index] = self.stack[-1]

    def count_object(self) -> None:
        """Account for one more container or call."""
        self._spent.objects += 1
        if self._spent.objects > self.limits.objects:
            raise over_limits("it builds more objects than any model does")

    def count_work(self, values: int) -> None:
        """Account for values that a rule has looked at."""
        self._spent.work += values
        if self._spent.work > self.limits.judged:
            raise over_limits("it takes more steps to judge than any model does")

    def may_keep_ends(self) -> bool:
        """Whether the ends of one more long value may be kept: of an ensemble's boosters a few tell enough."""
        self._spent.ends += 1
        return self._spent.ends <= self.limits.kept_ends

    def count_text(self, size: int) -> None:
        """Account for text that is kept."""
        self._spent.text += size
        if self._spent.text > self.limits.kept_text:
            raise over_limits("it holds more text than any model does")

    def _finish(self) -> Value:
        self.source.leave_frame()
        root = self.stack.pop()
        if self.stack or self._marked:
            raise corrupt("values are left over at its end")
        for made in self.look_again:
            bad = find_bad_state(made, made.state, self.limits.kept_items, self.count_work)
            if bad:
                self.evidence.add_unknown(bad)
        if (
            not self.nested
            and self._names_openers
            and (opener := find_opener(root, self.count_work))
        ):
            self.evidence.add_unknown(
                f"It keeps {opener}, which opens the file that it is called with."
            )
        return root


_STOP = ord(".")
