"""Exceptions to the verdict: an operator lets in one exact content of unknown verdict, for a reason that is kept.

What is dangerous is never let in. The last decision about a digest counts; earlier ones stay on record.
"""

import json
import re
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.domain.inspection import Inspection, Verdict
from shared.domain.reading.trust.names import Trust, judge_name
from shared.domain.reading.trust.torch_names import judge_torch_name
from shared.domain.records import Grant, Kept
from shared.domain.requests import OneLine, StatedText

_MOST_NAMES, _LONGEST_NAME, _MOST_REQUIREMENTS = 2_000, 300, 50
_MOST_TEXT = 100_000  # characters as JSON, of which each may take 2 bytes of a row's MiB, or 4
_REQUIREMENT = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?==[0-9][A-Za-z0-9.]{0,40}"
)
_DIGEST = "[0-9a-f]{64}"
_PLACE = re.compile(rf"[0-9T:.+-]{{32}} {_DIGEST} [0-9]{{6}}")
_SHOWN = 20
_INSTALLED_ANYWAY = {"__main__", "sklearn", "imblearn"}  # the latter under other names


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictException(Kept):
    """A decision about the content of a digest, the `number`-th of them.

    `names` are what the file may ask for, `requirements` what is installed besides, as `name==version`.
    """

    digest: str
    number: int
    names: tuple[str, ...]
    requirements: tuple[str, ...]
    reason: str
    operator: str
    at: datetime
    revoked_by: str = ""
    revoked_at: datetime | None = None


def _plain_requirements(lines: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [line[:60] for line in lines if not _REQUIREMENT.fullmatch(line)]
    if wrong:
        raise ValueError(f"must be lines such as 'mypkg==1.2'; not so: {', '.join(wrong[:5])}")
    return lines


def _bounded(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(json.dumps(names, ensure_ascii=False)) > _MOST_TEXT:
        raise ValueError(f"is longer than {_MOST_TEXT:,} characters as JSON")
    return names


def _effective(names: tuple[str, ...]) -> tuple[str, ...]:
    """No exception makes a file with such a name loadable: it is dangerous, or only the script that saved it has the name."""
    powerless = [name[:80] for name in names if _judge(name) in (Trust.DANGEROUS, Trust.OWN)]
    if powerless:
        raise ValueError(
            f"can never take effect for {', '.join(powerless[:5])}: what is dangerous is not let in, "
            "and what is in __main__ is nowhere else"
        )
    return names


def _judge(name: str) -> Trust:
    module, _, own = name.rpartition(".")
    return judge_torch_name(module, own) or judge_name(module, own)


class ExceptionRequest(BaseModel):
    """What an operator lets in, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    digest: str = Field(
        pattern=f"^{_DIGEST}$",
        description="sha256 of the exact file, as the refusal of its upload told it.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    names: Annotated[
        tuple[Annotated[OneLine, Field(max_length=_LONGEST_NAME)], ...],
        Field(max_length=_MOST_NAMES),
        AfterValidator(_bounded),
        AfterValidator(_effective),
    ] = Field(
        description="Every name that was refused; none where the file was refused for other reasons alone.",
        examples=[["mypkg.models.Scorer"]],
    )
    reason: StatedText = Field(
        description="Why it is safe; kept with your name.",
        examples=["Our own class, reviewed on 2025-11-18."],
    )
    requirements: Annotated[
        tuple[str, ...], Field(max_length=_MOST_REQUIREMENTS), AfterValidator(_plain_requirements)
    ] = Field((), description="What is installed besides.", examples=[["mypkg==1.2"]])


def is_digest(text: str) -> bool:
    """Whether the text can be a content's digest."""
    return re.fullmatch(_DIGEST, text) is not None


def parse_place(text: str) -> str | None:
    """A place in the list of decisions, as a page names it: moment, digest and number; None for another text."""
    return text if _PLACE.fullmatch(text) else None


def find_uncovered(inspection: Inspection, exception: VerdictException) -> tuple[str, ...]:
    """The names that the file asks for and the exception does not hold."""
    return tuple(name for name in inspection.refused if name not in set(exception.names))


def covers(exception: VerdictException | None, inspection: Inspection) -> bool:
    """Whether the file may be loaded under the exception, which is the last one of its digest."""
    return (
        exception is not None
        and exception.revoked_at is None
        and inspection.verdict is Verdict.UNKNOWN
        and not find_uncovered(inspection, exception)
    )


def grant_of(exception: VerdictException) -> Grant:
    """The exception, as the records of what it let in name it."""
    return Grant(
        number=exception.number,
        operator=exception.operator,
        reason=exception.reason,
        at=exception.at,
    )


def tell_grant(grant: Grant) -> str:
    """The exception in words, for events."""
    return f"Exception {grant.number} of its content lets it in: {grant.operator} said {grant.reason!r}."


def explain_way_in(inspection: Inspection, exception: VerdictException | None) -> str:
    """What an operator sends to let a refused content in, or why that would not help; empty for what is never let in."""
    if inspection.verdict is not Verdict.UNKNOWN:
        return ""
    if inspection.obstacle is not None:
        return f"No exception would help: {inspection.obstacle.why} {inspection.obstacle.next}"
    before = "An operator who trusts this exact file lets it in"
    if exception is not None:
        before = "The exception there is does not cover it: an operator renews it"
        if exception.revoked_at is not None:
            before = f"{exception.revoked_by} revoked its exception: an operator renews it"
    names = json.dumps(list(inspection.refused[:_SHOWN]), ensure_ascii=False)
    more = len(inspection.refused) - _SHOWN
    rest = f" (and the {more} other names in `problems`)" if more > 0 else ""
    return (
        f'{before} with POST /exceptions {{"digest": "{inspection.digest}", "names": {names}, '
        f'"reason": "..."{_asked_requirements(inspection)}}}{rest}; then send it again.'
    )


def _asked_requirements(inspection: Inspection) -> str:
    """The packages that the refused names come from, as far as their modules tell, for the operator to complete."""
    modules = dict.fromkeys(name.partition(".")[0] for name in inspection.refused)
    known = [*(name for name, _ in inspection.libraries), *inspection.needs]
    told = {each.partition(">=")[0].replace("-", "_") for each in known}
    inside = sys.stdlib_module_names | _INSTALLED_ANYWAY | told
    packages = [f"{each}==..." for each in modules if each.isidentifier() and each not in inside]
    if not packages:
        return ""
    return f', "requirements": {json.dumps(packages[:_SHOWN])}'
