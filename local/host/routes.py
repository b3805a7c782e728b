"""Route templates as ASP.NET Core writes them, matched the way the Functions host does.

Functions are tried in the order of their names; the first whose template and method fit wins, a
literal segment having no precedence (azure-functions-host #9876). Matching ignores case. Pure.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_PARAMETER = re.compile(
    r"\{(?P<star>\*{0,2})(?P<name>\w+)(?P<rules>(?::\w+(?:\((?:[^()]|\([^()]*\))*\))?)*)"
    r"(?:=(?P<default>[^{}]*))?(?P<optional>\?)?\}"
)
_RULE = re.compile(r":(?P<name>\w+)(?:\((?P<value>(?:[^()]|\([^()]*\))*)\))?")
_PATTERNS = {
    "int": r"[+-]?\d{1,10}",
    "long": r"[+-]?\d{1,19}",
    "bool": r"true|false",
    "alpha": r"[a-z]*",
    "guid": r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?",
    "decimal": r"[+-]?\d+(?:\.\d+)?",
    "double": r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?",
    "float": r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?",
    "required": r".+",
}
_Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Route:
    """A template made ready for matching. Built by `parse`."""

    template: str
    pattern: re.Pattern[str]
    checks: tuple[tuple[str, _Check], ...]
    defaults: tuple[tuple[str, str], ...]

    def match(self, path: str) -> dict[str, str] | None:
        """The route's parameters if the decoded `path` (without leading slash) fits."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values = {name: value for name, value in found.groupdict().items() if value}
        for name, check in self.checks:
            if name in values and not check(values[name]):
                return None
        return dict(self.defaults) | values


def parse(template: str) -> Route:
    """Reads a route template. Raises ValueError for a constraint or form it does not know."""
    segments = [segment for segment in template.strip("/").split("/") if segment]
    text = ""
    checks: list[tuple[str, _Check]] = []
    defaults: list[tuple[str, str]] = []
    for segment in _join_split_parameters(segments):
        piece, optional = _segment(segment, checks, defaults)
        slash = "/" if text else ""
        text += f"(?:{slash}{piece})?" if optional else slash + piece
    pattern = re.compile(text + "/?", re.IGNORECASE | re.DOTALL)
    return Route("/".join(segments), pattern, tuple(checks), tuple(defaults))


def _join_split_parameters(segments: list[str]) -> list[str]:
    """Puts together what a slash inside a `regex(...)` constraint cut apart."""
    joined: list[str] = []
    for segment in segments:
        if joined and joined[-1].count("{") > joined[-1].count("}"):
            joined[-1] += "/" + segment
        else:
            joined.append(segment)
    return joined


def _segment(
    segment: str, checks: list[tuple[str, _Check]], defaults: list[tuple[str, str]]
) -> tuple[str, bool]:
    """A segment's pattern, and whether it may be left out of the path."""
    pattern, end, optional = "", 0, False
    for found in _PARAMETER.finditer(segment):
        pattern += _literal(segment[end : found.start()])
        end = found.end()
        name = found["name"]
        pattern += f"(?P<{name}>.*)" if found["star"] else f"(?P<{name}>[^/]+)"
        checks += [(name, check) for check in _checks(found["rules"])]
        if found["default"] is not None:
            defaults.append((name, found["default"]))
        optional = bool(found["star"] or found["optional"] or found["default"] is not None)
    return pattern + _literal(segment[end:]), optional


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError(f"the route has a parameter that cannot be read: {text!r}")
    return re.escape(text)


def _checks(rules: str) -> list[_Check]:
    return [_check(rule["name"].lower(), rule["value"] or "") for rule in _RULE.finditer(rules)]


def _check(name: str, value: str) -> _Check:
    """The constraint `name(value)` of ASP.NET Core as a test of a parameter's text."""
    if name in _PATTERNS:
        whole = re.compile(_PATTERNS[name], re.IGNORECASE)
        return lambda text: whole.fullmatch(text) is not None
    if name == "regex":
        part = re.compile(value.replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
        return lambda text: part.search(text) is not None
    numbers = [int(number) for number in value.split(",") if number.strip().lstrip("+-").isdigit()]
    bounds = _bounds(name, numbers)
    if bounds is None:
        raise ValueError(f"the route constraint {name}({value}) is not known")
    low, high, measured = bounds
    return lambda text: low <= measured(text) <= high


def _bounds(name: str, numbers: list[int]) -> tuple[float, float, Callable[[str], float]] | None:
    ends = (numbers[0], numbers[-1]) if numbers else (0, 0)
    allowed: dict[str, tuple[float, float, Callable[[str], float]]] = {
        "min": (ends[0], float("inf"), _number),
        "max": (float("-inf"), ends[0], _number),
        "range": (*ends, _number),
        "minlength": (ends[0], float("inf"), len),
        "maxlength": (0, ends[0], len),
        "length": (*ends, len),
    }
    return allowed.get(name) if numbers else None


def _number(text: str) -> float:
    return int(text) if text.lstrip("+-").isdigit() else float("nan")
