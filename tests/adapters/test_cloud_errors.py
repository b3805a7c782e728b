"""Every way in which Azure ML can refuse or fall silent has one meaning."""

import inspect
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from azure.core import exceptions as azure
from azure.identity import CredentialUnavailableError
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, SSLError

from shared.adapters import cloud_errors
from shared.domain.errors import Trouble
from shared.domain.reasons import Reason

_CLASSES = [
    kind
    for module in (azure, requests.exceptions)
    for _, kind in inspect.getmembers(module, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == module.__name__
    if not issubclass(kind, Warning)
]
_PAGE = "<!DOCTYPE html><html><title>Our services aren't available right now</title></html>"


class Response:
    """An answer as azure-core hands it over."""

    reason = "Reason"

    def __init__(self, status: int, body: object = None, **headers: str) -> None:
        self.status_code = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._text = body if isinstance(body, str) else json.dumps(body or {})

    def text(self) -> str:
        return self._text


def arm(code: str, message: str, *details: tuple[str, str]) -> dict[str, Any]:
    nested = [{"code": code, "message": message} for code, message in details]
    return {"error": {"code": code, "message": message, "details": nested}}


@pytest.mark.parametrize("kind", _CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_of_azure_core_and_of_requests_is_mapped(kind: type[Exception]) -> None:
    assert kind in cloud_errors.TROUBLES


def test_every_reason_has_its_trouble() -> None:
    assert cloud_errors.REASONS.keys() == set(Reason)


def test_every_status_has_one_meaning_whatever_the_call() -> None:
    clear = {401: "auth", 403: "auth", 409: "conflict", 412: "conflict", 429: "throttled"}
    for status in range(300, 600):
        unclear = status == 408 or status >= 500
        for changing, unknown in ((False, "transient"), (True, "ambiguous")):
            found = cloud_errors.from_response(Response(status), changing=changing)
            assert found.trouble == clear.get(status, unknown if unclear else "permanent")


@pytest.mark.parametrize(
    ("status", "reading", "changing"),
    [
        (400, "permanent", "permanent"),
        (401, "auth", "auth"),
        (403, "auth", "auth"),
        (404, "permanent", "permanent"),
        (408, "transient", "ambiguous"),
        (409, "conflict", "conflict"),
        (412, "conflict", "conflict"),
        (413, "permanent", "permanent"),
        (429, "throttled", "throttled"),
        (500, "transient", "ambiguous"),
        (502, "transient", "ambiguous"),
        (503, "transient", "ambiguous"),
        (504, "transient", "ambiguous"),
        (599, "transient", "ambiguous"),
    ],
)
def test_a_status_means_the_same_as_an_answer_and_as_an_error(
    status: int, reading: str, changing: str
) -> None:
    response: Any = Response(status, arm("Code", "words"))
    for meant, is_change in ((reading, False), (changing, True)):
        answered = cloud_errors.from_response(response, changing=is_change)
        raised = cloud_errors.from_error(
            azure.HttpResponseError(response=response), changing=is_change
        )
        assert answered.trouble == raised.trouble == meant
        assert (answered.code, answered.message) == (raised.code, raised.message)


@pytest.mark.parametrize(
    ("error", "reading", "changing"),
    [
        (azure.ServiceResponseTimeoutError("slow"), "transient", "ambiguous"),
        (azure.ServiceResponseError("reset"), "transient", "ambiguous"),
        (azure.ServiceRequestTimeoutError("no connection"), "transient", "transient"),
        (azure.DecodeError("no JSON"), "transient", "ambiguous"),
        (azure.IncompleteReadError("cut"), "transient", "ambiguous"),
        (json.JSONDecodeError("no JSON", "", 0), "transient", "ambiguous"),
        (requests.exceptions.ConnectionError("cut"), "transient", "ambiguous"),
        (azure.ResourceModifiedError("etag"), "conflict", "conflict"),
        (azure.ClientAuthenticationError("who?"), "auth", "auth"),
        (CredentialUnavailableError("no identity"), "auth", "auth"),
    ],
)
def test_an_error_without_a_status_is_clear_only_where_it_can_be(
    error: Exception, reading: str, changing: str
) -> None:
    assert cloud_errors.from_error(error, changing=False).trouble == reading
    assert cloud_errors.from_error(error, changing=True).trouble == changing


@pytest.mark.parametrize(
    ("reason", "meant"),
    [
        (NewConnectionError(None, "refused"), Trouble.TRANSIENT),  # type: ignore[arg-type] # no pool is needed to say it
        (SSLError("EOF occurred in violation of protocol"), Trouble.AMBIGUOUS),
        (ProtocolError("Connection aborted."), Trouble.AMBIGUOUS),
    ],
)
def test_a_change_is_known_not_to_have_happened_only_if_no_connection_was_made(
    reason: Exception, meant: Trouble
) -> None:
    inner = requests.exceptions.ConnectionError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type] # see above
    error = azure.ServiceRequestError("no", error=inner)
    assert cloud_errors.from_error(error, changing=True).trouble is meant
    direct = azure.ServiceRequestError("no", error=reason)
    assert cloud_errors.from_error(direct, changing=True).trouble is meant


def test_the_token_services_refusal_is_a_matter_of_who_we_are_whatever_its_status() -> None:
    response: Any = Response(500, {})
    error = azure.ClientAuthenticationError("no token", response=response)
    assert cloud_errors.from_error(error, changing=True).trouble is Trouble.AUTH


def test_a_missing_quota_is_told_with_the_numbers() -> None:
    problem = (
        "Not enough quota available for Standard_DS3_v2 in SubscriptionId X. Current usage/limit: "
        "0/6. Additional needed: 8 Please see troubleshooting guide, available here: somewhere"
    )
    errors = {"errors": {"VmSize": [problem]}}
    text = f"InferencingClient HttpRequest error, error detail: {json.dumps(errors)}"
    body = arm("BadRequest", "The request is invalid.", ("InferencingClientFailed", text))
    found = cloud_errors.from_response(Response(400, body), changing=True)
    assert (found.trouble, found.code) == (Trouble.PERMANENT, "quota")
    assert found.message == (
        "Not enough quota available for Standard_DS3_v2 in SubscriptionId X. "
        "Current usage/limit: 0/6. Additional needed: 8"
    )


def test_the_most_particular_code_counts_and_no_words_are_lost() -> None:
    body = arm("UserError", "bad", ("ModelAssetPathNotFoundInStorage", "no blobs"))
    found = cloud_errors.from_response(Response(400, body), changing=True)
    assert (found.code, found.message) == ("ModelAssetPathNotFoundInStorage", "bad no blobs")


def test_a_name_that_somebody_else_has_has_its_own_code() -> None:
    text = "There is already an endpoint with this name, endpoint name needs to be unique within a region."
    found = cloud_errors.from_response(Response(400, arm("BadRequest", text)), changing=True)
    assert (found.trouble, found.code) == (Trouble.PERMANENT, "name_taken")


def test_an_endpoint_that_is_updating_is_a_conflict_whatever_the_status() -> None:
    text = "Cannot create a deployment in endpoint e because it is in Updating provisioning state."
    found = cloud_errors.from_response(Response(400, arm("BadRequest", text)), changing=True)
    assert (found.trouble, found.code) == (Trouble.CONFLICT, Reason.BUSY)


def test_a_body_that_is_not_arms_is_quoted() -> None:
    found = cloud_errors.from_response(Response(502, "<html>Bad Gateway</html>"), changing=False)
    assert (found.code, found.message) == ("HTTP 502", "<html>Bad Gateway</html>")
    assert cloud_errors.from_response(Response(400, ""), changing=False).code == "HTTP 400"


@pytest.mark.parametrize(
    ("status", "code", "words", "trouble", "reason"),
    [
        (409, "ScopeLocked", "The scope cannot perform delete operation.", "permanent", "locked"),
        (403, "RequestDisallowedByPolicy", "disallowed by policy", "permanent", "policy"),
        (409, "MissingSubscriptionRegistration", "not registered", "permanent", "workspace"),
        (403, "ReadOnlyDisabledSubscription", "is disabled", "permanent", "workspace"),
        (404, "ResourceGroupNotFound", "Resource group 'rg' is gone", "permanent", "workspace"),
        (404, "SubscriptionNotFound", "The subscription is gone", "permanent", "workspace"),
        (409, "SkuNotAvailable", "The requested size is unavailable", "permanent", "size"),
        (400, "BadRequest", "Not supported VM Size Standard_X1.", "permanent", "size"),
        (400, "BadRequest", "VM size Standard_X1 is not supported here", "permanent", "size"),
        (409, "OutOfCapacity", "no machines", "permanent", "capacity"),
        (409, "OperationNotAllowed", "exceeding approved DSv2 Cores quota", "permanent", "quota"),
        (400, "OutOfQuota", "too much", "permanent", "quota"),
        (409, "InvalidResourceLocation", "exists in location 'a'", "permanent", "region"),
        (400, "LocationNotAvailableForResourceType", "not in 'x'", "permanent", "region"),
        (400, "OperationCanceled", "a similar request came", "conflict", "busy"),
        (409, "AnotherOperationInProgress", "wait", "conflict", "busy"),
        (503, "TooManyRequests", "slow down", "ambiguous", "TooManyRequests"),
        (400, "SubscriptionRequestsThrottled", "slow down", "throttled", "throttled"),
        (403, "AuthorizationFailed", "may not", "auth", "AuthorizationFailed"),
        (409, "Conflict", "another operation", "conflict", "Conflict"),
        (404, "X", "The Resource 'M/workspaces/w' under x was not found", "permanent", "workspace"),
        (410, "Gone", "it was there", "permanent", "not_found"),
    ],
)
def test_what_azure_means_by_its_codes_comes_before_what_the_status_says(
    status: int, code: str, words: str, trouble: str, reason: str
) -> None:
    plain = cloud_errors.from_response(Response(status, arm(code, words)), changing=True)
    nested = arm("BadRequest" if status == 400 else "Outer", "outer", (code, words))
    inside = cloud_errors.from_response(Response(status, nested), changing=True)
    for found in (plain, inside):
        assert (found.trouble, found.code) == (trouble, reason)


@pytest.mark.parametrize("status", [302, 400, 404, 410, 413, 418])
def test_a_page_that_is_not_the_apis_own_settles_nothing(status: int) -> None:
    for changing, meant in ((False, Trouble.TRANSIENT), (True, Trouble.AMBIGUOUS)):
        found = cloud_errors.from_response(Response(status, _PAGE), changing=changing)
        assert (found.trouble, found.code) == (meant, f"HTTP {status}")


@pytest.mark.parametrize(
    ("status", "meant"), [(401, "auth"), (403, "auth"), (409, "conflict"), (429, "throttled")]
)
def test_a_status_that_any_server_may_give_is_believed_on_any_page(status: int, meant: str) -> None:
    found = cloud_errors.from_response(Response(status, _PAGE), changing=True)
    assert (found.trouble, found.message) == (meant, _PAGE)


@pytest.mark.parametrize(
    "cause",
    [UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), LookupError("unknown encoding: martian")],
)
def test_a_body_that_is_not_text_is_no_answer(cause: Exception) -> None:
    response: Any = Response(404)

    def text() -> str:
        raise cause

    response.text = text
    found = cloud_errors.from_response(response, changing=False)
    assert (found.trouble, found.code) == (Trouble.TRANSIENT, "HTTP 404")


