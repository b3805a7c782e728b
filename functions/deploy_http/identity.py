"""Who is asking. `local`: the user is `user_id` from the query, on a loopback host only.

A page of another site in the same browser must not be taken for the user: neither one that had its
own name resolve to this machine (the Host header tells) nor one that posts here (Origin tells).
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from shared.domain.errors import Forbidden
from shared.domain.loopback import is_loopback
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.ports import Ports
from shared.service.claims import Mint
from shared.service.registry import Registry
from shared.wiring import Front


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and what serves them."""

    principal: Principal
    ports: Ports
    mint: Mint
    registry: Registry
    policy: Policy


async def sign_in(
    request: Request,
    user_id: Annotated[
        str,
        Query(
            min_length=1,
            max_length=128,
            pattern=r"^[^\x00-\x1f\x7f-\x9f]+$",
            description="Who asks, where AUTH_MODE is `local`.",
        ),
    ] = "local",
) -> Caller:
    """The caller of this request. Raises Forbidden where the server may not trust it.

    Like each dependency it is a coroutine: FastAPI hands a function to another thread.
    """
    front: Front = request.app.state.front()
    _require_loopback("//" + request.headers.get("host", ""))
    _require_loopback(request.headers.get("origin", "//localhost"))
    principal = Principal(
        user_id=user_id, issuer="local", is_operator=user_id in front.settings.operators
    )
    return Caller(
        principal=principal,
        ports=front.ports,
        mint=front.mint,
        registry=front.registry,
        policy=front.settings.policy,
    )


def _require_loopback(address: str) -> None:
    if not is_loopback(address):
        raise Forbidden(
            "local_sign_in",
            "This server trusts whoever asks (AUTH_MODE=local), so it answers this machine only.",
            "Call it as http://127.0.0.1 or http://localhost, and not from another site's page.",
        )


SignedIn = Annotated[Caller, Depends(sign_in)]
