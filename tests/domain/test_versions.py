"""Versions side by side: what a newer one added stays, what only it understands is left to it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.domain import codec, endpoints, plans, progress
from shared.domain.errors import Malformed, Newer
from shared.domain.outcomes import Done
from shared.domain.records import (
    SCHEMA_VERSION,
    Deployment,
    Endpoint,
    Failure,
    Kept,
    Lease,
    Plan,
    Step,
    Turn,
)
from tests.domain.examples import NOW, deployment, endpoint

FAILURE = Failure(code="c", cause="it broke", whose_turn=Turn.YOU, next="mend it")
LEASED = replace(deployment(), lease=Lease(owner="turn", until=NOW), failure=FAILURE)
HELD = replace(
    endpoints.line_up(
        endpoints.line_up(endpoint("blue", "green"), deployment()), deployment("green")
    ),
    trouble=FAILURE,
)
PARTS = [
    (LEASED, "work"),
    (LEASED, "lease"),
    (LEASED, "failure"),
    (HELD, "members"),
    (HELD, "holder"),
    (HELD, "waiting"),
    (HELD, "trouble"),
]


def of_a_newer_version(record: Kept, part: str) -> dict[str, Any]:
    """The record's row with fields more in a part of it."""
    values = codec.render_record(record)
    held = json.loads(str(values[f"{part}_json"]))
    for each in held if isinstance(held, list) else [held]:
        each |= {"colour": "red", "unknown": {"depth": [1, None]}}
    return {**values, f"{part}_json": json.dumps(held)}


def part_of(values: dict[str, Any], part: str) -> Any:
    return json.loads(values[f"{part}_json"])


@pytest.mark.parametrize(("record", "part"), PARTS, ids=[part for _, part in PARTS])
def test_what_was_added_to_a_part_is_written_back(record: Kept, part: str) -> None:
    values = of_a_newer_version(record, part)
    read = codec.parse_record(type(record), values)
    assert read == record
    assert "colour" not in repr(read)
    written = codec.render_record(replace(read, nonce="n"))
    assert part_of(dict(written), part) == part_of(values, part)


def test_what_was_added_to_a_part_stays_while_the_part_does_and_goes_with_it() -> None:
    read = codec.parse_record(Deployment, of_a_newer_version(LEASED, "work"))
    later = progress.after_done(read, Step.PREPARE, Done(text=""), NOW)
    assert part_of(dict(codec.render_record(later)), "work")["colour"] == "red"
    anew = replace(read, work=plans.start_work(Plan.DELETE, NOW, NOW))
    assert "colour" not in part_of(dict(codec.render_record(anew)), "work")


def test_those_in_line_keep_what_is_theirs_when_the_line_moves_on() -> None:
    read = codec.parse_record(Endpoint, of_a_newer_version(HELD, "waiting"))
    moved = endpoints.hand_on(read, "blue")
    assert part_of(dict(codec.render_record(moved)), "holder")["colour"] == "red"


@pytest.mark.parametrize(
    "newer",
    [
        {"schema_version": SCHEMA_VERSION + 1},
        {"status": "resting"},
        {
            "work_json": str(codec.render_record(deployment())["work_json"]).replace(
                "prepare", "x-ray"
            )
        },
    ],
    ids=["schema", "status", "step"],
)
def test_what_only_a_newer_version_understands_is_told_from_damage(newer: dict[str, Any]) -> None:
    with pytest.raises(Newer):
        codec.parse_record(Deployment, {**codec.render_record(deployment()), **newer})


@pytest.mark.parametrize(
    "damage",
    [
        {"id": 7},
        {"schema_version": "one"},
        {"work_json": "{"},
        {"work_json": "[]"},
        {"work_json": 5},
        {"work_json": '{"a":' * 5000 + "1" + "}" * 5000},
        {"work_json_1": "}"},
        {"phases_json": '{"accepted": "yesterday"}'},
        {"created_at": "soon", "status": "resting"},
    ],
    ids="-".join,
)
def test_a_damaged_row_is_malformed(damage: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        codec.parse_record(Deployment, {**codec.render_record(deployment()), **damage})


def test_a_row_of_something_else_is_malformed_and_says_what_is_wrong() -> None:
    with pytest.raises(Malformed, match=r"no Deployment.*id: Field required"):
        codec.parse_record(Deployment, {"tombstone": True})


def test_what_is_written_bears_the_version_that_wrote_it(monkeypatch: pytest.MonkeyPatch) -> None:
    older = codec.render_record(deployment())
    monkeypatch.setattr(codec, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    read = codec.parse_record(Deployment, older)
    assert codec.render_record(read)["schema_version"] == SCHEMA_VERSION + 1
