"""Records are kept whole: what is written is what is read, also by another version."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.domain import bookkeeping, codec, limits, records, usage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants bounds without a zone
SHARES = st.dictionaries(TEXT, st.integers(0, 100), max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
PLAIN = {
    datetime: TIMES,
    str: TEXT,
    int: st.integers(0, 2**40),
}
KINDS: list[Any] = [
    records.Deployment,
    records.Endpoint,
    bookkeeping.Claim,
    bookkeeping.Inflight,
    records.Event,
    records.Model,
    bookkeeping.Request,
    bookkeeping.Pace,
    usage.DayOfUse,
]
PARTS: list[Any] = [
    records.Failure,
    records.Work,
    records.Lease,
    records.Member,
    records.Holder,
]


def register_strategies() -> None:
    st.register_type_strategy(datetime, TIMES)
    st.register_type_strategy(str, TEXT)
    st.register_type_strategy(int, PLAIN[int])
    st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
    for part in PARTS:
        st.register_type_strategy(part, st.builds(part, unknown=st.just({})))


register_strategies()


@cache
def strategy(kind: Any) -> st.SearchStrategy[Any]:
    with_json = {"inspection", "evaluation", "deployment_config", "problem"}
    given_fields: dict[str, st.SearchStrategy[Any]] = {
        each.name: st.dictionaries(TEXT, JSON, max_size=3)
        for each in fields(kind)
        if each.name in with_json
    }
    given_fields |= {"schema_version": st.just(records.SCHEMA_VERSION), "unknown": st.just({})}
    return st.builds(kind, **given_fields)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_record_reads_back_as_it_was_written(kind: Any, data: st.DataObject) -> None:
    record = data.draw(strategy(kind))
    values = codec.render_record(record)
    assert codec.parse_record(kind, values) == record
    limits.check_row("partition", "key", values)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_a_newer_version_added_is_passed_over_and_written_back(
    kind: Any, data: st.DataObject
) -> None:
    record = data.draw(strategy(kind))
    added = {
        "colour": "red",
        "unknown": "what is called so",
        "ratio": 0.5,
        "extra_json": '{"a": 1}',
        "extra_json_1": "",
    }
    values = {**codec.render_record(record), **added}
    read = codec.parse_record(kind, values)
    assert read == record
    assert "colour" not in repr(read)
    assert codec.render_record(replace(read, nonce="of the next write")) == {
        **values,
        "nonce": "of the next write",
    }


@given(st.text(st.sampled_from('aä😀"\\\n'), min_size=1, max_size=7))
def test_a_long_structure_fits_into_a_row_and_comes_back(text: str) -> None:
    request = bookkeeping.Request(
        key="k", fingerprint="f", at=datetime(2026, 1, 1, tzinfo=UTC), problem={"t": text * 9000}
    )
    values = codec.render_record(request)
    limits.check_row("partition", "key", values)
    assert codec.parse_record(bookkeeping.Request, values) == request


def test_what_is_none_takes_no_property() -> None:
    claim = bookkeeping.Claim(
        name="n", kind=bookkeeping.ClaimKind.MODEL, user_key="u", claimed_for="c", tag=""
    )
    assert "tag" in codec.render_record(claim)
    event = records.Event(
        deployment_id="d", number=1, at=datetime(2026, 1, 1, tzinfo=UTC), name="n", text="t"
    )
    assert "step" not in codec.render_record(event)
    assert "step" in codec.render_record(replace(event, step=records.Step.FINISH))


def test_a_number_that_is_none_in_json_is_kept() -> None:
    model = records.Model(
        id="i",
        user_key="u",
        model_name="n",
        algorithm="a",
        filename="f",
        size=1,
        content_digest="d",
        inspection={},
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        metrics={"loss": float("inf"), "gain": 1},
    )
    values = codec.render_record(model)
    assert codec.parse_record(records.Model, values) == model
    assert isinstance(codec.parse_record(records.Model, values).metrics["gain"], float)
