"""Messages are read strictly: what two parsers could read in two ways is refused, whatever it is."""

import base64
import json

import pytest

from shared.domain import messages
from shared.domain.limits import MAX_MESSAGE_BYTES
from shared.domain.messages import MAX_BYTES, MAX_DEPTH, DeadLetterReason, Garbage


def reason_of(body: bytes) -> DeadLetterReason:
    with pytest.raises(Garbage) as refused:
        messages.read_object(messages.read_text(body))
    return refused.value.reason


def nested(depth: int) -> bytes:
    return b'{"a": ' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", DeadLetterReason.NOT_JSON),
        (b"hello", DeadLetterReason.NOT_JSON),
        (b"not base64!", DeadLetterReason.NOT_JSON),
        (b'{"a": 1', DeadLetterReason.NOT_JSON),
        (b'{"a": 1} {"a": 1}', DeadLetterReason.NOT_JSON),
        (b'{"a": ' + b"9" * 5000 + b"}", DeadLetterReason.NOT_JSON),
        (b"{\x00}", DeadLetterReason.NOT_JSON),
        ('{"a": 1}'.encode("utf-16-le"), DeadLetterReason.NOT_JSON),
        (b"\xff\xfe\x00", DeadLetterReason.NOT_TEXT),
        (b'{"a": "\xed\xa0\x80"}', DeadLetterReason.NOT_TEXT),
        (b'{"a": "\\ud800"}', DeadLetterReason.NOT_TEXT),
        (b'{"\\udfff": 1}', DeadLetterReason.NOT_TEXT),
        (b"[]", DeadLetterReason.NOT_AN_OBJECT),
        (b'"text"', DeadLetterReason.NOT_AN_OBJECT),
        (b'{"a": NaN}', DeadLetterReason.NO_NUMBER),
        (b'{"a": -Infinity}', DeadLetterReason.NO_NUMBER),
        (b'{"a": 1e400}', DeadLetterReason.NO_NUMBER),
        (b'{"a": [-1e999]}', DeadLetterReason.NO_NUMBER),
        (b'{"a": 1, "a": 1}', DeadLetterReason.DUPLICATE_KEY),
        (b'{"b": {"a": 1, "\\u0061": 2}}', DeadLetterReason.DUPLICATE_KEY),
        (nested(MAX_DEPTH + 1), DeadLetterReason.TOO_DEEP),
        (nested(7_000), DeadLetterReason.TOO_DEEP),
        (b'{"a": ' + b"[" * 45_000, DeadLetterReason.TOO_DEEP),
    ],
)
def test_what_is_no_plain_json_object_is_refused_with_its_reason(
    body: bytes, reason: DeadLetterReason
) -> None:
    assert reason_of(body) is reason
    encoded = base64.b64encode(body)
    if len(encoded) <= MAX_BYTES:
        assert reason_of(encoded) is reason


@pytest.mark.parametrize("form", [bytes, base64.b64encode, base64.encodebytes])
def test_a_message_may_be_plain_or_base64(form: object) -> None:
    assert callable(form)
    body = form(b"\xef\xbb\xbf" + '{"a": ["ü", 1.5, null]}'.encode())
    if form is base64.encodebytes:
        body = body.rstrip()
    assert messages.read_object(messages.read_text(body)) == {"a": ["ü", 1.5, None]}


def test_what_nests_to_the_limit_is_read() -> None:
    assert messages.read_object(nested(MAX_DEPTH).decode())


def sized(size: int) -> bytes:
    frame = len(json.dumps({"a": ""}))
    return json.dumps({"a": "x" * (size - frame)}).encode()


def test_a_message_is_read_up_to_the_size_that_fits_into_a_queue_as_base64() -> None:
    largest = base64.b64encode(sized(MAX_MESSAGE_BYTES))
    assert (MAX_MESSAGE_BYTES, len(largest)) == (49_152, MAX_BYTES)
    for body in (sized(MAX_MESSAGE_BYTES), largest):
        assert len(messages.read_text(body)) == MAX_MESSAGE_BYTES
    for size in (MAX_MESSAGE_BYTES + 1, MAX_BYTES, MAX_BYTES + 1, 1_000_000):
        assert reason_of(sized(size)) is DeadLetterReason.TOO_LARGE
    assert reason_of(base64.b64encode(sized(MAX_MESSAGE_BYTES + 1))) is DeadLetterReason.TOO_LARGE
