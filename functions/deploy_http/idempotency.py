"""The header `Idempotency-Key`: one key, as a structured string or bare, and what marks a replay."""

import re
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from shared.domain.errors import Refusal
from shared.domain.requests import KEY_DAYS, request_key

NAME, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
_LONGEST = 255
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')  # a string of RFC 9651
_BARE = re.compile(r"[!#-+\--~](?:[ !#-+\--~]*[!#-+\--~])?")  # no quote, nor the comma of a list


class KeyInvalid(Refusal):
    """The header holds no key that can be used."""


async def read_key(
    request: Request,
    _shown: Annotated[
        str | None,
        Header(
            alias=NAME,
            description="Makes it safe to send the request again: the same one under the same key is done "
            f"once, and then answered as the first time, with `{REPLAYED}: true`. Yours alone, and "
            f"kept for {KEY_DAYS} days. 1 to {_LONGEST} printable ASCII characters, in quotes or bare.",
            examples=["7f9c1b62-iris-nightly"],
        ),
    ] = None,
) -> str:
    """The row key of this request; empty where it is to be a new one each time. Raises KeyInvalid."""
    given = request.headers.getlist(NAME)
    if not given:
        return ""
    key = _parse(given[0].strip(" \t")) if len(given) == 1 else ""
    if not 1 <= len(key) <= _LONGEST:
        raise KeyInvalid(
            "idempotency_key_invalid",
            f"{NAME} must be there once, with 1 to {_LONGEST} printable ASCII characters.",
            'Send one such as "order-17": in quotes, or bare and then without commas and quotes.',
        )
    return request_key("", key)


IdempotencyKey = Annotated[str, Depends(read_key)]


def mark_replay(response: Response, *, replayed: bool) -> None:
    """Says that the answer is that of an earlier request."""
    if replayed:
        response.headers[REPLAYED] = "true"


def _parse(text: str) -> str:
    if quoted := _QUOTED.fullmatch(text):
        return re.sub(r"\\(.)", r"\1", quoted[1])
    return text if _BARE.fullmatch(text) else ""
