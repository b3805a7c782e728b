"""Models: upload, list, look at, delete."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from functions.deploy_http import addresses, catalogue_answers as answers, rendering
from functions.deploy_http.answers import Message
from functions.deploy_http.bodies import UploadRoute
from functions.deploy_http.caching import (
    JSON,
    Accept,
    IfMatch,
    ShownAs,
    answer_text_unless_seen,
    answer_unless_seen,
    is_for_people,
    row_meant,
)
from functions.deploy_http.catalogue_rendering import render_inspection
from functions.deploy_http.idempotency import IdempotencyKey, mark_replay
from functions.deploy_http.identity import Caller, SignedIn
from functions.deploy_http.openapi import cached, created, errors, readable
from functions.deploy_http.uploads import EACH_ONCE, ModelForm
from shared.domain import ids
from shared.domain.catalogue.readable import render_readable
from shared.domain.names import DEFAULT_INSTANCE_TYPE
from shared.domain.records import Model
from shared.service import owned, read
from shared.service.catalogue import describe, uploads, withdraw

router = APIRouter(tags=["models"], route_class=UploadRoute)


@router.post(
    "/models",
    status_code=201,
    dependencies=EACH_ONCE,
    responses=created(400, 409, 413, 415),
)
def add_model(
    caller: SignedIn,
    request: Request,
    response: Response,
    key: IdempotencyKey,
    form: Annotated[ModelForm, Form(media_type="multipart/form-data")],
) -> answers.ModelAnswer:
    """Uploads a model file: it is read without being run, judged, and stored.

    A file that asks for what is not allowed is refused with 422 and the names it asked for.
    """
    uploaded = uploads.accept_upload(
        caller.ports, caller.mint, caller.policy, caller.principal, form.to_upload(), key=key
    )
    mark_replay(response, replayed=uploaded.replayed)
    response.headers["Location"] = addresses.address_of(request, f"/models/{uploaded.record.id}")
    return _shown(caller, uploaded.record)


@router.get("/models", response_model=answers.ModelList, responses=cached())
def list_models(
    caller: SignedIn,
    request: Request,
    limit: addresses.Limit = 100,
    page: addresses.Page = "",
    check: addresses.Check = False,
) -> Response:
    """Your models, newest first."""
    after = addresses.parse_page(page, ids.parse_artifact_id)
    found = read.list_models(
        caller.ports, caller.principal, limit=addresses.most(limit, check=check), after=after
    )
    token = addresses.render_page(found.last)
    present = read.find_content(caller.ports, found.items) if check else {}
    seen = caller.registry.verify(caller.ports, caller.principal.user_key, found.items)
    models = [
        rendering.render_model(each, present.get(each.content_digest), seen.registered[each.id])
        for each in found.items
    ]
    shown = answers.ModelList(
        models=models,
        total=found.total,
        next_page=token,
        registry_check_available=seen.is_available,
    )
    response = answer_unless_seen(request, shown)
    addresses.point_to_next(request, response, token)
    return response


@router.get("/models/{model_id}", response_model=answers.ModelAnswer, responses=cached(404))
def get_model(caller: SignedIn, request: Request, model_id: str) -> Response:
    """One of your models, with what its file says of itself, and whether that is in the store."""
    stored = owned.require_model(caller.ports, caller.principal, model_id)
    return answer_unless_seen(request, _shown(caller, stored.record))


@router.delete("/models/{model_id}", responses=errors(404, 409, 412, 502))
def delete_model(caller: SignedIn, model_id: str, if_match: IfMatch = "") -> Message:
    """Deletes a model with all that is its own, as `DELETE /artifacts/model/{artifact_id}` does."""
    meant = _row_meant(caller, model_id, if_match)
    withdraw.delete_model(caller.ports, caller.principal, model_id, if_match=meant)
    return Message(message="Model deleted successfully")


@router.get(
    "/models/{model_id}/inspection",
    response_model=answers.InspectionAnswer,
    responses=readable(404),
)
def inspect_model(
    caller: SignedIn,
    request: Request,
    model_id: str,
    instance_type: addresses.ServedOn = DEFAULT_INSTANCE_TYPE,
    shown_as: ShownAs = "",
    accept: Accept = JSON,
) -> Response:
    """All that was read from a model's file, what will be installed to serve it, and how to call it."""
    described = describe.describe_model(
        caller.ports, caller.policy, caller.principal, model_id, instance_type
    )
    if is_for_people(shown_as, accept):
        response = answer_text_unless_seen(request, render_readable(described))
    else:
        response = answer_unless_seen(request, render_inspection(described))
    response.headers["Vary"] = "Accept"
    return response


def _row_meant(caller: Caller, model_id: str, if_match: str) -> str:
    if not if_match:
        return ""
    stored = owned.require_leaving(caller.ports, caller.principal, model_id)
    return row_meant(if_match, _shown(caller, stored.record), stored.row.etag)


def _shown(caller: Caller, model: Model) -> answers.ModelAnswer:
    present = read.find_content(caller.ports, [model])
    seen = caller.registry.verify(caller.ports, caller.principal.user_key, [model])
    return rendering.render_model(
        model, present.get(model.content_digest), seen.registered[model.id]
    )
