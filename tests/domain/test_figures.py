"""One user's figures: model lines and catalogue entries are told apart, and what they cost is never less than is known."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from shared.domain import figures
from shared.domain.figures import CountedDeployment, CountedModel, Figures
from shared.domain.prices import PriceList
from shared.domain.records import Status

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)
EVENING = datetime(2026, 3, 1, 20, tzinfo=UTC)
ONE = CountedDeployment(
    id="1",
    status=Status.ACTIVE,
    created_at=MORNING,
    model_id="m1",
    model_name="iris",
    instance_type="Standard_DS1_v2",
    instance_count=1,
    azure_model_name="model_iris_1",
    azure_model_version="1",
)
ENTRY = CountedModel(id="m1", model_name="iris")


def count(
    *deployments: CountedDeployment,
    models: tuple[CountedModel, ...] = (),
    missing: tuple[str, ...] = (),
    **own: float,
) -> Figures:
    return figures.count(deployments, models, missing, PriceList(own=own))


def one(**fields: Any) -> CountedDeployment:
    return replace(ONE, **fields)


def test_nothing_is_nothing_of_everything() -> None:
    found = count()
    assert (found.total, found.registered, found.deployed, found.entries) == (0, 0, 0, 0)
    assert (found.last_created_at, found.cost.a_month) == (None, 0.0)


def test_two_entries_and_two_deployments_of_one_line_are_one_model() -> None:
    found = count(ONE, one(id="2", model_id="m2"), models=(ENTRY, replace(ENTRY, id="m2")))
    assert (found.registered, found.deployed, found.entries, found.total) == (1, 1, 2, 2)


def test_a_model_counts_once_it_is_registered_and_as_long_as_that_is_there() -> None:
    on_its_way = one(id="2", model_name="wine", azure_model_version="", status=Status.DEPLOYING)
    failed = one(id="3", model_name="moons", status=Status.FAILED)
    found = count(ONE, on_its_way, failed)
    assert (found.registered, found.deployed) == (2, 1)

    assert count(ONE, on_its_way, failed, missing=("3",)).registered == 1
    assert count(ONE, one(id="2"), missing=("1",)).registered == 1, "another entry of the line"


def test_a_model_of_the_registry_is_registered_without_a_deployment() -> None:
    referenced = replace(ENTRY, id="m9", registry_name="theirs")
    assert count(models=(ENTRY, referenced)).registered == 1
    assert count(models=(ENTRY, referenced), missing=("m9",)).registered == 0


def test_a_deleted_deployment_is_counted_apart_and_costs_until_it_is_gone() -> None:
    deleted = one(id="2", status=Status.DELETED, model_name="wine", created_at=EVENING)
    found = count(ONE, deleted)
    assert (found.total, found.being_removed, found.registered) == (1, 1, 1)
    assert found.last_created_at == MORNING
    assert found.cost.a_month == 106.58
    assert count(ONE, replace(deleted, torn_down_at=EVENING)).cost.a_month == 53.29


def test_a_size_without_a_price_is_named_beside_the_rest_of_the_cost() -> None:
    huge = one(id="2", instance_type="Standard_M128s")
    found = count(ONE, huge).cost
    assert found.a_month == 53.29
    assert found.note.endswith("Without 1 whose price is not known: Standard_M128s.")
    assert count(huge).cost.a_month is None
    assert "Standard_M128s" in count(huge).cost.note
    assert count(huge, Standard_M128s=2.0).cost.a_month == 1460.0
    gone = one(id="3", status=Status.FAILED, torn_down_at=EVENING)
    assert count(huge, gone).cost.a_month is None, "what costs nothing any more is no known cost"


def test_the_last_date_is_that_of_the_newest() -> None:
    assert count(one(created_at=EVENING), ONE).last_created_at == EVENING
