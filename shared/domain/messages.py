"""What a queue message says, read strictly: text in base64 or plain, UTF-8, one flat enough JSON object.

The host passes messages on as they are (`messageEncoding` none in host.json): with base64 it would
keep what it cannot decode to itself for seven days. So producers may send either form.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NoReturn

from shared.domain.errors import InvalidRequest
from shared.domain.limits import MAX_MESSAGE_BYTES

MAX_BYTES = 64 * 1024
"""Of a message as it lies in the queue, the limit of Queue Storage."""
MAX_DEPTH = 32


class DeadLetterReason(StrEnum):
    """Why a message can never be handled, or was not."""

    TOO_LARGE = "too_large"
    NOT_TEXT = "not_text"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    NO_NUMBER = "no_number"
    DUPLICATE_KEY = "duplicate_key"
    TOO_DEEP = "too_deep"
    NO_HINT = "no_hint"
    NO_EVENT = "no_event"
    UNKNOWN_VERSION = "unknown_version"
    NEWER_VERSION = "newer_version"
    ID_REUSED = "id_reused"
    PRODUCER_NOT_ALLOWED = "producer_not_allowed"
    RECORD_UNREADABLE = "record_unreadable"
    NOT_PROCESSED = "not_processed"


class Garbage(InvalidRequest):
    """A message that nobody can ever handle, however often it comes."""

    def __init__(self, reason: DeadLetterReason, detail: str) -> None:
        super().__init__(reason.value, detail, "Send it again, corrected.")
        self.reason = reason


def read_text(body: bytes) -> str:
    """The text of a message. Raises Garbage where it is too large or not UTF-8."""
    content = _decoded(body) if len(body) <= MAX_BYTES else body
    if len(content) > MAX_MESSAGE_BYTES:
        limit = f"the limit is {MAX_MESSAGE_BYTES}: it has to fit into a message as base64"
        raise Garbage(DeadLetterReason.TOO_LARGE, f"{len(content)} bytes; {limit}.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Garbage(DeadLetterReason.NOT_TEXT, f"It is not UTF-8: {error.reason}.") from None


def read_object(text: str) -> dict[str, Any]:
    """The JSON object that a text is.

    Refused, as Garbage, is also what parsers read in different ways: a key twice, NaN, numbers
    without a value, halves of characters, nesting beyond MAX_DEPTH.
    """
    try:
        found = json.loads(
            text, object_pairs_hook=_pairs, parse_float=_number, parse_constant=_no_number
        )
    except RecursionError:
        raise Garbage(DeadLetterReason.TOO_DEEP, f"It nests deeper than {MAX_DEPTH}.") from None
    except ValueError as error:
        raise Garbage(DeadLetterReason.NOT_JSON, f"It is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise Garbage(DeadLetterReason.NOT_AN_OBJECT, "It is not a JSON object.")
    _require_flat(found)
    _require_characters(found)
    return found


def _decoded(body: bytes) -> bytes:
    """The bytes behind base64, or the body itself: JSON objects begin with what base64 never has."""
    try:
        return base64.b64decode(body.strip(), validate=True)
    except binascii.Error:
        return body


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Garbage(DeadLetterReason.DUPLICATE_KEY, "It has a key twice.")
    return found


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        _no_number(text)
    return value


def _no_number(text: str) -> NoReturn:
    raise Garbage(DeadLetterReason.NO_NUMBER, f"{text[:40]} is no number of JSON that has a value.")


def _require_flat(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise Garbage(DeadLetterReason.TOO_DEEP, f"It nests deeper than {MAX_DEPTH}.")


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _require_characters(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Garbage(DeadLetterReason.NOT_TEXT, "It holds half a character.") from None
