"""What was read from a model's file, for people: plain text of at most 80 columns, without colour.

Names come from files that nobody vouches for, so whatever is not printable is shown as `?`.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.catalogue.exceptions import tell_grant
from shared.domain.catalogue.readiness import find_untold
from shared.domain.inspection import Inspection, Json, Tensor, Verdict
from shared.domain.packaging.environment import Environment
from shared.domain.packaging.lint import Finding
from shared.domain.records import Grant, Model
from shared.domain.scoring import explain_input, sample_call

WIDTH = 80
ADDRESS = "$SCORING_URI"
_LABEL = 14
_SHOWN = 20  # columns, names and classes; JSON has all of them
_LONGEST_CALL = 1500  # characters of a payload that anybody wants to paste
_WHERE_FROM = (
    f"{ADDRESS} is the scoring_uri of GET /deployments/{{id}}, and $ENDPOINT_KEY the primary_key of "
    "GET /endpoints/{name}/keys."
)
_UNITS = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s"\[\]{},:]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A model, what its file tells, what serving it installs, what to know of that, and a payload it takes.

    `grant` is the exception that lets the file in as of now.
    """

    model: Model
    grant: Grant | None
    inspection: Inspection
    environment: Environment
    findings: tuple[Finding, ...]
    payload: dict[str, Any] | None


def render_readable(described: Description) -> str:
    """The whole as text that ends with a line break."""
    inspection = described.inspection
    sections = (
        _title(described),
        _facts(described),
        _list("Why", inspection.reasons),
        _list("Names that are not known to be harmless", inspection.refused),
        _list("It cannot be served as it is", _obstacle(inspection)),
        _list("What it takes", _inputs(inspection)),
        _list("What it gives", (_tensor(each) for each in inspection.outputs)),
        _list("What it tells apart", _classes(inspection.classes)),
        *(() if inspection.obstacle else _serving(described)),
    )
    return "\n\n".join("\n".join(lines) for each in sections if (lines := list(each))) + "\n"


def _serving(described: Description) -> tuple[Iterator[str], ...]:
    return (
        _installed(described.environment),
        _list("What to know before it is served", _findings(described.findings)),
        _call(described.payload, explain_input(described.inspection)),
    )


def call_of(payload: dict[str, Any] | None) -> str | None:
    """A line to paste, with the address of a deployment left open; None without a payload."""
    if payload is None:
        return None
    call = sample_call(ADDRESS, "", payload, has_traffic=True)
    return call.replace(f"'{ADDRESS}'", f'"{ADDRESS}"', 1)


def _title(described: Description) -> Iterator[str]:
    model, inspection = described.model, described.inspection
    what = _plain(inspection.estimator or f"{inspection.format} model").rpartition(".")[2]
    yield from _wrap(f"{model.model_name} ({model.id})")
    yield from _wrap(
        f"{what}, read from a file of {_size(inspection.size)}; nothing of it was run."
    )


def _facts(described: Description) -> Iterator[str]:
    model, inspection = described.model, described.inspection
    packed = f", packed by {inspection.compression}" if inspection.compression else ""
    by = f", written by {inspection.written_by}" if inspection.written_by else ""
    libraries = [f"{name} {version}" for name, version in inspection.libraries]
    libraries += [
        f"{name} ({first} or later)" if first else f"{name} (version not told)"
        for name, first in find_untold(inspection)
    ]
    rows = [
        ("Verdict", f"{_verdict(inspection.verdict)} {_way_in(described)}".strip()),
        ("Class", inspection.estimator or "not told"),
        ("File", f"{model.filename}: {inspection.format}{packed}{by}"),
        ("sha256", inspection.digest),
        ("Served as", "not at all" if inspection.obstacle else f"MLflow's {inspection.flavor}"),
        ("Python", inspection.python_version or "not told"),
        ("Libraries", ", ".join(libraries) or "none told"),
        ("Licence", model.license or "not told"),
        *((name.replace("_", " ").capitalize(), told) for name, told in inspection.details),
    ]
    for name, value in rows:
        yield from _fact(_plain(name), _plain(value))


