"""Models: upload, list, look at."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from functions.deploy_http import addresses, answers, rendering
from functions.deploy_http.caching import answer_unless_seen
from functions.deploy_http.idempotency import IdempotencyKey, mark_replay
from functions.deploy_http.identity import SignedIn
from functions.deploy_http.intake import UploadRoute
from functions.deploy_http.openapi import cached, created
from functions.deploy_http.uploads import ModelForm
from shared.domain import ids
from shared.service import owned, read, uploads

router = APIRouter(tags=["models"], route_class=UploadRoute)


@router.post("/models", status_code=201, responses=created(400, 409, 413, 415))
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
    return rendering.render_model(uploaded.record)


@router.get("/models", response_model=answers.ModelList, responses=cached())
def list_models(
    caller: SignedIn, request: Request, limit: addresses.Limit = 100, page: addresses.Page = ""
) -> Response:
    """Your models, newest first."""
    after = addresses.parse_page(page, ids.parse_artifact_id)
    found = read.list_models(caller.ports, caller.principal, limit=limit, after=after)
    token = addresses.render_page(found.last)
    models = [rendering.render_model(model) for model in found.items]
    shown = answers.ModelList(models=models, total=found.total, next_page=token)
    response = answer_unless_seen(request, shown)
    addresses.point_to_next(request, response, token)
    return response


@router.get("/models/{model_id}", response_model=answers.ModelAnswer, responses=cached(404))
def get_model(caller: SignedIn, request: Request, model_id: str) -> Response:
    """One of your models, with what its file says of itself."""
    stored = owned.require_model(caller.ports, caller.principal, model_id)
    return answer_unless_seen(request, rendering.render_model(stored.record))
