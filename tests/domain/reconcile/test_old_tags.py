"""An endpoint with tags of an earlier time is that of today where something of today's is on it, and nothing else tells."""

from dataclasses import replace

import pytest

from shared.domain import ownership
from shared.domain.reconcile.compare_endpoints import compare_endpoint, has_old_tags
from shared.domain.reconcile.findings import Case
from shared.domain.reconcile.observed import SeenEndpoint
from tests.domain.reconcile.test_compare_idle import RECORD, ROW, on_it, shop

OLD = replace(shop(on_it(), tag="before"), released=True)
OF_BEFORE = replace(RECORD, endpoint_tag="before")
ELSEWHERE = replace(RECORD, deployment_name="green")


@pytest.mark.parametrize(
    ("seen", "old"),
    [
        (OLD, True),
        (replace(OLD, tags=ownership.endpoint_tags("somebody", "before")), True),
        (replace(OLD, released=False), False),
        (replace(OLD, row=None), False),
        (replace(OLD, row=replace(ROW, tag="before")), False),
        (replace(OLD, deployments=()), False),
        (replace(OLD, deployments=(on_it(None),)), False),
        (replace(OLD, deployments=(on_it(OF_BEFORE),)), False),
        (replace(OLD, deployments=(on_it(ELSEWHERE),)), False),
        (replace(OLD, deployments=(on_it(digest="0" * 64),)), False),
    ],
    ids=[
        "of today",
        "of another owner before",
        "tags of nobody",
        "no row",
        "the tags of the row",
        "nothing on it",
        "without a record",
        "what was on it before",
        "a copy",
        "something else in its place",
    ],
)
def test_what_is_on_it_tells(seen: SeenEndpoint, old: bool) -> None:
    assert has_old_tags(seen) == old
    told = {each.case for each in compare_endpoint(seen)}
    assert (Case.ENDPOINT_TAGS_OLD in told) == old


def test_nothing_is_said_while_work_on_it_is_under_way() -> None:
    assert list(compare_endpoint(replace(OLD, busy=True))) == []
