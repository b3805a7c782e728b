"""What azure-core raises and Azure answers, as `CloudError`: the only such mapping.

Used by all adapters that speak to Azure ML. An unclear answer is TRANSIENT for a call that only
reads and AMBIGUOUS for one that changes. The code is a `Reason` where the answer is understood, else
the cloud's own. A page that is not JSON is the word of something in between, and settles nothing.
"""

import json
import math
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from azure.core import exceptions as azure
from requests import exceptions as http
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from shared.domain.errors import CloudError, Trouble
from shared.domain.reasons import Reason, find_reason

UNCLEAR = None
"""Nobody can tell whether the call was performed."""

TROUBLES: Mapping[type[Exception], Trouble | None] = {
    azure.AzureError: UNCLEAR,
    azure.ServiceRequestError: UNCLEAR,
    azure.ServiceRequestTimeoutError: Trouble.TRANSIENT,
    azure.ServiceResponseError: UNCLEAR,
    azure.ServiceResponseTimeoutError: UNCLEAR,
    azure.HttpResponseError: UNCLEAR,
    azure.ODataV4Error: UNCLEAR,
    azure.DecodeError: UNCLEAR,
    azure.IncompleteReadError: UNCLEAR,
    azure.DeserializationError: UNCLEAR,
    azure.StreamConsumedError: UNCLEAR,
    azure.StreamClosedError: UNCLEAR,
    azure.ResponseNotReadError: UNCLEAR,
    azure.ResourceExistsError: Trouble.CONFLICT,
    azure.ResourceModifiedError: Trouble.CONFLICT,
    azure.ResourceNotModifiedError: Trouble.PERMANENT,
    azure.ResourceNotFoundError: Trouble.PERMANENT,
    azure.TooManyRedirectsError: Trouble.PERMANENT,
    azure.SerializationError: Trouble.PERMANENT,
    azure.ClientAuthenticationError: Trouble.AUTH,
    http.RequestException: UNCLEAR,
    http.HTTPError: UNCLEAR,
    http.ConnectionError: UNCLEAR,
    http.ProxyError: UNCLEAR,
    http.SSLError: UNCLEAR,
    http.Timeout: UNCLEAR,
    http.ConnectTimeout: Trouble.TRANSIENT,
    http.ReadTimeout: UNCLEAR,
    http.ChunkedEncodingError: UNCLEAR,
    http.ContentDecodingError: UNCLEAR,
    http.StreamConsumedError: UNCLEAR,
    http.RetryError: UNCLEAR,
    http.JSONDecodeError: UNCLEAR,
    http.TooManyRedirects: Trouble.PERMANENT,
    http.URLRequired: Trouble.PERMANENT,
    http.MissingSchema: Trouble.PERMANENT,
    http.InvalidSchema: Trouble.PERMANENT,
    http.InvalidURL: Trouble.PERMANENT,
    http.InvalidProxyURL: Trouble.PERMANENT,
    http.InvalidHeader: Trouble.PERMANENT,
    http.InvalidJSONError: Trouble.PERMANENT,
    http.UnrewindableBodyError: Trouble.PERMANENT,
}
"""Every class of azure.core and requests, for errors that bring no HTTP status along."""

_STATUSES = {
    401: Trouble.AUTH,
    403: Trouble.AUTH,
    408: UNCLEAR,
    409: Trouble.CONFLICT,
    412: Trouble.CONFLICT,
    429: Trouble.THROTTLED,
}
_GONE = (404, 410)
REASONS: Mapping[Reason, Trouble] = {
    Reason.NOT_FOUND: Trouble.PERMANENT,
    Reason.NAME_TAKEN: Trouble.PERMANENT,
    Reason.QUOTA: Trouble.PERMANENT,
    Reason.CAPACITY: Trouble.PERMANENT,
    Reason.SIZE: Trouble.PERMANENT,
    Reason.REGION: Trouble.PERMANENT,
    Reason.LOCKED: Trouble.PERMANENT,
    Reason.POLICY: Trouble.PERMANENT,
    Reason.WORKSPACE: Trouble.PERMANENT,
    Reason.CHANGE_FAILED: Trouble.TRANSIENT,
    Reason.BUSY: Trouble.CONFLICT,
    Reason.THROTTLED: Trouble.THROTTLED,
}
"""What is done about what Azure means, whatever status it comes with."""

