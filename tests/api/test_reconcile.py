"""Reconciliations over HTTP: begun, watched, read and approved by operators, and by nobody else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.domain.reconcile.findings import Area, Case, Finding
from shared.domain.reconcile.repair import Decision
from shared.domain.reconcile.runs import Item, ItemState, Run, RunState
from shared.ports import Replace
from shared.service import store
from shared.service.reconcile import rows
from tests.api.serving import HERE, Server, problem_of

ROOT = {"user_id": "root"}


@pytest.fixture(autouse=True)
def operators(server: Server) -> None:
    server.settings = server.settings.model_copy(update={"operators": ("root",)})
    server.use(server.ports)


def begin(server: Server, user: str = "root", **wanted: Any) -> httpx.Response:
    return server.send("POST", f"/reconcile?user_id={user}", json=wanted)


def end(server: Server, run_id: str, *items: Item, **fields: Any) -> Run:
    """The run as its turns would have left it, with these findings."""
    stored = rows.load_run(server.tables, run_id)
    assert stored is not None
    now = server.clock.now()
    ended = replace(stored.record, state=RunState.DONE, observed_at=now, finished_at=now, **fields)
    operations = [Replace(rows.run_row(ended, stored.row.etag)), *rows.end(server.tables, run_id)]
    store.commit(server.tables, server.ports.random, rows.RUNS, operations)
    rows.add_items(server.ports, items)
    return ended


def item(server: Server, run_id: str, number: int, state: ItemState = ItemState.NONE) -> Item:
    finding = Finding(
        case=Case.DEPLOYMENT_LEFT_OVER,
        subject=f"shop/blue-{number}",
        text="It was torn down, and is still there.",
        since=server.clock.now() - timedelta(days=3),
        cost=53.29,
    )
    return Item(
        run_id=run_id,
        number=number,
        finding=finding,
        decision=Decision.SEEN_ONCE,
        why="seen for the first time",
        seen_since=server.clock.now(),
        state=state,
    )


def test_a_run_is_begun_and_can_be_watched(server: Server) -> None:
    answer = begin(server, dry_run=True, days=3, kinds=["registry", "endpoints"])

    assert answer.status_code == 202
    run = answer.json()
    monitor = f"{HERE}/reconcile/runs/{run['id']}?user_id=root"
    assert answer.headers["location"] == answer.headers["operation-location"] == monitor
    assert (run["state"], run["dry_run"], run["days"]) == ("waiting", True, 3)
    assert run["kinds"] == ["endpoints", "registry"]
    assert run["asked_by"] == "root"
    shown = server.get(f"/reconcile/runs/{run['id']}", params=ROOT)
    assert shown.json() == run
    assert shown.headers["retry-after"]


def test_without_a_word_it_looks_at_all_by_the_settings(server: Server) -> None:
    run = begin(server).json()

    assert (run["dry_run"], run["days"]) == (False, 7)
    assert run["kinds"] == [each.value for each in Area]


def test_another_run_is_refused_while_one_goes_on(server: Server) -> None:
    first = begin(server).json()

    problem = problem_of(begin(server), 409)

    assert problem["code"] == "reconcile_running"
    assert first["id"] in problem["next"]
    end(server, first["id"])
    assert begin(server).status_code == 202


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": True}, "days"),
        ({"dry_run": "yes"}, "dry_run"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["everything"]}, "kinds.0"),
        ({"dryrun": True}, "dryrun"),
    ],
)
def test_a_wrong_request_is_refused_by_its_field(
    server: Server, sent: dict[str, Any], field: str
) -> None:
    problem = problem_of(begin(server, **sent), 422)
    assert [each["field"] for each in problem["problems"]] == [field]


def test_an_ended_run_tells_what_it_found_and_costs(server: Server) -> None:
    run_id = begin(server).json()["id"]
    end(
        server,
        run_id,
        item(server, run_id, 1, ItemState.REPAIRED),
        item(server, run_id, 2),
        found={Case.DEPLOYMENT_LEFT_OVER: 2},
        seen={Area.ENDPOINTS: 7},
        unknown={Area.REGISTRY: "no answer"},
        repaired=1,
        cost=106.58,
    )

    answer = server.get(f"/reconcile/runs/{run_id}", params=ROOT)
    run = answer.json()
    assert run["found_by_case"] == {"deployment_left_over": 2}
    assert (run["found"], run["repaired"], run["cost_a_month"]) == (2, 1, 106.58)
    assert run["message"] == "It found 2, and could not look at everything: registry left out."
    assert "retry-after" not in answer.headers
    tag = answer.headers["etag"]
    again = server.get(f"/reconcile/runs/{run_id}", params=ROOT, headers={"If-None-Match": tag})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "asked", [{"params": {"format": "text"}}, {"headers": {"Accept": "text/plain"}}]
)
def test_the_report_for_people_comes_as_text(server: Server, asked: dict[str, Any]) -> None:
    run_id = begin(server).json()["id"]
    end(server, run_id, item(server, run_id, 1, ItemState.REPAIRED), cost=53.29)

    answer = server.get(
        f"/reconcile/runs/{run_id}", **{**asked, "params": ROOT | asked.get("params", {})}
    )

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "What it found costs about 53.29 US dollars a month." in answer.text
    assert "shop/blue-1, since" in answer.text


def test_findings_come_in_pages_and_by_state(server: Server) -> None:
    run_id = begin(server).json()["id"]
    states = [ItemState.REPAIRED, ItemState.NONE, ItemState.NONE]
    end(server, run_id, *(item(server, run_id, n, s) for n, s in enumerate(states, start=1)))
    path = f"/reconcile/runs/{run_id}/findings"

    first = server.get(path, params={**ROOT, "limit": 2}).json()
    second = server.get(path, params={**ROOT, "limit": 2, "page": first["next_page"]}).json()
    assert [each["number"] for each in first["findings"] + second["findings"]] == [1, 2, 3]
    assert second["next_page"] is None
    shown = server.get(path, params={**ROOT, "state": "repaired"}).json()["findings"]
    assert [each["subject"] for each in shown] == ["shop/blue-1"]
    assert (shown[0]["kind"], shown[0]["repair"]) == ("orphan", "remove_deployment")
    assert shown[0]["cost_a_month"] == 53.29


def test_runs_are_listed_newest_first_in_pages(server: Server) -> None:
    ids = []
    for _ in range(3):
        ids.append(begin(server).json()["id"])
        end(server, ids[-1])
        server.clock.advance(60)

    first = server.get("/reconcile/runs", params={**ROOT, "limit": 2}).json()
    second = server.get(
        "/reconcile/runs", params={**ROOT, "limit": 2, "page": first["next_page"]}
    ).json()
    assert [each["id"] for each in first["runs"] + second["runs"]] == ids[::-1]


def test_an_approval_goes_on_with_the_run(server: Server) -> None:
    run_id = begin(server).json()["id"]
    end(server, run_id, waiting=12, deletes={Area.REGISTRY: 12}, caps={Area.REGISTRY: 10})
    stored = rows.load_run(server.tables, run_id)
    assert stored
    waiting = replace(stored.record, state=RunState.NEEDS_APPROVAL)
    row = rows.run_row(waiting, stored.row.etag)
    store.save(server.tables, server.ports.random, rows.RUNS, row)
    path = f"/reconcile/runs/{run_id}/apply?user_id=root"

    wrong = problem_of(server.send("POST", path, json={"expected_deletes": 11}), 409)
    assert wrong["code"] == "other_deletes"
    approved = server.send("POST", path, json={"expected_deletes": 12})

    assert approved.status_code == 202
    assert (approved.json()["state"], approved.json()["approved_by"]) == ("repairing", "root")


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "/reconcile", {}),
        ("GET", "/reconcile/runs", None),
        ("GET", "/reconcile/runs/20260101000000000000", None),
        ("GET", "/reconcile/runs/20260101000000000000/findings", None),
        ("POST", "/reconcile/runs/20260101000000000000/apply", {"expected_deletes": 1}),
    ],
)
def test_nobody_else_may_do_or_see_any_of_it(
    server: Server, method: str, path: str, sent: dict[str, Any] | None
) -> None:
    answer = server.send(method, f"{path}?user_id=anna", json=sent)
    assert problem_of(answer, 403)["code"] == "operators_only"


@pytest.mark.parametrize("run_id", ["20260101000000000000", "current", "..", "x" * 90])
def test_a_run_that_is_not_there_is_told(server: Server, run_id: str) -> None:
    answer = server.get(f"/reconcile/runs/{run_id}/findings", params=ROOT)
    assert answer.status_code == 404
