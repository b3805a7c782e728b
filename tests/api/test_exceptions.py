"""Exceptions to the verdict over HTTP: who may make them, and what the refused and the let in are told."""

import pickle
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression

from tests.api.serving import Server, problem_of, wrong_fields


class Unknown(LogisticRegression):  # type: ignore[misc]  # ships no types
    """A class that no list knows."""


def send(server: Server) -> Any:
    content = pickle.dumps(Unknown().fit([[0.0], [1.0]], [0, 1]))
    return server.post("/models", data={"model_name": "m"}, files={"file": ("m.pkl", content)})


@pytest.fixture
def operated(server: Server) -> Server:
    server.settings = server.settings.model_copy(update={"operators": ("olga",)})
    return server


def test_a_refused_file_is_let_in_by_what_its_refusal_says_and_revoked(operated: Server) -> None:
    problem = problem_of(send(operated), 422)
    assert problem["code"] == "model_unknown"
    names = [each["problem"].removeprefix("asks for ") for each in problem["problems"]]
    digest = problem["detail"].split("sha256 ")[1].split(")")[0]
    wanted = {"digest": digest, "names": names, "reason": "Our own class."}
    wanted["requirements"] = ["mypkg==1.2"]

    made = operated.post("/exceptions?user_id=olga", json=wanted)
    assert made.status_code == 200, made.text
    assert (made.json()["operator"], made.json()["number"]) == ("olga", 1)
    shown = send(operated).raise_for_status().json()
    assert shown["verdict"] == "unknown"
    assert shown["allowed_by"]["operator"] == "olga"
    deployment_id = operated.deploy(shown["id"])
    told = operated.get(f"/deployments/{deployment_id}").json()
    assert told["allowed_by"]["reason"] == "Our own class."
    events = operated.get(f"/deployments/{deployment_id}/events").json()["events"]
    assert "Exception 1 of its content" in events[0]["text"]
    rated = operated.get(f"/artifacts/model/{shown['id']}/rate").json()
    assert rated["score"] > 0.5
    looked_at = operated.get(f"/models/{shown['id']}/inspection").json()
    assert looked_at["allowed_by"] == shown["allowed_by"]
    assert "mypkg==1.2" in looked_at["installed"]["requirements"]

    revoked = operated.delete(f"/exceptions/{digest}?user_id=olga").json()
    assert revoked["revoked_by"] == "olga"
    assert problem_of(send(operated), 422)["code"] == "model_unknown"
    assert problem_of(operated.send_deploy(shown["id"]), 409)["code"] == "exception_revoked"
    rated = operated.get(f"/artifacts/model/{shown['id']}/rate").json()
    assert (rated["score"], "no exception" in rated["blocked"]) == (0, True)
    looked_at = operated.get(f"/models/{shown['id']}/inspection").json()
    assert looked_at["allowed_by"] is None
    assert "mypkg==1.2" not in looked_at["installed"]["requirements"]
    text = operated.get(f"/models/{shown['id']}/inspection?format=text").text
    assert "No exception lets it in" in " ".join(text.split())
    listed = operated.get("/exceptions?user_id=olga").json()
    assert listed == {"exceptions": [revoked], "total": 1, "next_page": None}


def decide(server: Server, number: int) -> str:
    """Lets another file in; its digest. Each two are of the same moment, some of a whole second."""
    digest = f"{number:064x}"
    wanted = {"digest": digest, "names": ["a.b"], "reason": "Reviewed."}
    assert server.post("/exceptions?user_id=olga", json=wanted).status_code == 200
    server.clock.advance(number % 2 / 2)
    return digest