_LONGEST = 4_000  # characters of a message: it goes into a record


def from_error(error: Exception, *, changing: bool) -> CloudError:
    """The `CloudError` for an error raised by a call; `changing` if it might change the cloud."""
    response = getattr(error, "response", None)
    if response is not None and response.status_code and response.status_code >= 400:
        found = from_response(response, changing=changing)
        if isinstance(error, azure.ClientAuthenticationError):
            found.trouble = Trouble.AUTH  # perhaps the token service's answer, whatever its status
        return found
    known = (TROUBLES[kind] for kind in type(error).__mro__ if kind in TROUBLES)
    trouble = next(known, UNCLEAR)
    if trouble is UNCLEAR and _never_left(error):
        trouble = Trouble.TRANSIENT
    message = str(error) or repr(error)
    return CloudError(_settle(trouble, changing), type(error).__name__, message[:_LONGEST])


def from_response(response: Any, *, changing: bool) -> CloudError:
    """The `CloudError` for an answer that is not a success."""
    status = response.status_code
    trouble = _STATUSES.get(status, Trouble.PERMANENT if status < 500 else UNCLEAR)
    codes, message = _account(response)
    code = codes[:2][-1] if codes else f"HTTP {status}"
    if codes is None:
        trouble = UNCLEAR if trouble is Trouble.PERMANENT else trouble
    elif status < 500:
        reason, message = find_reason(reversed(codes), message)
        if reason is None and status in _GONE:
            reason = Reason.NOT_FOUND
        code, trouble = (reason, REASONS[reason]) if reason else (code, trouble)
    wait = read_retry_after(response.headers)
    return CloudError(_settle(trouble, changing), code, message[:_LONGEST], retry_after=wait)


def _settle(trouble: Trouble | None, changing: bool) -> Trouble:
    return trouble or (Trouble.AMBIGUOUS if changing else Trouble.TRANSIENT)


def _never_left(error: Exception) -> bool:
    """Whether no connection was made, so that nothing can have happened."""
    inner = getattr(error, "inner_exception", error)
    cause = inner.args[0] if inner is not None and inner.args else None
    reasons = (inner, cause, getattr(cause, "reason", None))
    return any(isinstance(reason, NewConnectionError | ConnectTimeoutError) for reason in reasons)


def _account(response: Any) -> tuple[list[str] | None, str]:
    """Codes of an ARM error body, outermost first, and all its words.

    No codes where it has none or is empty; None in their place where it is not JSON.
    """
    try:
        text = str(response.text()).strip()
    except (azure.ResponseNotReadError, azure.StreamClosedError):
        return [], "the answer could not be read"
    except (ValueError, LookupError):
        return None, "the answer is not text"
    try:
        found = list(_parts(json.loads(text))) if text else []
    except (ValueError, RecursionError):
        return None, text
    codes = [code for code, _ in found if code]
    messages = dict.fromkeys(message for _, message in found if message)
    return codes, " ".join(messages) or text or str(response.reason)


def _parts(node: object) -> Iterator[tuple[str, str]]:
    """(code, message) of a node and of all below it, outermost first."""
    if isinstance(node, list):
        for held in node:
            yield from _parts(held)
    if isinstance(node, dict):
        code, message = node.get("code"), node.get("message")
        if code or message:
            yield str(code or ""), str(message or "")
        for held in node.values():
            yield from _parts(held)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as the cloud says it, however absurd; None where it says nothing."""
    for name, scale in (
        ("retry-after-ms", 1000),
        ("x-ms-retry-after-ms", 1000),
        ("retry-after", 1),
    ):
        text = headers.get(name)
        seconds = _seconds(text, scale) if text else None
        if seconds is not None:
            return seconds
    return None


def _seconds(text: str, scale: int) -> float | None:
    try:
        number = float(text) / scale
    except ValueError:
        try:
            return parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return number if math.isfinite(number) else None
