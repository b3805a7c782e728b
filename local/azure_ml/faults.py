"""Faults on request: which calls go wrong, how, and how often.

Rules come in through `control`, are asked by `gate` for every call, and are forgotten when the
emulator ends.
"""

import itertools
import re
import time
from dataclasses import asdict, dataclass, field
from typing import Any

_RULE = {"match", "action", "times", "seconds"}
_MATCH = {"method", "path", "nth"}
_ANSWER = {"status", "headers", "body"}
_ACTION = _ANSWER | {"performed", "drop", "cut", "delay", "hang", "malformed", "operation"}
_OPERATION = {"stuck", "fail", "end", "seconds", "crash", "gone"}
_ENDS = {"drop", "cut", "hang", "malformed", "status"}  # of a call: one of them
_GONE = (404, 410)


class BadRuleError(ValueError):
    """A rule that cannot be read; the message says why."""


@dataclass(slots=True)
class Rule:
    """One fault: the calls it is for, what happens to them, and how often it has happened.

    `path` is searched in the call's path, case ignored; `nth` is the first matching call that is
    hit, `times` the number of calls hit (0: all), `seconds` how long from the first hit (0: for ever).
    """

    id: int
    method: str
    path: str
    nth: int
    times: int
    seconds: float
    action: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    applied: int = 0
    since: float = 0.0

    def hits(self, method: str, path: str) -> bool:
        """Whether this call goes wrong; counts it."""
        if self.method not in ("*", method) or not re.search(self.path, path, re.IGNORECASE):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times and self.applied >= self.times):
            return False
        self.since = self.since or time.monotonic()
        if self.seconds and time.monotonic() - self.since > self.seconds:
            return False
        self.applied += 1
        return True


class Faults:
    """The rules in force; the first that hits a call decides."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._numbers = itertools.count(1)

    def add(self, given: object) -> Rule:
        """Takes a rule from its JSON form; raises BadRuleError."""
        if not isinstance(given, dict):
            raise BadRuleError("a rule is a JSON object")
        _only(given, _RULE, "rule")
        match, action = given.get("match") or {}, given.get("action") or {}
        _only(match, _MATCH, "match")
        _check_action(action)
        times = 0 if "seconds" in given else 1
        try:
            rule = Rule(
                id=next(self._numbers),
                method=str(match.get("method", "*")).upper(),
                path=re.compile(str(match.get("path", ""))).pattern,
                nth=int(match.get("nth", 1)),
                times=int(given.get("times", times)),
                seconds=float(given.get("seconds", 0)),
                action=action,
            )
        except re.error as error:
            raise BadRuleError(f"path is not a regular expression: {error}") from error
        except (TypeError, ValueError) as error:
            raise BadRuleError(f"nth, times or seconds is not a number: {error}") from error
        self._rules.append(rule)
        return rule

    def hit(self, method: str, path: str) -> dict[str, Any]:
        """What shall go wrong with this call; {} for nothing."""
        for rule in self._rules:
            if rule.hits(method, path):
                return rule.action
        return {}

    def shown(self) -> list[dict[str, Any]]:
        """All rules with their counts."""
        return [asdict(rule) for rule in self._rules]

    def clear(self) -> None:
        """Forgets all rules."""
        self._rules.clear()


def _only(given: object, allowed: set[str], what: str) -> None:
    if not isinstance(given, dict):
        raise BadRuleError(f"{what} is not a JSON object")
    unknown = given.keys() - allowed
    if unknown:
        raise BadRuleError(f"{what} has unknown keys {sorted(unknown)}; known: {sorted(allowed)}")


def _check_action(action: object) -> None:
    """Raises BadRuleError for an action that nothing here can do."""
    _only(action, _ACTION, "action")
    assert isinstance(action, dict)  # noqa: S101 - `_only` has seen to it
    if not action:
        raise BadRuleError(f"the rule has no action: one or more of {sorted(_ACTION)}")
    if action.get("drop") not in (None, "before", "after"):
        raise BadRuleError('drop is "before" or "after" the call is performed')
    if len(_ENDS & action.keys()) > 1 or ("performed" in action and "drop" in action):
        raise BadRuleError(f"a call ends in one way only: one of {sorted(_ENDS)}")
    if _ANSWER & action.keys() and not action.keys() & {"status", "performed"}:
        raise BadRuleError("headers and body go with a status, or with performed")
    operation = action.get("operation") or {}
    _only(operation, _OPERATION, "action.operation")
    if operation.get("gone") not in (None, *_GONE):
        raise BadRuleError(f"gone is one of {_GONE}")