def _verdict(verdict: Verdict) -> str:
    return {
        Verdict.CLEAN: "clean: loading it can only build a model.",
        Verdict.UNKNOWN: "unknown: it asks for what is not known to be harmless.",
        Verdict.DANGEROUS: "dangerous: loading it would run code that is no model's.",
    }[verdict]


def _way_in(described: Description) -> str:
    if described.grant:
        return tell_grant(described.grant)
    unknown = described.inspection.verdict is Verdict.UNKNOWN
    return "No exception lets it in, so it cannot be deployed." if unknown else ""


def _obstacle(inspection: Inspection) -> Iterable[str]:
    return (inspection.obstacle.why, inspection.obstacle.next) if inspection.obstacle else ()


def _inputs(inspection: Inspection) -> Iterator[str]:
    if inspection.inputs:
        yield from (_tensor(each) for each in inspection.inputs)
        return
    if inspection.sample_input is not None:
        yield "a list of texts"
    names = [
        str(number) if each.name is None else each.name
        for number, each in enumerate(inspection.features)
    ]
    wide = min(max((len(name) for name in names), default=0), 40)
    for name, column in zip(names, inspection.features, strict=True):
        yield f"{name:<{wide}}  {column.type}"


def _tensor(tensor: Tensor) -> str:
    shape = ", ".join("any" if each == -1 else str(each) for each in tensor.shape)
    name = f"{tensor.name}: " if tensor.name else ""
    return f"{name}{tensor.dtype} [{shape}]"


def _classes(classes: Sequence[Json]) -> Iterator[str]:
    if classes:
        shown = ", ".join(str(each) for each in classes[:_SHOWN])
        more = len(classes) - _SHOWN
        yield f"{shown} and {more:,} more" if more > 0 else shown


def _installed(environment: Environment) -> Iterator[str]:
    yield "What will be installed"
    yield from _wrap(f"Python {environment.python}", 2)
    for line in environment.requirements:
        yield from _wrap(line, 2)


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    for each in findings:
        yield f"- {each.what} {each.fix}"


def _call(payload: dict[str, Any] | None, otherwise: str) -> Iterator[str]:
    yield "How to call it, once it is deployed"
    yield from _wrap(_WHERE_FROM, 2)
    if payload is None:
        yield from _wrap(f"Its inputs are not known from the file: you write them. {otherwise}", 2)
    elif len(json.dumps(payload)) > _LONGEST_CALL:
        yield from _wrap("Its sample is long: the same in JSON has it as `sample_payload`.", 2)
    else:
        head, _, _ = (call_of(payload) or "").partition("-d ")
        yield from (f"  {line}" for line in head.splitlines()[:-1])
        quoted = _pack(json.dumps(payload).replace("'", "'\\''"))
        yield from (f"  {line}" for line in f"  -d '{quoted}'".splitlines())


def _pack(document: str) -> str:
    """JSON with line breaks between its parts, where else a line would be too long."""
    lines, line = [], ""
    for piece in _TOKEN.findall(document):
        closes = piece in "]},:"
        glued = line + ("" if closes or not line or line[-1] in "[{" else " ") + piece
        if len(glued) > WIDTH - 10 and piece not in ",:":
            lines.append(line)
            glued = piece
        line = glued
    return "\n    ".join([*lines, line])


def _list(heading: str, items: Iterable[str]) -> Iterator[str]:
    found = list(items)
    if not found:
        return
    yield heading
    for item in found[:_SHOWN]:
        yield from _wrap(_plain(item), 2, hanging=2)
    if len(found) > _SHOWN:
        yield f"  and {len(found) - _SHOWN:,} more"


def _fact(name: str, value: str) -> Iterator[str]:
    first, *rest = _wrap(value, _LABEL + 2) or [""]
    label = f"  {name}" if len(name) >= _LABEL else f"  {name:<{_LABEL}}"
    if len(name) >= _LABEL:
        yield label
        yield first
    else:
        yield label + first.strip()
    yield from rest


def _wrap(text: str, indent: int = 0, *, hanging: int = 0) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_on_hyphens=False,
    )


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text)


def _size(size: int) -> str:
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size:,} bytes"
