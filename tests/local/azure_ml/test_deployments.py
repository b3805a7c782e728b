from typing import Any

import pytest

from tests.local.azure_ml.running import LOCATION, Rest, Running, act, score


def _error(response: Any, status: int) -> Any:
    assert response.status_code == status, response.text()
    return response.json()["error"]


def _used(rest: Rest, family: str) -> int:
    usages = rest.send("GET", f"{LOCATION}/usages").json()["value"]
    return int(next(u["currentValue"] for u in usages if u["name"]["value"] == family))


def test_a_container_that_crashes_fails_its_deployment_and_leaves_its_log(
    shared: Running, rest: Rest, name: str, broken_path: str, model_path: str
) -> None:
    broken, good = rest.register("broken", broken_path), rest.register("tree", model_path)
    rest.wait(rest.put_endpoint(name))
    place = f"onlineEndpoints/{name}/deployments/blue"
    before = _used(rest, "standardDSv2Family")
    status = rest.wait(rest.put_deployment(f"{name}/blue", broken))
    assert (status["status"], status["error"]["code"]) == ("Failed", "ResourceNotReady")
    assert rest.send("GET", place).json()["properties"]["provisioningState"] == "Failed"
    log = rest.send("POST", f"{place}/getLogs", {"tail": 100}).json()["content"]
    assert "UnpicklingError" in log
    assert _used(rest, "standardDSv2Family") == before
    refused = _error(rest.put_deployment(f"{name}/blue", good), 400)
    assert "Failed provisioning state" in refused["message"]
    header = {"azureml-model-deployment": "blue"}
    assert score(shared.url, name, rest.key(name), **header).status_code == 503
    rest.wait(rest.send("DELETE", place))
    assert rest.wait(rest.put_deployment(f"{name}/blue", good))["status"] == "Succeeded"


def test_files_that_have_gone_fail_the_deployment_with_the_initializers_log(
    rest: Rest, name: str, container: Any, model_path: str
) -> None:
    content = container.download_blob(f"{model_path}/MLmodel").readall()
    container.upload_blob("models/fleeting/MLmodel", content)
    model = rest.register("fleeting", "models/fleeting")
    container.delete_blob("models/fleeting/MLmodel")
    rest.wait(rest.put_endpoint(name))
    status = rest.wait(rest.put_deployment(f"{name}/blue", model))
    assert "no blobs at models/fleeting" in status["error"]["message"]
    log = rest.send(
        "POST",
        f"onlineEndpoints/{name}/deployments/blue/getLogs",
        {"tail": 9, "containerType": "StorageInitializer"},
    )
    assert "no blobs at models/fleeting" in log.json()["content"]


def test_quota_counts_twenty_percent_more_instances_and_frees_them_with_the_deployment(
    rest: Rest, name: str, model_path: str
) -> None:
    model = rest.register("tree", model_path)
    rest.wait(rest.put_endpoint(name))
    two = {"instanceType": "Standard_F2s_v2"}
    begun = rest.put_deployment(f"{name}/blue", model, **two)
    assert _used(rest, "standardFSv2Family") == 4
    rest.wait(begun)
    error = _error(rest.put_deployment(f"{name}/green", model, **two), 400)
    assert error["message"] == "The request is invalid."
    assert "Current usage/limit: 4/6. Additional needed: 4" in error["details"][0]["message"]
    rest.wait(rest.send("DELETE", f"onlineEndpoints/{name}/deployments/blue"))
    assert _used(rest, "standardFSv2Family") == 0
    rest.wait(rest.put_deployment(f"{name}/green", model, **two))
    rest.wait(rest.send("DELETE", f"onlineEndpoints/{name}"))


def test_environment_variables_reach_the_container_and_an_update_replaces_it(
    shared: Running, rest: Rest, name: str, actor_path: str
) -> None:
    model = rest.register("actor", actor_path)
    rest.serve(f"{name}/blue", model, environmentVariables={"GREETING": "hello"})
    key = rest.key(name)
    assert act(shared.url, name, key, "env GREETING").json() == ["hello"]
    assert act(shared.url, name, key, "env PYTHONPATH").json() == [None]
    with shared.holding(name):
        begun = rest.put_deployment(f"{name}/blue", model, environmentVariables={"GREETING": "bye"})
        state = begun.json()["properties"]["provisioningState"]
        assert (begun.status_code, state) == (200, "Updating")
        assert act(shared.url, name, key, "env GREETING").json() == ["hello"]
    rest.wait(begun)
    assert act(shared.url, name, key, "env GREETING").json() == ["bye"]


def test_a_deployment_with_traffic_cannot_be_deleted(
    rest: Rest, name: str, model_path: str
) -> None:
    rest.serve(f"{name}/blue", rest.register("tree", model_path))
    place = f"onlineEndpoints/{name}/deployments/blue"
    assert "non-zero traffic" in _error(rest.send("DELETE", place), 400)["message"]
    rest.wait(rest.put_endpoint(name, traffic={"blue": 0}))
    rest.wait(rest.send("DELETE", place))
    assert rest.send("GET", place).status_code == 404
    assert rest.send("DELETE", place).status_code == 204
    found = rest.send("GET", f"onlineEndpoints/{name}").json()["properties"]
    assert found["traffic"] == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"instanceType": "Standard_Nonsense"}, "Not supported VM Size"),
        ({"capacity": 51}, "not between 1 and 50"),
        ({"capacity": "two"}, "not between 1 and 50"),
        ({"model": "azureml:tree:1"}, "not the id of a model version"),
    ],
    ids=["size", "instances", "words", "model"],
)
def test_what_cannot_be_deployed_is_refused_at_once(
    rest: Rest, name: str, model_path: str, changes: dict[str, Any], words: str
) -> None:
    wanted = {"model": rest.register("tree", model_path)} | changes
    rest.wait(rest.put_endpoint(name))
    answer = rest.put_deployment(f"{name}/blue", **wanted)
    assert words in _error(answer, 400)["details"][0]["message"]
    assert rest.send("GET", f"onlineEndpoints/{name}/deployments").json() == {"value": []}


def test_a_deployed_version_cannot_be_deleted(rest: Rest, name: str, model_path: str) -> None:
    rest.serve(f"{name}/blue", rest.register("tree", model_path))
    assert _error(rest.send("DELETE", "models/tree/versions/1"), 409)["code"] == "ModelVersionInUse"
    assert _error(rest.send("DELETE", "models/tree"), 409)["code"] == "ModelVersionInUse"
