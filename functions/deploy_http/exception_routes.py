"""Exceptions to the verdict: what operators let in, and why."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from functions.deploy_http import addresses, catalogue_answers as answers
from functions.deploy_http.bodies import JsonRoute
from functions.deploy_http.catalogue_rendering import render_exception
from functions.deploy_http.identity import SignedIn
from functions.deploy_http.openapi import errors
from shared.domain.catalogue.exceptions import ExceptionRequest, parse_place
from shared.service.catalogue import exceptions

router = APIRouter(tags=["operators"], route_class=JsonRoute)


@router.post("/exceptions", responses=errors(400, 403, 409, 413, 415))
def allow_content(
    caller: SignedIn, wanted: Annotated[ExceptionRequest, Body()]
) -> answers.ExceptionAnswer:
    """Lets one exact file of unknown verdict in, with these names. For operators; the same said twice is one.

    It holds for uploads and deployments from now on; what is dangerous is never let in.
    """
    return render_exception(exceptions.allow(caller.ports, caller.principal, wanted))


@router.get("/exceptions", responses=errors(403))
def list_exceptions(
    caller: SignedIn,
    request: Request,
    response: Response,
    limit: addresses.Limit = 100,
    page: addresses.Page = "",
) -> answers.ExceptionList:
    """All decisions, the last one first, also those that were revoked. For operators."""
    after = addresses.parse_page(page, parse_place)
    found = exceptions.list_exceptions(caller.ports, caller.principal, limit=limit, after=after)
    token = addresses.render_page(found.last)
    addresses.point_to_next(request, response, token)
    shown = [render_exception(each.exception, superseded=each.superseded) for each in found.items]
    return answers.ExceptionList(exceptions=shown, total=found.total, next_page=token)


@router.delete("/exceptions/{digest}", responses=errors(403, 404, 409))
def revoke_exception(caller: SignedIn, digest: str) -> answers.ExceptionAnswer:
    """Revokes an exception: later uploads and deployments are refused again. It stays on record. For operators."""
    return render_exception(exceptions.revoke(caller.ports, caller.principal, digest))
