"""What botocore's errors mean in Longshore's words: for `s3_blobs`, as `storage_errors` for Azure's.

Only the service's own codes tell Missing, Exists and Changed; which of the last two a failed condition
is, the call knows. Nothing here loads botocore: its errors are met where it is in use.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shared.domain.errors import Changed, Exists, Missing, StoreError, Unavailable

_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NotFound", "404"})
_CONDITION = frozenset({"PreconditionFailed", "412"})
_CONFLICTS = frozenset({"ConditionalRequestConflict", "OperationAborted"})
_MAY_PASS = frozenset(
    {
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "ExpiredToken",
        "RequestTimeTooSkewed",
    }
)
_ELSEWHERE = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "301"})


class Conflicting(Unavailable):
    """Another write of the same key, or creation of the bucket, was under way: to be tried again as a whole."""


class NotSetUp(StoreError):
    """S3 cannot be used as it is set up here: an operator's turn."""


@contextmanager
def translated(what: str, *, condition: type[StoreError] = Changed) -> Iterator[None]:
    """Raises our error for one of botocore's; `what` names the call in its message.

    `condition` is what a condition of the call that did not hold means: Exists for a write.
    """
    from botocore.exceptions import (  # noqa: PLC0415 - a tenth of a second, where S3 is in use
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        PartialCredentialsError,
    )

    try:
        yield
    except ClientError as error:
        raise _meaning(error.response, condition)(_message(what, error.response)) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise NotSetUp(f"{what}: no credentials for S3 were found") from error
    except BotoCoreError as error:  # no connection, no answer, a broken one
        raise Unavailable(f"{what}: {type(error).__name__}") from error


def is_missing_bucket(error: BaseException) -> bool:
    """Whether the service says of an error's cause that the bucket is not there."""
    response: dict[str, Any] = getattr(error.__cause__, "response", {})
    return _code(response) == "NoSuchBucket"


def _meaning(response: dict[str, Any], condition: type[StoreError]) -> type[StoreError]:
    code, status = _code(response), _status(response)
    if code in _CONDITION:
        return condition
    if code in _MISSING:
        return Missing
    if code in _CONFLICTS:
        return Conflicting
    if code in _MAY_PASS or not 400 <= status < 500:
        return Unavailable
    if code in _ELSEWHERE:
        return NotSetUp
    return Exists if code == "BucketAlreadyOwnedByYou" else StoreError


def _message(what: str, response: dict[str, Any]) -> str:
    """Code and status, never the service's sentence: it may hold a key's name, or a signature."""
    code = _code(response)
    more = ": the bucket is in another region than S3_REGION" if code in _ELSEWHERE else ""
    return f"{what}: {_status(response)} {code}{more}"


def _code(response: dict[str, Any]) -> str:
    return str(response.get("Error", {}).get("Code", ""))


def _status(response: dict[str, Any]) -> int:
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
