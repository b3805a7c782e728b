"""Many deployments of many users, accepted quickly, while workers are killed: each is there once."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.cloud import LocalCloud, Options
from local.processes import wait_until
from shared.domain.principal import user_key
from shared.service import store
from tests.e2e.killing import a_worker, any_worker, killing, pause
from tests.e2e.models import saved, wine_model
from tests.e2e.user import Json, User
from tests.e2e.watch import names_in, names_of, tables, wait_at_rest

SETTINGS = {
    "LEASE_SECONDS": "9",
    "CLOUD_TIMEOUT_SECONDS": "3",
    "REHINT_AFTER_SECONDS": "2",
    "SWEEP_SCHEDULE": "*/3 * * * * *",
}
LIMITS = ("--cores", "10000", "--endpoints", "1000", "--deployments", "1000")
RATE = 50  # requests a second
DEPLOYMENTS, USERS, SENDERS = 300, 10, 15
WEB_HOSTS, WORKERS = 2, 2
RATE_SEEN = 0.9 * RATE  # at least: from the first sent to the last answered
BETWEEN_KILLS = (2.0, 5.0)  # seconds
KILLED = "ended with exit code -9"


@pytest.mark.proof
def test_all_become_active_once_and_every_count_agrees(tmp_path: Path) -> None:
    said: list[str] = []
    options = Options(
        folder=tmp_path,
        in_memory=True,
        web_hosts=WEB_HOSTS,
        workers=WORKERS,
        worker_niceness=19,  # they share two cores with the API, and nothing with it in Azure
        operation_seconds=0.5,
        serving="light",
        azure_ml_options=LIMITS,
        message_lease=10,
        settings=SETTINGS,
        say=said.append,
    )
    with LocalCloud(options) as cloud, ExitStack() as stack:
        names = [f"user-{number}" for number in range(USERS)]
        users = {
            name: stack.enter_context(closing(User(url, name)))
            for name, url in zip(names, cycle(cloud.base_urls), strict=False)
        }
        models = {name: user.upload(saved(wine_model())) for name, user in users.items()}
        with killing(any_worker(cloud), seed=DEPLOYMENTS, between=BETWEEN_KILLS):
            accepted, rate = accept(cloud.base_urls, models, DEPLOYMENTS)
        assert rate >= RATE_SEEN
        assert any(KILLED in each for each in said)
        with killing(a_worker(cloud), seed=DEPLOYMENTS, between=BETWEEN_KILLS):
            wait_until(
                lambda: not any(stats(each)["deploying_count"] for each in users.values()),
                seconds=1800,
                what="the end of all deployments",
                every=1,
            )
        assert sum(KILLED in each for each in said) > WORKERS
        wait_at_rest(cloud)

        live = [each for user in users.values() for each in listed(user)]
        assert {each["id"] for each in live} == accepted
        assert {each["status"] for each in live} == {"active"}, [each["failure"] for each in live]
        assert {kind: len(found) for kind, found in names_in(cloud).items()} == {
            "models": DEPLOYMENTS,
            "endpoints": DEPLOYMENTS,
            "deployments": DEPLOYMENTS,
        }
        assert names_in(cloud) == names_of(live)
        for name, user in users.items():
            assert stats(user)["active_deployments"] == DEPLOYMENTS // USERS
            assert recount(cloud, name) == {"active": stats(user)["total_deployments"]}


def accept(base_urls: list[str], models: Mapping[str, str], count: int) -> tuple[set[str], float]:
    """Sends so many requests, RATE of them a second, for one user after the other.

    Their ids, and how many were answered in a second.
    """
    wanted = list(models.items())
    begin = time.monotonic()

    def send(first: int) -> list[str]:
        ids = []
        address = urlsplit(base_urls[first % len(base_urls)]).netloc
        with closing(HTTPConnection(address, timeout=30)) as connection:
            for number in range(first, count, SENDERS):
                pause(max(begin + number / RATE - time.monotonic(), 0))
                ids.append(deploy(connection, *wanted[number % len(wanted)]))
        return ids

    with ThreadPoolExecutor(SENDERS) as senders:
        ids = {each for sent in senders.map(send, range(SENDERS)) for each in sent}
    return ids, count / (time.monotonic() - begin)


def deploy(connection: HTTPConnection, name: str, model: str) -> str:
    """Sends one request by the standard library: half of what it costs by httpx."""
    body, headers = json.dumps({"model_id": model}), {"Content-Type": "application/json"}
    connection.request("POST", f"/deployments/deploy?user_id={name}", body, headers)
    answer = connection.getresponse()
    told = answer.read()
    assert answer.status == 202, told
    return str(json.loads(told)["deployment_id"])


def stats(user: User) -> Json:
    answer: Json = user.http.get("/deployments/stats").json()
    return answer


def listed(user: User) -> list[Json]:
    """All of a user's deployments."""
    answer: Json = user.http.get("/deployments/list", params={"limit": 100}).json()
    assert answer["next_page"] is None
    found: list[Json] = answer["deployments"]
    return found


def recount(cloud: LocalCloud, user: str) -> Counter[str]:
    """The user's live rows by status, as they lie in the table."""
    rows = tables(cloud).scan(
        store.RECORDS, user_key("local", user), first="d-", last="d.", select=["status"]
    )
    return Counter(str(row.values["status"]) for row in rows)
