"""What the Azure SDK's errors mean in Longshore's words.

Used by the adapters of Tables, Queue and Blob. Exists, Missing and Changed are told only by the
service's own codes: a 404 without one may be anybody's along the way. Another clear refusal (wrong
key, no role) is a plain StoreError; whatever leaves open what happened is Unavailable.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

from azure.core import exceptions as azure

from shared.domain.errors import Changed, Copying, Exists, Missing, StoreError, Unavailable

MEANING: dict[type[Exception], type[StoreError]] = {
    azure.AzureError: Unavailable,
    azure.ServiceRequestError: Unavailable,
    azure.ServiceRequestTimeoutError: Unavailable,
    azure.ServiceResponseError: Unavailable,
    azure.ServiceResponseTimeoutError: Unavailable,
    azure.HttpResponseError: Unavailable,
    azure.ODataV4Error: Unavailable,
    azure.DecodeError: Unavailable,
    azure.IncompleteReadError: Unavailable,
    azure.ResourceExistsError: StoreError,  # which of Exists, Missing, Changed: see _BY_CODE
    azure.ResourceNotFoundError: StoreError,
    azure.ResourceModifiedError: StoreError,
    azure.ResourceNotModifiedError: StoreError,
    azure.ClientAuthenticationError: StoreError,
    azure.TooManyRedirectsError: Unavailable,
    azure.StreamConsumedError: Unavailable,
    azure.StreamClosedError: Unavailable,
    azure.ResponseNotReadError: Unavailable,
    azure.SerializationError: StoreError,
    azure.DeserializationError: Unavailable,
}
"""Ours for each class of azure.core.exceptions, where the answer has no code that says more."""

_BY_CODE: dict[str, type[StoreError]] = {
    "EntityAlreadyExists": Exists,
    "TableAlreadyExists": Exists,
    "QueueAlreadyExists": Exists,
    "BlobAlreadyExists": Exists,
    "ContainerAlreadyExists": Exists,
    "UpdateConditionNotSatisfied": Changed,
    "ConditionNotMet": Changed,
    "SourceConditionNotMet": Changed,
    "ResourceNotFound": Missing,
    "EntityNotFound": Missing,
    "TableNotFound": Missing,
    "QueueNotFound": Missing,
    "BlobNotFound": Missing,
    "ContainerNotFound": Missing,
    "CannotVerifyCopySource": Missing,
    "PendingCopyOperation": Copying,
    "TableBeingDeleted": Unavailable,
    "QueueBeingDeleted": Unavailable,
    "ContainerBeingDeleted": Unavailable,
}
_UNDECODABLE = (ValueError, LookupError, TypeError, AttributeError, ParseError)
_MAY_PASS = frozenset({408, 429})


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raises our error for one of the SDK's; `what` names the call in its message.

    Enclose nothing but the call: where an answer has the wrong shape the SDK lets out whatever
    its parsing met (ValueError, KeyError, AttributeError), which here means Unavailable.
    """
    try:
        yield
    except azure.AzureError as error:
        raise _meaning(error)(_message(what, error)) from error
    except _UNDECODABLE as error:
        raise Unavailable(f"{what}: storage gave an answer that cannot be read: {error}") from error


def error_code(error: azure.AzureError) -> str:
    """The service's own code of an answer (`TableNotFound`), or nothing."""
    code = getattr(error, "error_code", None) or _code_of_answer(error)
    return str(getattr(code, "value", code))


def _code_of_answer(error: azure.AzureError) -> str:
    """The code of an answer that the SDK did not look into: single inserts into a table."""
    response = getattr(error, "response", None)
    if response is None:
        return ""
    told: str = response.headers.get("x-ms-error-code") or ""
    if told:
        return told
    try:
        body = response.json()
        return str(body["odata.error"]["code"])
    except (azure.AzureError, *_UNDECODABLE):
        return ""


def _meaning(error: azure.AzureError) -> type[StoreError]:
    by_code = _BY_CODE.get(error_code(error))
    if by_code:
        return by_code
    by_class = next(MEANING[kind] for kind in type(error).__mro__ if kind in MEANING)
    status = getattr(error, "status_code", None) or 0
    if by_class is Unavailable and 400 <= status < 500 and status not in _MAY_PASS:
        return StoreError
    return by_class


def _message(what: str, error: azure.AzureError) -> str:
    status = getattr(error, "status_code", None)
    told = f"{status} {error_code(error)}".strip() if status else type(error).__name__
    first_line = error.message.splitlines()[0] if error.message else ""
    return f"{what}: {told}: {first_line}"
