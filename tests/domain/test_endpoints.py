"""Who is on an endpoint, who may change it, and where its traffic goes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import endpoints
from shared.domain.records import Holder, Member, Status, Step
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
    row = endpoint(*NAMES, "heir", **wanted)
    moved = endpoints.move_traffic(row, leaving, "heir")
    assert sum(moved.values()) == sum(wanted.values())
    ended = endpoints.move_traffic(row, leaving, None)
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
    row = endpoints.take(endpoint("blue", "green", blue=100), blue)
    left = endpoints.leave(row, blue)
    assert left is not None
    assert left.holder is None
    assert left.traffic == {}
    assert endpoints.leave(left, green) is None


def test_a_hold_is_of_one_generation() -> None:
    blue = deployment("blue")
    row = endpoints.take(endpoint("blue"), blue)
    assert endpoints.holds(row, blue)
    assert not endpoints.holds(row, replace(blue, generation=2))


def test_nobody_frees_anothers_hold() -> None:
    row = endpoints.take(endpoint("blue", "green"), deployment("blue"))
    assert endpoints.free(row, deployment("green")) == row
    assert endpoints.free(row, deployment("blue")).holder is None
    left = endpoints.leave(row, deployment("green"))
    assert left is not None
    assert left.holder == Holder(deployment_id="blue", generation=1)


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
