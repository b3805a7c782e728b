"""What a file asked for, collected while it is read, and the verdict that follows from it."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.inspection import Verdict, whole
from shared.domain.reading.limits import Limits, over_limits
from shared.domain.reading.trust.names import ALLOWED, Trust, judge_name

_SHOWN = 8
_MOST_REASONS = 20


@dataclass(slots=True)
class Spent:
    """What the reading of a file's pickles has cost so far, all of them together: there can be thousands in one file."""

    steps: int = 0
    objects: int = 0
    text: int = 0
    work: int = 0
    ends: int = 0


class Evidence:
    """Names and offences in the order in which the file shows them, and what it has cost to find them."""

    def __init__(self, limits: Limits) -> None:
        self.spent = Spent()
        self._limits = limits
        self._names: dict[str, Trust] = {}
        self._unknown: dict[str, None] = {}
        self._dangerous: dict[str, None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All names asked for, sorted."""
        return tuple(sorted(self._names))

    @property
    def refused(self) -> tuple[str, ...]:
        """Those that the allowlist does not hold, sorted."""
        return tuple(sorted(name for name, trust in self._names.items() if trust not in ALLOWED))

    @property
    def verdict(self) -> Verdict:
        """`clean` only where every name is allowed and nothing else is odd."""
        trusts = set(self._names.values())
        if self._dangerous or Trust.DANGEROUS in trusts:
            return Verdict.DANGEROUS
        return Verdict.UNKNOWN if self._unknown or not trusts <= ALLOWED else Verdict.CLEAN

    def add_name(
        self, module: str, name: str, judge: Callable[[str, str], Trust | None] | None = None
    ) -> Trust:
        """Record that the file asks for a name, and judge it: by `judge`, or where that gives None by the general lists."""
        full = whole(f"{module}.{name}")
        known = self._names.get(full)
        if known is not None:
            return known
        if len(full) > self._limits.name or len(self._names) >= self._limits.names:
            raise over_limits("it asks for more, or longer, names than any model does")
        own = judge(module, name) if judge else None
        self._names[full] = own or judge_name(module, name)
        return self._names[full]

    def add_unknown(self, reason: str) -> None:
        """Record something besides a name that keeps the file from being clean."""
        if len(self._unknown) < _MOST_REASONS:
            self._unknown[whole(reason)] = None

    def add_dangerous(self, reason: str) -> None:
        """Record something that only a file made to deceive does."""
        if len(self._dangerous) < _MOST_REASONS:
            self._dangerous[whole(reason)] = None

    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is what it is, worst first; empty for a clean file."""
        return (
            *self._about(
                Trust.DANGEROUS, "Loading it can run commands or reach files: it asks for {}."
            ),
            *self._dangerous,
            *self._about(
                Trust.CODE,
                "It brings Python code of its own, functions or classes that cloudpickle saved by value, which would run in the "
                "container ({}). Moved into a module of a package, they are saved by name.",
            ),
            *self._about(
                Trust.OWN,
                "It needs classes or functions of your own, defined in a script or notebook, which nothing else can import: {}.",
            ),
            *self._about(
                Trust.UNKNOWN, "It asks for names that are not on the list of known safe ones: {}."
            ),
            *self._unknown,
        )

    def _about(self, trust: Trust, sentence: str) -> tuple[str, ...]:
        names = sorted(name for name, found in self._names.items() if found is trust)
        if not names:
            return ()
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return (sentence.format(", ".join(names[:_SHOWN]) + more),)
