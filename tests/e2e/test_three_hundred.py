"""Many deployments of many users, accepted quickly, while workers are killed: each is there once."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from local.cloud import LocalCloud, Options
from local.processes import wait_until
from shared.domain.principal import user_key
from shared.service import store
from tests.e2e.killing import a_worker, killing
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
DEPLOYMENTS, USERS, WORKERS = 300, 10, 4
BETWEEN_KILLS = (2.0, 5.0)  # seconds


@pytest.mark.proof
def test_all_become_active_once_and_every_count_agrees(tmp_path: Path) -> None:
    options = Options(
        folder=tmp_path,
        in_memory=True,
        workers=WORKERS,
        operation_seconds=0.5,
        serving="light",
        azure_ml_options=LIMITS,
        message_lease=10,
        settings=SETTINGS,
    )
    with LocalCloud(options) as cloud, ExitStack() as stack:
        names = [f"user-{number}" for number in range(USERS)]
        users = [stack.enter_context(closing(User(cloud.base_url, each))) for each in names]
        with killing(a_worker(cloud), seed=DEPLOYMENTS, between=BETWEEN_KILLS):
            accepted = accept(users, DEPLOYMENTS)
            wait_until(
                lambda: not any(stats(each)["deploying_count"] for each in users),
                seconds=1800,
                what="the end of all deployments",
                every=1,
            )
        wait_at_rest(cloud)

        live = [each for user in users for each in listed(user)]
        assert {each["id"] for each in live} == set(accepted)
        assert {each["status"] for each in live} == {"active"}, [each["failure"] for each in live]
        assert {kind: len(found) for kind, found in names_in(cloud).items()} == {
            "models": DEPLOYMENTS,
            "endpoints": DEPLOYMENTS,
            "deployments": DEPLOYMENTS,
        }
        assert names_in(cloud) == names_of(live)
        for user, name in zip(users, names, strict=True):
            assert stats(user)["active_deployments"] == DEPLOYMENTS // USERS
            assert recount(cloud, name) == {"active": stats(user)["total_deployments"]}


def accept(users: list[User], count: int) -> list[str]:
    """Sends so many requests, RATE of them a second, to one user after the other; their ids."""
    models = [user.upload(saved(wine_model())) for user in users]
    begin = time.monotonic()

    def send(number: int) -> str:
        due = begin + number / RATE
        wait_until(lambda: time.monotonic() >= due, seconds=60, what="its time", every=0.005)
        user = users[number % len(users)]
        return user.deploy(models[number % len(users)])

    with ThreadPoolExecutor(16) as senders:
        return list(senders.map(send, range(count)))


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
