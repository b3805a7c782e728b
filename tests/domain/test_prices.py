"""What deployments cost: by their instances, as long as these may be there, and never 0 for want of a price."""

from dataclasses import replace

import pytest

from shared.domain import phases, prices
from shared.domain.names import INSTANCE_TYPES
from shared.domain.prices import AN_HOUR, PriceList
from shared.domain.records import Deployment, Status
from tests.domain.examples import NOW, deployment

LIST = PriceList(own={"Standard_NC6s_v3": 3.06, "Standard_DS2_v2": 0.2})


def of(status: Status, **fields: object) -> Deployment:
    return replace(deployment(status=status), **fields)  # type: ignore[arg-type]  # fields by name


def test_a_month_has_730_hours_and_every_instance_costs_its_size() -> None:
    assert prices.estimate(LIST, "Standard_DS1_v2", 1).a_month == 53.29
    assert prices.estimate(LIST, "Standard_DS1_v2", 3).a_month == 159.87
    assert prices.estimate(LIST, "Standard_F2s_v2", 2).a_month == 123.52


def test_every_size_that_is_offered_has_a_price() -> None:
    assert set(INSTANCE_TYPES) <= set(AN_HOUR)


def test_an_estimate_tells_its_price_and_where_that_is_from() -> None:
    told = prices.estimate(LIST, "Standard_DS1_v2", 2).note
    assert told == (
        "An estimate: 2 x Standard_DS1_v2 at 0.073 USD an hour for 730 hours, pay as you go for Linux in East US, "
        "as of 2025-04."
    )
    assert prices.estimate(LIST, "Standard_DS2_v2", 1).note.endswith(", by INSTANCE_PRICES.")


def test_a_price_that_is_not_known_is_none_and_tells_where_to_look() -> None:
    cost = prices.estimate(LIST, "Standard_M128s", 1)
    assert cost.a_month is None
    assert prices.SOURCE in cost.note
    assert "INSTANCE_PRICES" in cost.note


def test_a_setting_is_before_the_table_and_beside_it() -> None:
    assert prices.estimate(LIST, "Standard_DS2_v2", 1).a_month == 146.0
    assert prices.estimate(LIST, "Standard_NC6s_v3", 1).a_month == 2233.8
    assert LIST.sizes()[:5] == list(INSTANCE_TYPES)
    assert "Standard_NC6s_v3" in LIST.sizes()
    assert len(LIST.sizes()) == len(set(LIST.sizes())) == len(AN_HOUR) + 1


@pytest.mark.parametrize(
    ("record", "paid"),
    [
        (of(Status.ACTIVE), True),
        (of(Status.FAILED), True),
        (of(Status.FAILED, torn_down_at=NOW), False),
        (of(Status.DELETED), True),
        (of(Status.DELETED, torn_down_at=NOW), False),
        (of(Status.DEPLOYING, phases={phases.REGISTERED: NOW}), False),
        (of(Status.DEPLOYING, phases={phases.ENDPOINT_READY: NOW}), True),
    ],
)
def test_a_deployment_is_paid_from_its_creation_until_its_removal_is_confirmed(
    record: Deployment, paid: bool
) -> None:
    assert prices.is_paid(record) == paid


def test_what_is_gone_costs_nothing_and_what_is_on_its_way_shows_what_it_will_cost() -> None:
    assert prices.cost_of(of(Status.DEPLOYING), LIST).a_month == 53.29
    assert prices.cost_of(of(Status.ACTIVE), LIST).a_month == 53.29
    assert prices.cost_of(of(Status.DELETED), LIST).a_month == 53.29
    gone = prices.cost_of(of(Status.DELETED, torn_down_at=NOW, instance_type="Standard_M1"), LIST)
    assert (gone.a_month, gone.note) == (0.0, "Nothing of it is left to pay for.")
