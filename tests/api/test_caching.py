"""ETag, If-None-Match, If-Match, HEAD and pages."""

import re
from dataclasses import replace

import pytest

from shared.domain.records import Status
from shared.service import store
from tests.api.serving import HERE, Server, key_of, problem_of, wrong_fields

ETAG = re.compile(r'"[0-9a-f]{32}"')
LISTS = ["/models", "/deployments", "/deployments/list", "/deployments/stats"]


def paths(server: Server) -> list[str]:
    model_id = server.upload()
    deployment_id = server.deploy(model_id)
    one = f"/deployments/{deployment_id}"
    endpoint = f"/endpoints/endpoint-{deployment_id}"
    return [*LISTS, f"/models/{model_id}", one, f"{one}/events", endpoint]


def test_an_answer_the_caller_has_is_not_sent_again(server: Server) -> None:
    for path in paths(server):
        first = server.get(path)
        tag = first.headers["etag"]
        assert ETAG.fullmatch(tag), path
        assert first.headers["cache-control"] == "private, no-cache"
        for seen in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = server.get(path, headers={"if-none-match": seen})
            assert (again.status_code, again.content) == (304, b""), (path, seen)
            assert again.headers["etag"] == tag
        assert server.get(path, headers={"if-none-match": '"other"'}).content == first.content


def test_every_list_has_another_tag_after_ones_own_write(server: Server) -> None:
    before = [server.get(path).headers["etag"] for path in LISTS]

    server.deploy(server.upload())

    after = [server.get(path).headers["etag"] for path in LISTS]
    assert not set(before) & set(after)


def test_a_change_of_traffic_changes_the_tag_of_the_deployment(server: Server) -> None:
    deployment_id = server.deploy(server.upload(), endpoint_name="flowers", deployment_name="blue")
    before = server.get(f"/deployments/{deployment_id}").headers["etag"]

    server.route("flowers", blue=100)

    assert server.get(f"/deployments/{deployment_id}").headers["etag"] != before


def test_a_deletion_for_the_version_seen_is_accepted(server: Server) -> None:
    for quoted in ("{}", '"other", {}', "*"):
        path = f"/deployments/{server.deploy(server.upload())}"
        tag = quoted.format(server.get(path).headers["etag"])
        assert server.delete(path, headers={"if-match": tag}).status_code == 202
        assert server.delete(path, headers={"if-match": tag}).status_code == 202  # done already


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other"', "junk"])
def test_a_deletion_for_another_version_is_412(server: Server, form: str) -> None:
    deployment_id = server.deploy(server.upload())
    path = f"/deployments/{deployment_id}"
    tag = server.get(path).headers["etag"]
    server.write(deployment_id, description="changed meanwhile")
    current = server.get(path).headers["etag"]

    answer = server.delete(
        path, headers={"if-match": form.format(current if "W/" in form else tag)}
    )

    assert problem_of(answer, 412)["code"] == "precondition_failed"
    assert server.get(path).json()["status"] == "deploying"


@pytest.mark.parametrize("path", ["/models/{}", "/artifacts/model/{}", "/artifacts/dataset/{}"])
def test_an_artifact_goes_only_in_the_version_that_was_seen(server: Server, path: str) -> None:
    is_file = "dataset" in path
    path = path.format(server.send_file("dataset").json()["id"] if is_file else server.upload())
    tag = server.get(path).headers["etag"]

    for other in ('"older"', f"W/{tag}", "junk"):
        refused = server.delete(path, headers={"if-match": other})
        assert problem_of(refused, 412)["code"] == "precondition_failed"
    assert server.get(path).headers["etag"] == tag
    assert server.delete(path, headers={"if-match": tag}).status_code == 200
    assert server.delete(path, headers={"if-match": tag}).status_code == 404


def test_a_deletion_of_a_model_that_broke_off_goes_on_whatever_was_seen(server: Server) -> None:
    model_id = server.upload()
    stored = store.load_model(server.tables, key_of("local"), model_id)
    assert stored is not None
    leaving = replace(stored.record, leaving=server.clock.now())
    row = store.model_row(leaving, stored.row.etag)
    store.save(server.tables, server.ports.random, store.RECORDS, row)

    again = server.delete(f"/models/{model_id}", headers={"if-match": '"older"'})

    assert again.status_code == 200


def test_head_answers_as_get_without_the_body(server: Server) -> None:
    for path in [*paths(server), "/health", "/openapi.json", "/docs"]:
        shown, head = server.get(path), server.send("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers == shown.headers
    missing = server.send("HEAD", "/deployments/none")
    assert (missing.status_code, missing.content) == (404, b"")


@pytest.mark.parametrize("kind", ["models", "deployments"])
def test_pages_together_are_the_list(server: Server, kind: str) -> None:
    whole: list[str] = []
    for _ in range(7):
        model_id = server.upload()
        whole.insert(0, model_id if kind == "models" else server.deploy(model_id))

    seen: list[str] = []
    address = f"/{kind}?limit=3&user_id=local"
    while address:
        answer = server.get(address)
        page = answer.json()
        assert page["total"] == 7
        seen += [each["id"] for each in page[kind]]
        following = answer.links.get("next", {}).get("url", "")
        token = f"page={page['next_page']}"
        assert (token in following and following.startswith(HERE)) == bool(page["next_page"])
        address = following

    assert seen == whole


def test_a_page_follows_the_one_before_while_others_come_and_go(server: Server) -> None:
    model_id = server.upload()
    ids = [server.deploy(model_id) for _ in range(4)]
    first = server.get("/deployments?limit=2").json()

    server.deploy(model_id)
    server.delete(f"/deployments/{ids[2]}")  # the last one of the first page

    second = server.get(f"/deployments?limit=2&page={first['next_page']}").json()
    assert [each["id"] for each in second["deployments"]] == [ids[1], ids[0]]


def test_pages_of_one_status_count_that_status(server: Server) -> None:
    model_id = server.upload()
    ids = [server.deploy(model_id) for _ in range(6)]
    for each in ids[::2]:
        server.write(each, status=Status.ACTIVE)

    first = server.get("/deployments?status=active&limit=2").json()
    second = server.get(f"/deployments?status=active&limit=2&page={first['next_page']}").json()

    shown = [each["id"] for page in (first, second) for each in page["deployments"]]
    assert (shown, first["total"], second["total"]) == (ids[::2][::-1], 3, 3)
    assert second["next_page"] is None


@pytest.mark.parametrize("token", ["x", "%00", "é", "bm9uZQ", "=", "MjAyNg", "A" * 101])
def test_a_token_that_is_none_is_told(server: Server, token: str) -> None:
    for kind in ("models", "deployments"):
        assert set(wrong_fields(server.get(f"/{kind}?page={token}"))) == {"page"}


def test_a_limit_is_between_1_and_1000(server: Server) -> None:
    for limit in ("0", "1001", "x", "1.5"):
        assert set(wrong_fields(server.get(f"/models?limit={limit}"))) == {"limit"}
