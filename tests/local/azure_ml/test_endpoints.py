from typing import Any

import pytest

from tests.local.azure_ml.running import LOCATION, Rest, Running, score


def _error(response: Any, status: int) -> Any:
    assert response.status_code == status, response.text()
    return response.json()["error"]


def _state(rest: Rest, path: str) -> str:
    return str(rest.send("GET", path).json()["properties"]["provisioningState"])


def test_an_endpoint_is_creating_then_there_and_deleting_then_gone(
    shared: Running, rest: Rest, name: str
) -> None:
    with shared.holding(name):
        created = rest.put_endpoint(name)
        assert (created.status_code, _state(rest, f"onlineEndpoints/{name}")) == (201, "Creating")
    assert rest.wait(created)["endTime"]
    assert _state(rest, f"onlineEndpoints/{name}") == "Succeeded"
    with shared.holding(name):
        deleted = rest.send("DELETE", f"onlineEndpoints/{name}")
        assert (deleted.status_code, _state(rest, f"onlineEndpoints/{name}")) == (202, "Deleting")
    rest.wait(deleted)
    assert _error(rest.send("GET", f"onlineEndpoints/{name}"), 404)["code"] == "ResourceNotFound"
    assert rest.send("DELETE", f"onlineEndpoints/{name}").status_code == 204


def test_a_repeated_request_is_the_same_operation_and_another_one_a_conflict(
    shared: Running, rest: Rest, name: str, model_path: str
) -> None:
    model = rest.register("tree", model_path)
    with shared.holding(name):
        first, again = rest.put_endpoint(name), rest.put_endpoint(name)
        assert again.status_code == 200
        assert first.headers["Azure-AsyncOperation"] == again.headers["Azure-AsyncOperation"]
        assert _error(rest.put_endpoint(name, description="other"), 409)["code"] == "Conflict"
        assert _error(rest.put_deployment(f"{name}/blue", model), 409)["code"] == "Conflict"
        assert rest.send("DELETE", f"onlineEndpoints/{name}").status_code == 409
    rest.wait(first)
    with shared.holding(name):
        begun = rest.put_deployment(f"{name}/blue", model)
        assert begun.status_code == 201
        assert rest.put_deployment(f"{name}/green", model).status_code == 409
        assert rest.put_endpoint(name, description="other").status_code == 409
    rest.wait(begun)


def test_a_name_is_taken_in_the_whole_region_whatever_its_case(
    shared: Running, rest: Rest, name: str
) -> None:
    rest.wait(rest.put_endpoint(name))
    other = Rest(shared.url, "elsewhere")
    error = _error(other.put_endpoint(name.upper()), 400)
    assert "needs to be unique within a region" in error["details"][0]["message"]


@pytest.mark.parametrize(
    "wrong", ["ab", "1abc", "a--b", "abc-", "a_bc", "a" * 33], ids=lambda wrong: wrong[:8]
)
def test_a_name_against_the_rules_is_refused(rest: Rest, wrong: str) -> None:
    assert _error(rest.put_endpoint(wrong), 400)["code"] == "BadRequest"


def test_tags_and_identity_are_replaced_by_every_put(rest: Rest, name: str) -> None:
    body = {
        "location": "local",
        "properties": {"authMode": "Key"},
        "tags": {"longshore-owner": "me"},
        "identity": {"type": "SystemAssigned"},
    }
    rest.wait(rest.send("PUT", f"onlineEndpoints/{name}", body))
    found = rest.send("GET", f"onlineEndpoints/{name}").json()
    assert found["tags"] == {"longshore-owner": "me"}
    assert found["identity"]["principalId"]
    rest.wait(rest.put_endpoint(name))
    assert rest.send("GET", f"onlineEndpoints/{name}").json()["tags"] == {}


@pytest.mark.parametrize("traffic", [{"blue": 50}, {"blue": 120}, {"green": 100}, {"blue": "100"}])
def test_traffic_adds_up_to_nothing_or_all_among_known_deployments(
    rest: Rest, name: str, model_path: str, traffic: dict[str, Any]
) -> None:
    rest.serve(f"{name}/blue", rest.register("tree", model_path))
    assert _error(rest.put_endpoint(name, traffic=traffic), 400)["code"] == "BadRequest"
    found = rest.send("GET", f"onlineEndpoints/{name}").json()
    assert found["properties"]["traffic"] == {"blue": 100}


def test_new_traffic_shows_when_the_operation_has_ended(
    shared: Running, rest: Rest, name: str, model_path: str
) -> None:
    rest.serve(f"{name}/blue", rest.register("tree", model_path))
    with shared.holding(name):
        begun = rest.put_endpoint(name, traffic={"blue": 0})
        assert begun.json()["properties"]["traffic"] == {"blue": 0}
        assert score(shared.url, name, rest.key(name)).status_code == 200
    rest.wait(begun)
    assert score(shared.url, name, rest.key(name)).status_code == 404


def test_deleting_an_endpoint_takes_its_deployments_with_it(
    shared: Running, rest: Rest, name: str, model_path: str
) -> None:
    rest.serve(f"{name}/blue", rest.register("tree", model_path))
    with shared.holding(name):
        deleted = rest.send("DELETE", f"onlineEndpoints/{name}")
        assert _state(rest, f"onlineEndpoints/{name}/deployments/blue") == "Deleting"
    rest.wait(deleted)
    left = shared.control("GET", "resources")
    assert name not in {held["endpoint"] for held in left["deployments"]}
    assert rest.send("DELETE", "models/tree/versions/1").status_code == 200


def test_a_token_endpoint_gives_tokens_and_no_keys(
    shared: Running, rest: Rest, name: str, model_path: str
) -> None:
    rest.wait(rest.put_endpoint(name, authMode="AMLToken"))
    model = rest.register("tree", model_path)
    rest.wait(rest.put_deployment(f"{name}/blue", model))
    token = rest.send("POST", f"onlineEndpoints/{name}/token").json()["accessToken"]
    header = {"azureml-model-deployment": "blue"}
    assert score(shared.url, name, token, **header).status_code == 200
    assert score(shared.url, name, token + "x", **header).status_code == 401
    assert rest.send("POST", f"onlineEndpoints/{name}/listKeys").status_code == 400


def test_endpoints_are_listed_in_pages(rest: Rest, name: str) -> None:
    names = [f"{name}-{letter}" for letter in "abcd"]
    for each in names:
        rest.put_endpoint(each)
    first = rest.send("GET", "onlineEndpoints").json()
    second = rest.send("GET", first["nextLink"]).json()
    assert [held["name"] for held in first["value"] + second["value"]] == names


def test_vm_sizes_and_quotas_are_told(rest: Rest) -> None:
    sizes = {held["name"]: held for held in rest.send("GET", f"{LOCATION}/vmSizes").json()["value"]}
    assert sizes["standard_ds1_v2"]["vCPUs"] == 1
    quotas = rest.send("GET", f"{LOCATION}/quotas").json()["value"]
    assert {"standardFSv2Family": 6}.items() <= {
        held["name"]["value"]: held["limit"] for held in quotas
    }.items()
