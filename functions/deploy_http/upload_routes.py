"""Files that do not come over HTTP: big ones straight to storage, and models that are somewhere already."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from functions.deploy_http import addresses
from functions.deploy_http.bodies import JsonRoute
from functions.deploy_http.idempotency import IdempotencyKey, mark_replay
from functions.deploy_http.identity import SignedIn
from functions.deploy_http.openapi import accepted, created, watched
from functions.deploy_http.upload_answers import (
    UploadAnswer,
    UploadBegun,
    render_begun,
    render_upload,
)
from shared.domain.catalogue.intake_requests import ConfirmRequest, FromRequest, UploadRequest
from shared.service.intake import begin, rows as intake_rows

router = APIRouter(tags=["models"], route_class=JsonRoute)
_LOOK_AGAIN = "2"  # seconds


@router.post("/uploads", status_code=201, responses=created(400, 409, 413, 415, 429))
def begin_upload(
    caller: SignedIn,
    request: Request,
    response: Response,
    key: IdempotencyKey,
    wanted: Annotated[UploadRequest, Body()],
) -> UploadBegun:
    """Opens a place in storage for one big file: write it there as `command` shows, then confirm it."""
    begun = begin.begin_upload(
        caller.ports, caller.mint, caller.policy, caller.principal, wanted, key=key
    )
    mark_replay(response, replayed=begun.replayed)
    response.headers["Location"] = addresses.address_of(request, f"/uploads/{begun.intake.id}")
    response.headers["Cache-Control"] = "no-store"
    return render_begun(begun)


@router.post(
    "/uploads/{upload_id}/confirm", status_code=202, responses=accepted(400, 404, 409, 413, 415)
)
def confirm_upload(
    caller: SignedIn,
    request: Request,
    response: Response,
    upload_id: str,
    wanted: Annotated[ConfirmRequest | None, Body()] = None,
) -> UploadAnswer:
    """Says that the file is there, whole: what lies there now is read, judged and stored. Safe to send again."""
    intake = begin.confirm_upload(
        caller.ports, caller.policy, caller.principal, upload_id, wanted or ConfirmRequest()
    )
    addresses.point_to_monitor(request, response, f"/uploads/{intake.id}", _LOOK_AGAIN)
    return render_upload(intake)


@router.get("/uploads/{upload_id}", responses=watched(404))
def get_upload(caller: SignedIn, response: Response, upload_id: str) -> UploadAnswer:
    """What became of a file: its state, the artifact it is, or why it was refused."""
    intake = intake_rows.require_intake(caller.ports, caller.principal, upload_id).record
    if intake.finished_at is None:
        response.headers["Retry-After"] = _LOOK_AGAIN
    return render_upload(intake)


@router.post(
    "/models/from", status_code=202, responses=accepted(400, 409, 413, 415, 429, once=True)
)
def add_model_from(
    caller: SignedIn,
    request: Request,
    response: Response,
    key: IdempotencyKey,
    wanted: Annotated[FromRequest, Body()],
) -> UploadAnswer:
    """Takes a model from where it is: Blob Storage, S3, an MLflow tracking server, the registry, or a web host.

    Watch it at the address in `Location`, as an upload.
    """
    begun = begin.begin_from(
        caller.ports, caller.mint, caller.policy, caller.principal, wanted, key=key
    )
    mark_replay(response, replayed=begun.replayed)
    addresses.point_to_monitor(request, response, f"/uploads/{begun.intake.id}", _LOOK_AGAIN)
    return render_upload(begun.intake)
