"""Files that do not come over HTTP: big ones straight to storage, and models that are somewhere already."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from functions.deploy_http import addresses
from functions.deploy_http.bodies import JsonRoute
from functions.deploy_http.caching import IfMatch, answer_unless_seen, row_meant
from functions.deploy_http.idempotency import IdempotencyKey, mark_replay
from functions.deploy_http.identity import SignedIn
from functions.deploy_http.openapi import accepted, cached, created, errors, watched
from functions.deploy_http.upload_answers import (
    UploadAnswer,
    UploadBegun,
    UploadList,
    render_begun,
    render_upload,
)
from shared.domain import ids
from shared.domain.catalogue.intake_requests import ConfirmRequest, FromRequest, UploadRequest
from shared.domain.catalogue.intakes import IntakeState
from shared.service import read
from shared.service.intake import begin, cancel, rows as intake_rows

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


@router.get("/uploads", response_model=UploadList, responses=cached())
def list_uploads(
    caller: SignedIn,
    request: Request,
    state: Annotated[IntakeState | None, Query(description="Only these.")] = None,
    limit: addresses.Limit = 100,
    page: addresses.Page = "",
) -> Response:
    """Your files on their way in, and what became of the others, newest first."""
    after = addresses.parse_page(page, ids.parse_id)
    found = read.list_uploads(caller.ports, caller.principal, state, limit=limit, after=after)
    token = addresses.render_page(found.last)
    shown = [render_upload(each) for each in found.items]
    answer = UploadList(uploads=shown, total=found.total, next_page=token)
    response = answer_unless_seen(request, answer)
    addresses.point_to_next(request, response, token)
    return response


@router.get("/uploads/{upload_id}", response_model=UploadAnswer, responses=watched(404))
def get_upload(caller: SignedIn, request: Request, upload_id: str) -> Response:
    """What became of a file: its state, the artifact it is, or why it was refused."""
    intake = intake_rows.require_intake(caller.ports, caller.principal, upload_id).record
    response = answer_unless_seen(request, render_upload(intake))
    if intake.finished_at is None:
        response.headers["Retry-After"] = _LOOK_AGAIN
    return response


@router.delete("/uploads/{upload_id}", responses=errors(404, 409, 412))
def cancel_upload(caller: SignedIn, upload_id: str, if_match: IfMatch = "") -> UploadAnswer:
    """Cancels a file that is awaited or being read, and removes what was uploaded. Safe to send again.

    What has ended stays as it is: what is stored is deleted as the artifact it became.
    """
    meant = ""
    if if_match:
        stored = intake_rows.require_intake(caller.ports, caller.principal, upload_id)
        meant = row_meant(if_match, render_upload(stored.record), stored.row.etag)
    return render_upload(
        cancel.cancel_intake(caller.ports, caller.principal, upload_id, if_match=meant)
    )


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
