"""What may be called idle: what is ours, at rest, and serves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import ownership
from shared.domain.reconcile.compare_idle import compare_idle, may_be_idle
from shared.domain.reconcile.observed import SeenDeployment, SeenEndpoint
from shared.domain.records import Deployment, Endpoint, Status
from tests.domain.examples import deployment

NOW = datetime(2026, 3, 20, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
RECORD = replace(
    deployment(status=Status.ACTIVE), endpoint_name="shop", deployment_name="blue", endpoint_tag="t"
)
ROW = Endpoint(name="shop", user_key=RECORD.user_key, tag="t", created_at=LONG_AGO, members=())


def on_it(
    record: Deployment | None = RECORD, digest: str = RECORD.package_digest
) -> SeenDeployment:
    given = ownership.deployment_tags(RECORD) | {ownership.DIGEST_TAG: digest}
    return SeenDeployment(
        name="blue",
        state="Succeeded",
        tags=given,
        created_at=LONG_AGO,
        instance_type="Standard_DS1_v2",
        instance_count=1,
        minted=True,
        record=record,
    )


def shop(*deployments: SeenDeployment, busy: bool = False, tag: str = "t") -> SeenEndpoint:
    return SeenEndpoint(
        name="shop",
        state="Succeeded",
        tags=ownership.endpoint_tags(RECORD.user_key, tag),
        traffic={"blue": 100},
        created_at=LONG_AGO,
        deployments=deployments,
        row=ROW,
        released=False,
        busy=busy,
    )


@pytest.mark.parametrize(
    ("seen", "may_be"),
    [
        (shop(on_it()), True),
        (shop(on_it(), busy=True), False),
        (shop(on_it(), tag="another"), False),
        (shop(), False),
        (shop(on_it(None)), False),
        (shop(on_it(replace(RECORD, status=Status.FAILED))), False),
        (shop(on_it(digest="0" * 64)), False),
    ],
    ids=["ours", "busy", "theirs", "empty", "without record", "failed", "something else"],
)
def test_only_what_is_ours_at_rest_and_serves_may_be_idle(seen: SeenEndpoint, may_be: bool) -> None:
    assert may_be_idle(seen) == may_be


@pytest.mark.parametrize(
    ("since", "told"),
    [(None, 0), (NOW - timedelta(days=14), 1), (NOW - timedelta(days=13, hours=23), 0)],
)
def test_it_is_idle_after_so_many_days_and_not_where_nobody_knows(
    since: datetime | None, told: int
) -> None:
    assert len(list(compare_idle(shop(on_it()), since, days=14, now=NOW))) == told
