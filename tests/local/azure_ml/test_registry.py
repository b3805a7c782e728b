from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.local.azure_ml.running import Rest, Running


def _error(response: Any, status: int) -> Any:
    assert response.status_code == status, response.text()
    return response.json()["error"]


def _names(response: Any) -> list[str]:
    assert response.status_code == 200, response.text()
    return [held["name"] for held in response.json()["value"]]


def _follow(rest: Rest, path: str, **query: str) -> list[list[str]]:
    """The names on every page."""
    response = rest.send("GET", path, **query)
    pages = [_names(response)]
    while link := response.json().get("nextLink"):
        response = rest.send("GET", link)
        pages.append(_names(response))
    return pages


def test_version_numbers_go_on_after_everything_is_deleted(rest: Rest, model_path: str) -> None:
    rest.register("tree", model_path, "1")
    rest.register("tree", model_path, "2")
    for version in ("2", "1"):
        assert rest.send("DELETE", f"models/tree/versions/{version}").status_code == 200
        assert rest.send("DELETE", f"models/tree/versions/{version}").status_code == 204
    assert _names(rest.send("GET", "models")) == []
    properties = rest.send("GET", "models/tree").json()["properties"]
    assert (properties["latestVersion"], properties["nextVersion"]) == (None, "3")


def test_a_listing_of_models_has_names_only_and_versions_have_tags(
    rest: Rest, model_path: str
) -> None:
    identifier = rest.register("tree", model_path)
    body = rest.send("GET", identifier).json()
    body["properties"]["tags"] = {"longshore-deployment": "7"}
    assert rest.send("PUT", identifier, body).status_code == 200
    assert rest.send("GET", identifier).json()["properties"]["tags"] == body["properties"]["tags"]
    (listed,) = rest.send("GET", "models").json()["value"]
    assert (listed["name"], listed["properties"]["tags"]) == ("tree", {})


def test_pages_lead_to_every_version_once_even_while_one_is_deleted(
    rest: Rest, model_path: str
) -> None:
    for version in range(1, 9):
        rest.register("tree", model_path, str(version))
    newest_first = {"$orderBy": "createdtime desc"}
    assert _follow(rest, "models/tree/versions") == [["1", "2", "3"], ["4", "5", "6"], ["7", "8"]]
    assert _follow(rest, "models/tree/versions", **newest_first)[0] == ["8", "7", "6"]
    top = rest.send("GET", "models/tree/versions", **newest_first, **{"$top": "1"})
    assert _names(top) == ["8"]
    first = rest.send("GET", "models/tree/versions").json()
    rest.send("DELETE", "models/tree/versions/2")
    assert _names(rest.send("GET", first["nextLink"])) == ["4", "5", "6"]


def test_archived_versions_leave_the_list_but_can_be_read(rest: Rest, model_path: str) -> None:
    identifier = rest.register("tree", model_path)
    rest.register("tree", model_path, "2")
    body = rest.send("GET", identifier).json()
    body["properties"]["isArchived"] = True
    rest.send("PUT", identifier, body)
    assert _names(rest.send("GET", "models/tree/versions")) == ["2"]
    assert _names(rest.send("GET", "models/tree/versions", listViewType="ArchivedOnly")) == ["1"]
    assert _names(rest.send("GET", "models/tree/versions", listViewType="All")) == ["1", "2"]
    assert rest.send("GET", identifier).status_code == 200


def test_a_path_without_blobs_is_refused_and_leaves_nothing(rest: Rest) -> None:
    uri = "azureml://datastores/workspaceblobstore/paths/nowhere/at-all"
    body = {"properties": {"modelType": "mlflow_model", "modelUri": uri}}
    error = _error(rest.send("PUT", "models/tree/versions/1", body), 400)
    assert error["code"] == "UserError"
    assert error["details"][0]["code"] == "ModelAssetPathNotFoundInStorage"
    assert _error(rest.send("GET", "models/tree"), 404)["code"] == "UserError"


def test_a_version_keeps_its_path(rest: Rest, model_path: str, broken_path: str) -> None:
    identifier = rest.register("tree", model_path)
    uri = f"azureml://datastores/workspaceblobstore/paths/{broken_path}"
    body = {"properties": {"modelType": "mlflow_model", "modelUri": uri}}
    assert _error(rest.send("PUT", identifier, body), 400)["message"] == (
        "Asset paths cannot be updated."
    )


def test_two_writers_of_one_version_get_one_version(rest: Rest, model_path: str) -> None:
    def register(_: int) -> str:
        return rest.register("tree", model_path)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(register, range(8)))) == 1
    assert _names(rest.send("GET", "models/tree/versions")) == ["1"]


def test_paths_are_read_whatever_their_case_and_names_keep_theirs(
    rest: Rest, model_path: str
) -> None:
    rest.register("Tree", model_path)
    upper = f"{rest.workspace}/models/tree/versions/1".replace("resourceGroups", "RESOURCEGROUPS")
    found = rest.send("GET", upper.replace("/versions/", "/Versions/"))
    assert found.json()["id"].endswith("/models/Tree/versions/1")


@pytest.mark.parametrize(
    ("headers", "query", "status", "code"),
    [
        ({}, "?api-version=1", 401, "AuthenticationFailed"),
        ({"Authorization": "Bearer x"}, "", 400, "MissingApiVersionParameter"),
        (
            {"Authorization": "Bearer emulator.1.x"},
            "?api-version=1",
            401,
            "ExpiredAuthenticationToken",
        ),
        ({"Authorization": "Bearer x"}, "/nothing?api-version=1", 404, "InvalidResourceType"),
    ],
)
def test_arm_demands_a_token_and_a_version(
    shared: Running, rest: Rest, headers: dict[str, str], query: str, status: int, code: str
) -> None:
    url = f"{shared.url}{rest.workspace}{query}"
    answer = httpx.get(url, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_managed_identity_token_opens_the_workspace(shared: Running, rest: Rest) -> None:
    answer = httpx.get(
        f"{shared.url}/msi/token",
        params={"api-version": "2019-08-01", "resource": "https://management.azure.com/"},
        headers={"X-IDENTITY-HEADER": "anything"},
        trust_env=False,
    )
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    url = f"{shared.url}{rest.workspace}?api-version=1"
    assert httpx.get(url, headers=bearer, trust_env=False).status_code == 200
