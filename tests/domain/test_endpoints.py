"""Who is on an endpoint, who may change it, and where its traffic goes."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from shared.domain import endpoints
from shared.domain.failures import failure
from shared.domain.records import Holder, Member, Status, Step, Turn
from tests.domain.examples import deployment, endpoint

NAMES = ["a", "b", "c", "d"]


@st.composite
def splits(draw: st.DrawFn) -> dict[str, int]:
    """Nothing, or whole percents that add up to 100."""
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
    shares = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    return draw(st.sampled_from([{}, dict(zip(NAMES, shares, strict=True))]))


@given(splits(), splits(), st.sets(st.sampled_from(NAMES)))
def test_traffic_always_adds_up_to_100_and_goes_to_those_that_stay(
    wanted: dict[str, int], in_cloud: dict[str, int], staying: set[str]
) -> None:
    row = endpoint(*NAMES, "new", **wanted)
    decided = endpoints.decide_traffic(row, "new", in_cloud, staying)
    assert sum(decided.values()) == 100
    assert set(decided) <= staying | {"new"}


@given(splits(), splits())
def test_one_that_comes_takes_nothing_from_those_that_have_traffic(
    wanted: dict[str, int], in_cloud: dict[str, int]
) -> None:
    decided = endpoints.decide_traffic(endpoint(*NAMES, **wanted), "new", in_cloud, NAMES)
    kept = {name: share for name, share in (wanted or in_cloud).items() if share}
    assert decided == (kept or {"new": 100})


@given(splits(), st.sampled_from(NAMES))
def test_one_that_goes_leaves_all_to_its_heir_or_ends_what_has_no_heir(
    wanted: dict[str, int], leaving: str
) -> None:
    moved = endpoints.move_traffic(wanted, leaving, "heir")
    assert sum(moved.values()) == sum(wanted.values())
    ended = endpoints.move_traffic(wanted, leaving, None)
    assert sum(ended.values()) in (0, 100)
    assert not moved.get(leaving)
    assert leaving not in ended


def test_a_member_name_is_taken_in_any_case() -> None:
    row = endpoint("Blue")
    assert endpoints.join(row, Member(deployment_id="x", deployment_name="blue")) is None
    joined = endpoints.join(row, Member(deployment_id="x", deployment_name="green"))
    assert joined is not None
    assert len(joined.members) == 2


def test_the_last_member_takes_the_row_along() -> None:
    blue, green = deployment("blue"), deployment("green")
    row = endpoints.line_up(endpoint("blue", "green", blue=100), blue)
    left = endpoints.leave(row, blue)
    assert left.holder is None
    assert left.traffic == {}
    assert endpoints.leave(left, green).members == ()


def test_a_hold_is_of_one_generation() -> None:
    blue = deployment("blue")
    row = endpoints.line_up(endpoint("blue"), blue)
    assert endpoints.holds(row, blue)
    assert not endpoints.holds(row, replace(blue, generation=2))


def test_nobody_ends_anothers_hold() -> None:
    row = endpoints.line_up(endpoint("blue", "green"), deployment("blue"))
    assert endpoints.hand_on(row, "green") == row
    assert endpoints.hand_on(row, "blue").holder is None
    left = endpoints.leave(row, deployment("green"))
    assert left.holder == Holder(deployment_id="blue", generation=1)


def test_the_line_is_served_in_the_order_of_arrival_each_once() -> None:
    row = endpoint("a", "b", "c")
    for name in ("b", "c", "a", "c", "b"):
        row = endpoints.line_up(row, deployment(name))
    served = []
    while row.holder:
        served.append(row.holder.deployment_id)
        row = endpoints.hand_on(row, row.holder.deployment_id)
    assert served == ["b", "c", "a"]


def test_a_later_generation_keeps_the_place_of_the_earlier_one() -> None:
    row = endpoint("a", "b", "c")
    for name in ("a", "b", "c"):
        row = endpoints.line_up(row, deployment(name))
    deleted = replace(deployment("b"), generation=2)
    row = endpoints.hand_on(endpoints.line_up(row, deleted), "a")
    assert endpoints.holds(row, deleted)


def test_who_leaves_is_out_of_the_line() -> None:
    row = endpoint("a", "b", "c")
    for name in ("a", "b", "c"):
        row = endpoints.line_up(row, deployment(name))
    row = endpoints.hand_on(endpoints.leave(row, deployment("b")), "a")
    assert endpoints.holds(row, deployment("c"))


def test_a_change_that_is_given_up_leaves_the_traffic_as_it_was_and_says_why() -> None:
    why = failure("cloud_refused", "cause", Turn.YOU, "next")
    row = endpoints.reroute(endpoint("a", "b", a=100), {"b": 100}, deployment("a"))
    assert endpoints.coming_traffic(row) == {"b": 100}
    given_up = endpoints.give_up_route(row, "a", why)
    assert endpoints.coming_traffic(given_up) == {"a": 100}
    assert given_up.trouble == why
    assert endpoints.reroute(given_up, {"b": 100}, deployment("a")).trouble is None


def test_nobody_ends_a_change_that_another_deployment_carries() -> None:
    why = failure("cloud_refused", "cause", Turn.YOU, "next")
    row = endpoints.reroute(endpoint("a", "b", a=100), {"b": 100}, deployment("b"))
    assert endpoints.give_up_route(row, "a", why) == row
    assert endpoints.settle_traffic(row, "a", {"a": 100}).wanted == {"b": 100}
    assert endpoints.leave(row, deployment("a")).wanted == {"b": 100}
    assert endpoints.settle_traffic(row, "b", {"b": 100}).wanted is None


def test_a_change_stays_with_its_carrier_else_goes_to_the_largest_active_share() -> None:
    live = [deployment(name, status=Status.ACTIVE) for name in ("a", "b")]
    failed = deployment("c", status=Status.FAILED)
    row = endpoint("a", "b", "c", a=100)
    assert endpoints.choose_carrier(row, [failed, *live], {"b": 60, "a": 40}) == live[1]
    assert endpoints.choose_carrier(row, [failed, *live], {}) == live[0]
    assert endpoints.choose_carrier(row, [failed], {}) is None
    row = endpoints.reroute(row, {"b": 100}, live[0])
    assert endpoints.choose_carrier(row, [failed, *live], {"b": 100}) == live[0]


def test_a_deletion_hands_over_what_is_routed_and_what_is_wanted() -> None:
    row = endpoints.reroute(endpoint("a", "b", "c", a=100), {"a": 30, "b": 70}, deployment("b"))
    handed = endpoints.hand_over(row, "a", "c")
    assert handed.traffic == {"c": 100}
    assert handed.wanted == {"b": 70, "c": 30}


def test_a_deletion_of_one_that_a_change_takes_the_traffic_from_leaves_it_to_that_change() -> None:
    row = endpoints.reroute(endpoint("a", "b", a=100), {"b": 100}, deployment("b"))
    handed = endpoints.hand_over(row, "a", None)
    assert handed.traffic == handed.wanted == {"b": 100}


def test_a_change_of_which_a_deletion_leaves_nothing_is_over() -> None:
    row = endpoints.reroute(endpoint("a", "b", a=100), {"a": 100}, deployment("a"))
    handed = endpoints.hand_over(row, "a", None)
    assert (handed.traffic, handed.wanted, handed.carrier) == ({}, None, "")
    assert endpoints.decide_traffic(handed, "b", {"a": 100}, {"b"}) == {"b": 100}


def test_traffic_that_nobody_has_falls_back_to_the_oldest_who_stays() -> None:
    row = endpoint("a", "b", "c")
    assert endpoints.fall_back(row, {"c", "b"}) == {"b": 100}
    assert endpoints.fall_back(row, set()) == {}


def test_a_change_names_nobody_who_has_left() -> None:
    handed = endpoints.reroute(endpoint("a", "b", b=100), {"b": 100}, deployment("a"))
    left = endpoints.leave(handed, deployment("b"))
    assert (left.traffic, left.wanted, left.carrier) == ({}, None, "")
    shared = endpoints.reroute(endpoint("a", "b", "c", c=100), {"a": 40, "b": 60}, deployment("c"))
    assert endpoints.leave(shared, deployment("b")).wanted == {"a": 100}


def test_no_traffic_at_all_stays_wanted_where_its_owner_wants_it() -> None:
    row = endpoints.reroute(endpoint("a", "b", a=100), {}, deployment("b"))
    assert endpoints.hand_over(row, "a", None).wanted == {}


@pytest.mark.parametrize(
    ("status", "step", "able"),
    [
        (Status.ACTIVE, None, True),
        (Status.DEPLOYING, Step.VERIFY, False),
        (Status.DEPLOYING, Step.TRAFFIC, True),
        (Status.DEPLOYING, Step.FINISH, True),
        (Status.FAILED, None, False),
        (Status.DELETED, Step.WITHDRAW_TRAFFIC, False),
    ],
)
def test_traffic_is_for_what_is_verified_and_stays(
    status: Status, step: Step | None, able: bool
) -> None:
    record = deployment(status=status)
    assert endpoints.can_carry(replace(record, work=replace(record.work, step=step))) is able
