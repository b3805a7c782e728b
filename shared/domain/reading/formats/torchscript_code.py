"""The code in a TorchScript archive, judged without parsing it: each name in it that could be an operator's is looked up.

TorchScript is a language of its own that looks like Python; it reaches the outside only through operators. They are called
as `torch.NAME(...)` and `ops.NAMESPACE.NAME(...)`, and its compiler also takes `value.NAME(...)`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.domain.reading.limits import Limits, corrupt
from shared.domain.reading.trust.evidence import Evidence
from shared.domain.reading.trust.names import Trust
from shared.domain.reading.trust.torch_names import COMPILED
from shared.domain.reading.trust.torch_operators import (
    BUILTINS,
    FORBIDDEN,
    KEYWORDS,
    OPERATORS,
    PRIMITIVES,
)

_TEXT = r'"(?:[^"\\\n]|\\.)*+"'
_TOKEN = re.compile(
    rf"(?P<text>{_TEXT}|'(?:[^'\\\n]|\\.)*+')"
    r"|(?P<number>(?<![\w.])\d+(?:\.\d*)?(?:e[+-]?\d+)?)"
    r"|(?P<chain>(?<![\w.])(?:torch|ops|__torch__|CONSTANTS)\b(?:\.\w+)*)"
    r"|(?P<lookup>\b[gh](?:et|as)attr\b)"
    r"|(?P<member>\.\s*[A-Za-z_]\w*)"
    r"|(?P<called>\b[A-Za-z_]\w*(?=\s*\())"
    r"|(?P<odd>[#`$?!\\;@]|[\"'][^\n]*+)"
)
"""A quote that does not end on its line is odd, with all that follows it there."""
_LOOKUP = re.compile(
    rf"getattr\(\s*(?!torch\b|ops\b|__torch__\b|CONSTANTS\b)[A-Za-z_]\w*, ({_TEXT})\)"
)
_DEFINED = re.compile(
    r"^ *+(?:(?:def|class) (\w++)|(\w++) :|__annotations__\[\"(\w++)\"\]|([\w, ]++)(?<= )= )",
    re.MULTILINE,
)
_FUNCTION = re.compile(r"^ *+(?:def|class) (\w++)", re.MULTILINE)
_BODY = re.compile(r"(?:    [^\n]*+\n?)*+")
_CALL = re.compile(r"\s*\(")
_CONSTANT = re.compile(r"CONSTANTS\.c\d+")
_MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a function: what it is called, its type as it is written, and whether it may be left out."""

    name: str
    type: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Method:
    """A method as it is written: its arguments without the first, the type of what it gives, and its lines."""

    self_name: str
    arguments: tuple[Argument, ...]
    gives: str
    body: str


def judge_code(sources: Iterable[str], evidence: Evidence, limits: Limits) -> None:
    """Look at all files of an archive together: what one defines another may use. Offences go to `evidence`."""
    files = list(sources)
    defined = {name for source in files for name in _find_defined(source)} - FORBIDDEN
    called = {name for source in files for name in _FUNCTION.findall(source)} - FORBIDDEN
    refused: dict[str, None] = {}
    for source in files:
        if '"""' in source or "'''" in source:
            raise corrupt("its code has texts that torch does not write")
        for name in _find_refused(source, defined, called):
            refused[name[: limits.name // 2]] = None
    for name in list(refused)[:_MOST_SHOWN]:
        evidence.add_name("torchscript", name, _judge_name)


def _judge_name(_: str, name: str) -> Trust:
    return Trust.DANGEROUS if FORBIDDEN & set(name.split(".")) else Trust.UNKNOWN


def find_method(source: str, cls: str, method: str) -> Method | None:
    """A method of a class; None where the source has none of that name."""
    inside = re.search(
        rf"^class {re.escape(cls)}\(Module\):\n((?: .*\n?|\n)*)", source, re.MULTILINE
    )
    _, _, source = f"\n{inside.group(1) if inside else ''}".partition(f"\n  def {method}(")
    listed, _, source = source.partition(") -> ")
    gives, ends, source = source.partition(":\n")
    body = _BODY.match(source)
    if not ends or "\n" in gives or body is None:
        return None
    arguments = [_parse_argument(part) for part in _split(listed) if part.strip()]
    if not arguments:
        return None
    return Method(arguments[0].name, tuple(arguments[1:]), gives, body.group())


def _find_defined(source: str) -> Iterator[str]:
    for groups in _DEFINED.findall(source):
        for names in groups:
            yield from (name.strip() for name in names.split(",") if name.strip())


def _find_refused(source: str, defined: set[str], called: set[str]) -> Iterator[str]:
    """Names that are neither known nor `defined`; what is called as a method has to be a function, no attribute."""
    for match in _TOKEN.finditer(source):
        kind, found = match.lastgroup, match.group()
        known = kind in ("text", "number")
        if kind == "chain":
            known = _is_known_chain(found)
        elif kind == "member":
            found = found[1:].strip()
            own = called if _CALL.match(source, match.end()) else defined
            known = found in OPERATORS or found in own
        elif kind == "called":
            known = found in BUILTINS or found in KEYWORDS or found in defined
        elif kind == "lookup":
            known = _is_known_lookup(source, match.start(), defined)
        if not known:
            yield found


def _is_known_lookup(source: str, start: int, defined: set[str]) -> bool:
    """Whether `getattr(value, "name")` looks up what a module of the file has: odd names are written like this."""
    found = _LOOKUP.match(source, start)
    name = found.group(1)[1:-1] if found else ""
    return name.isdigit() or name in defined


def _is_known_chain(chain: str) -> bool:
    parts = chain.split(".")
    match parts:
        case ["torch", name]:
            return name in OPERATORS
        case ["ops", "prim", name]:
            return name in PRIMITIVES
        case ["ops", "aten", name]:
            return name in OPERATORS
        case ["__torch__", _, *_]:
            return not chain.startswith(COMPILED) and not FORBIDDEN & set(parts)
    return _CONSTANT.fullmatch(chain) is not None


def _split(text: str) -> list[str]:
    """An argument list at its commas, those inside brackets left alone."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "[(") - (letter in "])")
        if letter == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _parse_argument(text: str) -> Argument:
    declared, default, _ = text.partition("=")
    name, _, kind = declared.partition(":")
    return Argument(name.strip(), kind.strip(), bool(default))