def listed(server: Server, limit: int) -> Iterator[dict[str, Any]]:
    """Each page of the decisions."""
    url = f"/exceptions?user_id=olga&limit={limit}"
    while url:
        answer = server.get(url).raise_for_status()
        yield answer.json()
        url = answer.links["next"]["url"] if "next" in answer.links else ""


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_all_decisions_are_listed_a_page_at_a_time(operated: Server, limit: int) -> None:
    digests = [decide(operated, number) for number in range(7)]

    pages = list(listed(operated, limit))

    seen = [each for page in pages for each in page["exceptions"]]
    assert sorted(each["digest"] for each in seen) == digests
    moments = [datetime.fromisoformat(each["at"]) for each in seen]
    assert moments == sorted(moments, reverse=True)
    assert {page["total"] for page in pages} == {7}
    assert [len(page["exceptions"]) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert pages[-1]["next_page"] is None


def test_what_is_decided_meanwhile_neither_repeats_nor_hides_another(operated: Server) -> None:
    digests = [decide(operated, number) for number in range(4)]
    pages = listed(operated, 2)
    first = next(pages)

    decide(operated, 9)
    operated.delete(f"/exceptions/{digests[0]}?user_id=olga").raise_for_status()

    seen = [each["digest"] for page in (first, *pages) for each in page["exceptions"]]
    assert sorted(seen) == digests


@pytest.mark.parametrize("page", ["x", "bm9uZQ", "aWQgaWQgaWQ", "é", "a" * 201])
def test_what_is_no_page_of_the_list_is_refused(operated: Server, page: str) -> None:
    answer = operated.get("/exceptions", params={"user_id": "olga", "page": page})

    assert set(wrong_fields(answer)) == {"page"}


def test_of_the_decisions_about_one_file_only_the_last_one_holds(operated: Server) -> None:
    wanted = {"digest": "0" * 64, "names": ["a.b"], "reason": "first"}
    for changed in ({}, {"reason": "second"}, {"digest": "1" * 64}):
        made = operated.post("/exceptions?user_id=olga", json=wanted | changed).json()
        assert (made["superseded_by"], made["holds"]) == (None, True)

    def listed() -> dict[tuple[str, int], tuple[int | None, bool]]:
        found = operated.get("/exceptions?user_id=olga").json()["exceptions"]
        return {(e["digest"][0], e["number"]): (e["superseded_by"], e["holds"]) for e in found}

    assert listed() == {("0", 1): (2, False), ("0", 2): (None, True), ("1", 1): (None, True)}
    operated.delete(f"/exceptions/{'0' * 64}?user_id=olga")
    assert listed()["0", 2] == (None, False)


def test_nobody_else_has_to_do_with_them(operated: Server) -> None:
    wanted = {"digest": "0" * 64, "names": ["a.b"], "reason": "x"}
    for answer in (
        operated.post("/exceptions", json=wanted),
        operated.get("/exceptions"),
        operated.delete(f"/exceptions/{'0' * 64}"),
    ):
        assert problem_of(answer, 403)["code"] == "operators_only"
    assert operated.rows() == []


def test_what_is_wrong_is_told_in_plain_words(operated: Server) -> None:
    wanted = {"digest": "0" * 64, "names": "a.b", "reason": ""}
    answer = operated.post("/exceptions?user_id=olga", json=wanted)
    assert {each["field"]: each["problem"] for each in problem_of(answer, 422)["problems"]} == {
        "names": "must be a JSON list",
        "reason": "must have at least 1 character",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("digest", "0" * 63),
        ("digest", "G" * 64),
        ("reason", ""),
        ("reason", "  "),
        ("names", ["a\nb"]),
        ("names", ["x" * 301]),
        ("names", "a.b"),
        ("names", ["a.b"] * 2001),
        ("requirements", ["mypkg"]),
        ("requirements", ["mypkg>=1"]),
        ("requirements", ["mypkg==1.2 --index-url http://x"]),
        ("requirements", ["-r other.txt"]),
        ("requirements", ["mypkg @ http://x"]),
        ("requirements", ["mypkg==1.2\nother==3"]),
        ("requirements", ["a==1"] * 51),
        ("other", 1),
    ],
)
def test_a_wrong_field_is_refused(operated: Server, field: str, value: object) -> None:
    wanted: dict[str, object] = {"digest": "0" * 64, "names": ["a.b"], "reason": "x"}
    answer = operated.post("/exceptions?user_id=olga", json=wanted | {field: value})
    assert {each.partition(".")[0] for each in wrong_fields(answer)} == {field}


def test_what_was_never_excepted_is_404(operated: Server) -> None:
    for digest in ("0" * 64, "none"):
        answer = operated.delete(f"/exceptions/{digest}?user_id=olga")
        assert problem_of(answer, 404)["code"] == "exception_not_found"
