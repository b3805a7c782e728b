"""Rows that this version cannot read: one of them is told apart, and a list goes on without it."""

from typing import Any

import pytest

from shared.domain.records import SCHEMA_VERSION
from shared.ports import Row
from shared.service import store
from tests.api.serving import Server, key_of, problem_of


def rewrite(server: Server, deployment_id: str, **values: Any) -> None:
    stored = store.load_deployment(server.tables, key_of("local"), deployment_id)
    assert stored is not None
    row = stored.row
    changed = Row(partition=row.partition, key=row.key, values={**row.values, **values}, etag="1")
    rows: Any = server.tables
    rows._tables[store.RECORDS][row.partition, row.key] = changed


NEWER = {"schema_version": SCHEMA_VERSION + 1}
DAMAGED = {"work_json": "{"}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_a_newer_version_wrote_is_a_503_that_says_so(server: Server, method: str) -> None:
    deployment_id = server.deploy(server.upload())
    rewrite(server, deployment_id, **NEWER)

    answer = server.send(method, f"/deployments/{deployment_id}")

    problem = problem_of(answer, 503)
    assert problem["code"] == "newer_version"
    assert answer.headers["retry-after"]
    assert "newer version" in problem["detail"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_is_damaged_is_a_500_that_says_whom_to_tell(server: Server, method: str) -> None:
    deployment_id = server.deploy(server.upload())
    rewrite(server, deployment_id, **DAMAGED)

    problem = problem_of(server.send(method, f"/deployments/{deployment_id}"), 500)

    assert problem["code"] == "record_damaged"
    assert "operators" in problem["next"]
    assert deployment_id not in problem["detail"]


@pytest.mark.parametrize("values", [NEWER, DAMAGED], ids=["newer", "damaged"])
def test_a_list_and_the_counts_answer_without_the_row(
    server: Server, values: dict[str, Any]
) -> None:
    model_id = server.upload()
    first, bad = server.deploy(model_id), server.deploy(model_id)
    rewrite(server, bad, **values)

    listed = server.get("/deployments/list")
    counted = server.get("/deployments/stats")

    assert [each["id"] for each in listed.json()["deployments"]] == [first]
    assert counted.status_code == 200
