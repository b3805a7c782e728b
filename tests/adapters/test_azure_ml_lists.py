"""Long listings of Azure ML whose pages fail for the moment: they are waited for, within bounds."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from local import processes
from shared import patience
from shared.adapters import arm_lists
from shared.adapters.arm_rest import Workspace
from shared.adapters.azure_ml_view import AzureMlView
from shared.adapters.credentials import Credential
from shared.domain.errors import CloudError, Trouble
from tests.adapters import listed_pages
from tests.adapters.listed_pages import LONG, TIMEOUT, Listing, refused
from tests.local.azure_ml import running

MOMENTARY = [
    {"status": 500},
    {"status": 503, "body": {"error": {"code": "ServerBusy", "message": "sorry"}}},
    {"status": 408},
    {"status": 429},
    {"status": 404, "body": "<html>no</html>"},
    {"status": 200, "body": "<html>sorry</html>"},
    {"status": 200, "body": '{"value": [{"name": "e1"'},
    {"status": 200, "body": {}},
    {"drop": "before"},
    {"drop": "after"},
    {"cut": True},
    {"hang": True},
]


@pytest.fixture(params=LONG)
def listing(
    request: pytest.FixtureRequest, emulator: running.Running, workspace: Workspace
) -> Iterator[Listing]:
    with listed_pages.listing(emulator, workspace, request.param) as made:
        yield made


@pytest.mark.parametrize("listing", ["models"], indirect=True)
@pytest.mark.parametrize("trouble", MOMENTARY, ids=str)
def test_a_page_that_fails_for_the_moment_is_asked_for_again(
    listing: Listing, trouble: dict[str, Any]
) -> None:
    listing.meet(trouble)
    listing.show("a", "b", link=listing.link(2))
    listing.meet(trouble, times=2)
    listing.show("c")
    assert list(listing.read()) == ["a", "b", "c"]
    assert len(listing.pauses) == 3
    assert all(1 <= pause <= arm_lists.LONGEST_WAIT for pause in listing.pauses)


@pytest.mark.parametrize("listing", ["models"], indirect=True)
@pytest.mark.parametrize("trouble", MOMENTARY, ids=str)
def test_a_page_that_goes_on_failing_ends_the_listing_with_an_error(
    listing: Listing, trouble: dict[str, Any]
) -> None:
    listing.show("a", link=listing.link(2))
    listing.meet(trouble, times=0)
    found = listing.read()
    assert next(found) == "a"
    assert refused(lambda: found).trouble in (Trouble.TRANSIENT, Trouble.THROTTLED)
    assert listing.asked() == 1 + arm_lists.TRIES
    assert len(listing.pauses) == arm_lists.TRIES - 1


def test_every_long_listing_has_its_tries_for_each_page(listing: Listing) -> None:
    failures = arm_lists.TRIES - 1
    listing.meet({"status": 503}, times=failures)
    listing.show("1", link=listing.link(2))
    listing.meet({"status": 503}, times=failures)
    listing.show("2", link=listing.link(3))
    listing.show("3")
    assert list(listing.read()) == ["1", "2", "3"]
    assert len(listing.pauses) == 2 * failures


def test_every_long_listing_fails_as_a_whole(listing: Listing) -> None:
    listing.show("1", link=listing.link(2))
    listing.meet({"status": 503}, times=arm_lists.TRIES)
    listing.show("2")
    assert refused(listing.read).trouble is Trouble.TRANSIENT


@pytest.mark.parametrize("status", [401, 403, 409, 418])
def test_a_page_that_is_refused_is_not_asked_for_again(listing: Listing, status: int) -> None:
    listing.show("1", link=listing.link(2))
    listing.meet({"status": status}, times=0)
    assert refused(listing.read).trouble not in (Trouble.TRANSIENT, Trouble.THROTTLED)
    assert (listing.asked(), listing.pauses) == (2, [])


@pytest.mark.parametrize("status", [429, 503])
def test_a_page_is_asked_for_again_when_the_cloud_says(listing: Listing, status: int) -> None:
    for seconds in ("7", "30", "-5"):
        listing.meet({"status": status, "headers": {"Retry-After": seconds}})
    listing.show("1")
    assert list(listing.read()) == ["1"]
    told, longest, senseless = listing.pauses
    assert 7 <= told <= 7.7
    assert 30 <= longest <= 33
    assert 1 <= senseless <= 10


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_told_to_come_much_later_gives_up_and_says_when(
    listing: Listing, status: int
) -> None:
    listing.show("1", link=listing.link(2))
    listing.meet({"status": status, "headers": {"Retry-After": "3600"}}, times=0)
    assert refused(listing.read).retry_after == 3600
    assert (listing.asked(), listing.pauses) == (2, [])


def test_a_long_listing_has_the_time_of_a_call_for_each_page(listing: Listing) -> None:
    for number in range(4):
        listing.show(str(number), link=listing.link(number) if number < 3 else None, late=0.35)
    assert list(listing.read()) == ["0", "1", "2", "3"]
    assert listing.pauses == []


def test_without_anybody_there_no_listing_is_empty(emulator: running.Running) -> None:
    assert emulator.url  # the identity endpoint
    url = f"http://127.0.0.1:{processes.free_port()}"
    nowhere = Workspace(base_url=url, subscription="s", resource_group="g", name="w")
    pauses: list[float] = []
    view = AzureMlView(nowhere, Credential(), timeout=1, pause=pauses.append)
    with pytest.raises(CloudError):
        list(view.list_endpoints())
    with pytest.raises(CloudError):
        list(view.list_models())
    with pytest.raises(CloudError):
        view.list_versions("m")
    assert len(pauses) == 3 * (arm_lists.TRIES - 1)
    view.close()


@pytest.mark.parametrize("listing", ["models"], indirect=True)
def test_who_is_in_a_hurry_does_not_wait_for_a_page_to_be_asked_for_again(listing: Listing) -> None:
    listing.meet({"status": 503}, times=0)

    with patience.hurried(0.5):
        error = refused(listing.read)

    assert error.trouble is Trouble.TRANSIENT
    assert (listing.asked(), listing.pauses) == (1, [])


@pytest.mark.parametrize("listing", ["models"], indirect=True)
def test_who_is_in_a_hurry_gives_a_page_that_long_and_no_longer(listing: Listing) -> None:
    listing.show("a", link=listing.link(2))
    listing.meet({"hang": True}, times=0)

    with patience.hurried(0.1):
        found = listing.read()
        began = time.monotonic()
        assert next(found) == "a"
        refused(lambda: found)

    assert time.monotonic() - began < TIMEOUT * 3 / 4  # what a call waits for an answer otherwise
