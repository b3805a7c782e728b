"""Who is asking. `local`: the user is `user_id` from the query, on a loopback host only."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from shared.domain.errors import Forbidden
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.ports import Ports
from shared.service.claims import Mint
from shared.settings import LOOPBACK
from shared.wiring import Front


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and what serves them."""

    principal: Principal
    ports: Ports
    mint: Mint
    policy: Policy


def sign_in(
    request: Request,
    user_id: Annotated[
        str,
        Query(
            min_length=1,
            max_length=128,
            pattern=r"^[^\x00-\x1f]+$",
            description="Who asks, where AUTH_MODE is `local`.",
        ),
    ] = "local",
) -> Caller:
    """The caller of this request. Raises Forbidden where the server may not trust it."""
    if request.url.hostname not in LOOPBACK:
        raise Forbidden(
            "local_sign_in",
            "This server trusts whoever asks (AUTH_MODE=local), so it answers on loopback only.",
            "Call it as http://127.0.0.1, or set up sign-in.",
        )
    front: Front = request.app.state.front()
    principal = Principal(
        user_id=user_id, issuer="local", is_operator=user_id in front.settings.operators
    )
    return Caller(
        principal=principal, ports=front.ports, mint=front.mint, policy=front.settings.policy
    )


SignedIn = Annotated[Caller, Depends(sign_in)]
