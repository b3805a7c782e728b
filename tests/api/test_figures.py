"""Counts and costs over HTTP: what is asked before, what is told after, and one figure in every place."""

import pytest

from shared.domain.records import Status
from shared.settings import Settings
from tests.api.serving import ENV, Server, wrong_fields


def test_the_cost_of_a_deployment_is_told_before_it_is_asked_for(server: Server) -> None:
    query = "instance_type=DS2_v2&instance_count=3"
    shown = server.get(f"/prices?{query}").json()

    [price] = shown["prices"]
    assert (shown["currency"], shown["hours_a_month"]) == ("USD", 730)
    assert (price["instance_type"], price["instance_count"]) == ("Standard_DS2_v2", 3)
    assert (price["an_hour"], price["cost_a_month"]) == (0.146, 319.74)
    accepted = server.send_deploy(server.upload(), instance_type="DS2_v2", instance_count=3).json()
    assert {name: accepted[name] for name in ("cost_a_month", "cost_note")} == {
        name: price[name] for name in ("cost_a_month", "cost_note")
    }


def test_every_size_with_a_known_price_is_listed_those_on_offer_first(server: Server) -> None:
    prices = server.get("/prices").json()["prices"]

    sizes = [each["instance_type"] for each in prices]
    assert sizes[:2] == ["Standard_DS1_v2", "Standard_DS2_v2"]
    assert len(sizes) == len(set(sizes)) > 20
    assert all(each["cost_a_month"] > 0 for each in prices)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("instance_type=huge", "instance_type"),
        ("instance_count=0", "instance_count"),
        ("instance_count=11", "instance_count"),
        ("size=DS1_v2", "size"),
    ],
)
def test_a_price_of_nothing_is_refused(server: Server, query: str, field: str) -> None:
    assert set(wrong_fields(server.get(f"/prices?{query}"))) == {field}


def test_a_size_without_a_known_price_is_deployed_and_its_cost_is_told_as_unknown(
    server: Server,
) -> None:
    model_id = server.upload()
    accepted = server.send_deploy(model_id, instance_type="Standard_M128s").json()
    shown = server.get(f"/deployments/{accepted['deployment_id']}").json()
    rated = server.get(f"/artifacts/model/{model_id}/rate?instance_type=Standard_M128s").json()

    for told in (accepted, shown, rated):
        assert told["cost_a_month"] is None
        assert "INSTANCE_PRICES" in told["cost_note"]


def test_a_model_is_rated_with_what_one_instance_costs(server: Server) -> None:
    rated = server.get(f"/artifacts/model/{server.upload()}/rate?instance_type=DS3_v2").json()

    assert rated["cost_a_month"] == 213.89


def test_a_price_of_the_setting_is_told_everywhere(server: Server) -> None:
    server.settings = Settings.from_env(ENV | {"INSTANCE_PRICES": "DS1_v2=0.1,M128s=13"})
    server.use(server.ports)

    accepted = server.send_deploy(server.upload()).json()

    assert (accepted["cost_a_month"], accepted["cost_note"][-19:]) == (73.0, "by INSTANCE_PRICES.")
    listed = {each["instance_type"]: each for each in server.get("/prices").json()["prices"]}
    assert listed["Standard_M128s"]["an_hour"] == 13
    assert server.get("/deployments").json()["deployments"][0]["cost_a_month"] == 73.0


def test_a_deployment_costs_until_its_removal_is_confirmed(server: Server) -> None:
    deployment_id = server.deploy(server.upload(), instance_count=2)
    path = f"/deployments/{deployment_id}"
    assert server.get(path).json()["cost_a_month"] == 106.58
    server.finish(deployment_id, status=Status.ACTIVE)
    assert server.get(path).json()["cost_a_month"] == 106.58
    server.delete(path)
    assert server.get(path).json()["cost_a_month"] == 106.58

    server.write(deployment_id, torn_down_at=server.clock.now())

    gone = server.get(path).json()
    assert (gone["cost_a_month"], gone["cost_note"]) == (0.0, "Nothing of it is left to pay for.")


def test_the_figures_are_the_same_wherever_they_are_shown(server: Server) -> None:
    iris, again, wine = server.upload(), server.upload(), server.upload(model_name="wine")
    for number, model_id in enumerate((iris, again, wine)):
        deployment_id = server.deploy(model_id)
        server.finish(deployment_id, status=Status.ACTIVE, azure_model_version="1")
        if number == 1:
            server.write(deployment_id, status=Status.FAILED)
    server.deploy(wine)
    deleted = server.deploy(wine)
    server.finish(deleted, status=Status.ACTIVE)
    server.delete(f"/deployments/{deleted}")

    stats = server.get("/stats").json()

    assert (stats["models_registered"], stats["models_deployed"]) == (2, 2)
    assert stats["catalogue_entries"] == server.get("/models").json()["total"] == 3
    assert stats["total_deployments"] == server.get("/deployments").json()["total"] == 4
    assert (stats["active_deployments"], stats["failed_deployments"]) == (2, 1)
    assert stats["deploying_count"] == 1
    counts = server.get("/deployments/stats").json()
    assert {name: stats[name] for name in counts} == counts
    assert stats["being_removed"] == 1
    shown = [
        *server.get("/deployments").json()["deployments"],
        *server.get("/deployments/list?status=deleted").json()["deployments"],
    ]
    assert stats["cost_a_month"] == round(sum(each["cost_a_month"] for each in shown), 2) == 266.45


def test_figures_that_have_not_changed_are_not_sent_again(server: Server) -> None:
    first = server.get("/stats")
    seen = {"if-none-match": first.headers["etag"]}
    assert server.get("/stats", headers=seen).status_code == 304
    server.upload()
    assert server.get("/stats", headers=seen).json()["catalogue_entries"] == 1
