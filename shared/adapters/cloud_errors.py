"""What azure-core raises and Azure answers, as `CloudError`: the only such mapping.

Used by all adapters that speak to Azure ML. An unclear answer is TRANSIENT for a call that only
reads and AMBIGUOUS for one that changes. Codes are the cloud's own, except the three below.
"""

import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from azure.core import exceptions as azure
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from shared.domain.errors import CloudError, Trouble

NOT_FOUND = "not_found"
"""The code of every 404."""

QUOTA = "quota"
"""The code where cores are missing; the message says how many are used, allowed and needed."""

NAME_TAKEN = "name_taken"
"""The code where somebody else has an endpoint of this name in the region."""

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
}
"""Every class of azure.core.exceptions, for errors that bring no HTTP status along."""

_STATUSES = {
    401: Trouble.AUTH,
    403: Trouble.AUTH,
    408: UNCLEAR,
    409: Trouble.CONFLICT,
    412: Trouble.CONFLICT,
    429: Trouble.THROTTLED,
}
_REFUSALS = (
    (r"Not enough quota available.*?Additional needed: \d+", QUOTA, Trouble.PERMANENT),
    (r".*name needs to be unique within a region.*", NAME_TAKEN, Trouble.PERMANENT),
    (r".*in (Creating|Updating|Deleting) provisioning state.*", "", Trouble.CONFLICT),
)
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
    """The `CloudError` for an answer with an error status."""
    status = response.status_code
    code, message = _account(response)
    trouble = _STATUSES.get(status, Trouble.PERMANENT if status < 500 else UNCLEAR)
    if status == 404:
        code = NOT_FOUND
    for pattern, name, meaning in _REFUSALS if status < 500 else ():
        if found := re.search(pattern, message, re.IGNORECASE):
            message, code, trouble = found.group(), name or code, meaning
    return CloudError(
        _settle(trouble, changing),
        code,
        message[:_LONGEST],
        retry_after=_retry_after(response.headers),
    )


def _settle(trouble: Trouble | None, changing: bool) -> Trouble:
    return trouble or (Trouble.AMBIGUOUS if changing else Trouble.TRANSIENT)


def _never_left(error: Exception) -> bool:
    """Whether no connection was made, so that nothing can have happened."""
    inner = getattr(error, "inner_exception", None)
    cause = inner.args[0] if inner is not None and inner.args else None
    reasons = (inner, cause, getattr(cause, "reason", None))
    return any(isinstance(reason, NewConnectionError | ConnectTimeoutError) for reason in reasons)


def _account(response: Any) -> tuple[str, str]:
    """Code and message of an ARM error body: the most particular code, all the words."""
    unknown = f"HTTP {response.status_code}"
    try:
        text = response.text()
        found = list(_parts(json.loads(text)))
    except (azure.ResponseNotReadError, azure.StreamClosedError):
        return unknown, "the answer could not be read"
    except ValueError:
        return unknown, text.strip() or str(response.reason)
    codes = [code for code, _ in found if code]
    messages = dict.fromkeys(message for _, message in found if message)
    return (codes[:2] or [unknown])[-1], " ".join(messages) or text


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


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as the cloud says it, however absurd; None where it says nothing."""
    for name, scale in (
        ("retry-after-ms", 1000),
        ("x-ms-retry-after-ms", 1000),
        ("retry-after", 1),
    ):
        text = headers.get(name)
        if text:
            return _seconds(text, scale)
    return None


def _seconds(text: str, scale: int) -> float | None:
    try:
        number = float(text) / scale
    except ValueError:
        try:
            return parsedate_to_datetime(text).timestamp() - time.time()
        except ValueError:
            return None
    return number if math.isfinite(number) else None