@pytest.mark.parametrize("body", ["[" * 100_000, '{"error": ' * 100_000, "[]", "null", "7", '"no"'])
def test_json_of_any_shape_is_survived(body: str) -> None:
    found = cloud_errors.from_response(Response(503, body), changing=True)
    assert (found.trouble, found.code) == (Trouble.AMBIGUOUS, "HTTP 503")
    assert len(found.message) <= 4000


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "86400"}, 86_400.0),
        ({"retry_after": "-1"}, -1.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after": ""}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "1e999"}, None),
        ({"retry_after": "Wed, 99 Foo 2026 07:28:00 GMT"}, None),
        ({"retry_after_ms": "soon", "retry_after": "7"}, 7.0),
        ({"retry_after_ms": "nan", "x_ms_retry_after_ms": "1500"}, 1.5),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "9999999999"}, 9999999999.0),
        ({"retry_after": "-3"}, -3.0),
        ({"retry_after_ms": "250", "retry_after": "7"}, 0.25),
        ({"x_ms_retry_after_ms": "1500"}, 1.5),
        ({"retry_after": "soon"}, None),
        ({"retry_after": f"Mon, 01 Jan 2026 00:00:00 +{'9' * 20}"}, None),
        ({"retry_after": "nan"}, None),
    ],
)
def test_the_wait_that_the_cloud_asks_for_is_handed_on(
    headers: dict[str, str], seconds: float | None
) -> None:
    found = cloud_errors.from_response(Response(429, arm("Many", "wait"), **headers), changing=True)
    assert found.retry_after == seconds


def test_a_wait_may_be_given_as_a_date() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    found = cloud_errors.from_response(Response(503, "", retry_after=then), changing=True)
    assert found.retry_after == pytest.approx(90, abs=5)


def test_a_date_that_has_passed_is_told_as_such() -> None:
    found = cloud_errors.from_response(
        Response(429, "", retry_after="Wed, 21 Oct 2015 07:28:00 GMT"), changing=True
    )
    assert found.retry_after is not None
    assert found.retry_after < 0
