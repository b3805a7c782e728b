"""One's uploads over HTTP: listed whatever became of them, and cancelled in the version that was seen."""

from shared.domain.catalogue.intakes import Intake
from shared.service import store
from shared.service.intake import rows as intake_rows
from tests.api.serving import HERE, Server, problem_of, wrong_fields


def begin(server: Server) -> str:
    answer = server.post("/uploads", json={"model_name": "iris"}).raise_for_status()
    return str(answer.json()["upload_id"])


def listed(server: Server, address: str = "/uploads") -> list[str]:
    return [each["upload_id"] for each in server.get(address).json()["uploads"]]


def test_they_are_newest_first_whatever_became_of_them(server: Server) -> None:
    whole = [begin(server) for _ in range(6)][::-1]
    over = whole[1::2]
    for each in over:
        server.delete(f"/uploads/{each}").raise_for_status()

    assert listed(server) == whole
    seen: list[str] = []
    address = f"{HERE}/uploads?limit=4"
    while address:
        answer = server.get(address)
        seen += [each["upload_id"] for each in answer.json()["uploads"]]
        assert answer.json()["total"] == 6
        address = answer.links.get("next", {}).get("url", "")
    assert seen == whole
    for state, wanted in (("refused", over), ("waiting", whole[::2]), ("stored", [])):
        found = server.get(f"/uploads?state={state}").json()
        assert [each["upload_id"] for each in found["uploads"]] == wanted
        assert found["total"] == len(wanted)
    assert set(wrong_fields(server.get("/uploads?state=lost"))) == {"state"}
    tag = server.get("/uploads").headers["etag"]
    assert server.get("/uploads", headers={"if-none-match": tag}).status_code == 304


def test_one_that_ended_and_has_not_been_cleared_is_listed_once_as_ended(server: Server) -> None:
    upload_id = begin(server)
    [row] = intake_rows.list_unfinished(server.tables)
    server.delete(f"/uploads/{upload_id}")
    left = intake_rows.unfinished_row(store.read_row(Intake, row).record)
    store.insert(server.tables, server.ports.random, intake_rows.INTAKES, left)

    found = server.get("/uploads").json()

    assert [each["state"] for each in found["uploads"]] == ["refused"]
    assert found["total"] == 1


def test_one_is_cancelled_in_the_version_that_was_seen_and_says_so_again(server: Server) -> None:
    path = f"/uploads/{begin(server)}"
    tag = server.get(path).headers["etag"]
    older = server.delete(path, headers={"if-match": '"older"'})
    assert problem_of(older, 412)["code"] == "precondition_failed"

    cancelled = server.delete(path, headers={"if-match": tag})

    assert cancelled.status_code == 200
    assert cancelled.json()["state"] == "refused"
    assert cancelled.json()["problem"]["code"] == "upload_cancelled"
    assert server.delete(path, headers={"if-match": tag}).json() == cancelled.json()
    assert server.get(path).json() == cancelled.json()


def test_too_many_are_told_how_to_make_room(server: Server) -> None:
    server.settings = server.settings.model_copy(update={"max_unfinished_per_user": 1})
    begin(server)

    problem = problem_of(server.post("/uploads", json={"model_name": "iris"}), 429)

    assert problem["code"] == "too_many_unfinished"
    assert "GET /uploads" in problem["next"]
    assert "DELETE /uploads/" in problem["next"]
