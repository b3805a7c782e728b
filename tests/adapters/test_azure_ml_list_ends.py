"""Where a listing of Azure ML ends: after its last page, and nowhere else without an error."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from shared.adapters.arm_rest import Workspace
from shared.domain.errors import Trouble
from shared.domain.reasons import Reason
from tests.adapters import listed_pages
from tests.adapters.listed_pages import LONG, Listing, refused
from tests.local.azure_ml import running


@pytest.fixture(params=[*LONG, "onlineEndpoints/e/deployments"])
def listing(
    request: pytest.FixtureRequest, emulator: running.Running, workspace: Workspace
) -> Iterator[Listing]:
    with listed_pages.listing(emulator, workspace, request.param) as made:
        yield made


@pytest.mark.parametrize("value", [None, {}, "x", 7, ["x"], [[]]], ids=str)
def test_a_page_without_entries_is_no_end(listing: Listing, value: object) -> None:
    listing.show("1", link=listing.link(2))
    listing.meet({"status": 200, "body": {"value": value}}, times=0)
    error = refused(listing.read)
    assert (error.trouble, error.code) == (Trouble.TRANSIENT, "unreadable")


def test_a_first_page_without_entries_is_not_nothing(listing: Listing) -> None:
    listing.meet({"status": 200, "body": {}}, times=0)
    error = refused(listing.read)
    assert (error.trouble, error.code) == (Trouble.TRANSIENT, "unreadable")


def test_an_entry_without_a_name_is_not_passed_over(listing: Listing) -> None:
    listing.meet({"status": 200, "body": {"value": [{"properties": {}}]}}, times=0)
    assert refused(listing.read).trouble is Trouble.TRANSIENT


def test_empty_pages_lead_on(listing: Listing) -> None:
    listing.show(link=listing.link(2))
    listing.show("1", link=listing.link(3))
    listing.show(link=listing.link(4))
    listing.show(link=listing.link(5))
    listing.show("2", link="")
    assert list(listing.read()) == ["1", "2"]


def test_a_page_that_fails_in_the_middle_is_no_end(listing: Listing) -> None:
    listing.show("1", link=listing.link(2))
    listing.meet({"cut": True}, times=0)
    assert refused(listing.read).trouble is Trouble.TRANSIENT


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_no_end_and_no_absence(listing: Listing, status: int) -> None:
    listing.show("1", link=listing.link(2))
    listing.meet({"status": status, "body": {"error": {"code": "Gone"}}}, times=0)
    error = refused(listing.read)
    assert (error.trouble, error.code) == (Trouble.TRANSIENT, "page_gone")


@pytest.mark.parametrize("link", ["http://127.0.0.1:9/more", "/more", 0, False, [], {}], ids=str)
def test_a_link_that_leads_away_is_neither_followed_nor_an_end(
    listing: Listing, link: object
) -> None:
    listing.show("1", link=link)
    error = refused(listing.read)
    assert (error.trouble, error.code) == (Trouble.PERMANENT, "foreign_link")


@pytest.mark.parametrize("back", [2, 3])
def test_a_link_that_came_before_is_not_followed_for_ever(listing: Listing, back: int) -> None:
    listing.show("1", link=listing.link(2))
    listing.show(link=listing.link(3))
    listing.show("2", link=listing.link(back))
    assert refused(listing.read).code == "repeated_page"


def test_a_page_that_comes_again_by_ever_new_links_ends_with_an_error(listing: Listing) -> None:
    listing.show("1", "2", link=listing.link(2))
    listing.show("3", link=listing.link(3))
    listing.show("1", "2", link=listing.link(4))
    assert refused(listing.read).code == "repeated_page"


@pytest.mark.parametrize("listing", ["onlineEndpoints/e/deployments"], indirect=True)
@pytest.mark.parametrize("trouble", [{"status": 503}, {"status": 429}, {"hang": True}], ids=str)
def test_deployments_are_listed_in_the_time_of_a_call_and_nobody_waits(
    listing: Listing, trouble: dict[str, Any]
) -> None:
    listing.show("1", link=listing.link(2))
    listing.meet(trouble, times=0)
    assert refused(listing.read).trouble in (Trouble.TRANSIENT, Trouble.THROTTLED)
    assert listing.asked() <= 3
    assert listing.pauses == []


def absent(emulator: running.Running, code: str, words: str) -> None:
    """Whatever is asked for is not there, and these are the cloud's words for it."""
    body = {"error": {"code": code, "message": words}}
    emulator.fault("*", "/workspaces/adapters", {"status": 404, "body": body}, times=0)


@pytest.mark.parametrize("listing", ["models"], indirect=True)
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ResourceGroupNotFound", "Resource group 'rg' could not be found."),
        (
            "ParentResourceNotFound",
            "Can not perform requested operation on nested resource. Parent resource 'adapters' not found.",
        ),
        (
            "ResourceNotFound",
            "The Resource 'M/workspaces/adapters' under resource group 'rg' was not found.",
        ),
        ("UserError", "Workspace not found."),
    ],
)
def test_without_its_workspace_nothing_is_absent(
    listing: Listing, emulator: running.Running, code: str, words: str
) -> None:
    absent(emulator, code, words)
    view = listing.view
    looks: list[Callable[[], Iterable[object]]] = [
        view.list_endpoints,
        view.list_models,
        lambda: view.list_versions("m"),
        lambda: view.list_deployments("e"),
        lambda: [view.find_endpoint("e")],
        lambda: [view.find_model("m", "1")],
        lambda: [view.find_deployment("e", "d")],
    ]
    for look in looks:
        error = refused(look)
        assert (error.trouble, error.code) == (Trouble.PERMANENT, Reason.WORKSPACE)


@pytest.mark.parametrize("listing", ["models"], indirect=True)
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("Whatever", "It is not there."),
        ("ParentResourceNotFound", "Parent resource 'adapters/e' not found."),
        (
            "ResourceNotFound",
            "The Resource 'M/workspaces/adapters/models/m' under x was not found.",
        ),
        ("UserError", "Model workspace not found in workspace."),
    ],
)
def test_what_is_in_a_workspace_may_be_absent_and_its_own_listings_never_are(
    listing: Listing, emulator: running.Running, code: str, words: str
) -> None:
    absent(emulator, code, words)
    assert listing.view.list_versions("m") == []
    assert listing.view.list_deployments("e") == []
    for own in (listing.view.list_endpoints, listing.view.list_models):
        error = refused(own)
        assert (error.trouble, error.code) == (Trouble.PERMANENT, Reason.WORKSPACE)
