"""Artifacts: models, datasets and code, stored, listed, downloaded and deleted."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from functions.deploy_http import addresses, catalogue_answers as answers
from functions.deploy_http.answers import Message
from functions.deploy_http.bodies import UploadRoute
from functions.deploy_http.caching import IfMatch, answer_unless_seen, row_meant
from functions.deploy_http.catalogue_rendering import render_artifact, render_readiness
from functions.deploy_http.downloads import send_content
from functions.deploy_http.idempotency import IdempotencyKey, mark_replay
from functions.deploy_http.identity import Caller, SignedIn
from functions.deploy_http.openapi import cached, created, downloaded, errors
from functions.deploy_http.uploads import EACH_ONCE, FileForm, ModelForm
from shared.domain import ids
from shared.domain.catalogue.artifacts import Artifact, ArtifactKind
from shared.domain.names import DEFAULT_INSTANCE_TYPE
from shared.domain.prices import estimate
from shared.domain.records import Model
from shared.service import owned, read
from shared.service.catalogue import describe, reset, uploads, withdraw

router = APIRouter(tags=["artifacts"], route_class=UploadRoute)


@router.post(
    "/artifacts/model",
    status_code=201,
    dependencies=EACH_ONCE,
    responses=created(400, 409, 413, 415),
)
def add_model_artifact(
    caller: SignedIn,
    request: Request,
    response: Response,
    key: IdempotencyKey,
    form: Annotated[ModelForm, Form(media_type="multipart/form-data")],
) -> answers.ArtifactAnswer:
    """Uploads a model file, as `POST /models` does."""
    uploaded = uploads.accept_upload(
        caller.ports, caller.mint, caller.policy, caller.principal, form.to_upload(), key=key
    )
    mark_replay(response, replayed=uploaded.replayed)
    return _created(caller, request, response, uploaded.record)


@router.post(
    "/artifacts/dataset",
    status_code=201,
    dependencies=EACH_ONCE,
    responses=created(400, 409, 413, 415),
)
def add_dataset(
    caller: SignedIn,
    request: Request,
    response: Response,
    key: IdempotencyKey,
    form: Annotated[FileForm, Form(media_type="multipart/form-data")],
) -> answers.ArtifactAnswer:
    """Stores a dataset as it is: it is never read."""
    return _add_file(caller, request, response, key, form, ArtifactKind.DATASET)


@router.post(
    "/artifacts/code",
    status_code=201,
    dependencies=EACH_ONCE,
    responses=created(400, 409, 413, 415),
)
def add_code(
    caller: SignedIn,
    request: Request,
    response: Response,
    key: IdempotencyKey,
    form: Annotated[FileForm, Form(media_type="multipart/form-data")],
) -> answers.ArtifactAnswer:
    """Stores code as it is: it is never run."""
    return _add_file(caller, request, response, key, form, ArtifactKind.CODE)


@router.post("/artifacts/reset", responses=errors(403))
def reset_catalogue(caller: SignedIn) -> answers.Cleared:
    """Clears the whole catalogue, of all users. For operators of test environments (`ALLOW_RESET`)."""
    cleared = reset.reset_catalogue(caller.ports, caller.policy, caller.principal)
    return answers.Cleared(
        message="The catalogue is empty.", artifacts=cleared.artifacts, files=cleared.files
    )


@router.get("/artifacts/{kind}", response_model=answers.ArtifactList, responses=cached(404))
def list_artifacts(
    caller: SignedIn,
    request: Request,
    kind: ArtifactKind,
    limit: addresses.Limit = 100,
    page: addresses.Page = "",
    check: addresses.Check = False,
) -> Response:
    """Your artifacts of a type, newest first."""
    after = addresses.parse_page(page, ids.parse_artifact_id)
    found = read.list_artifacts(
        caller.ports, caller.principal, kind, limit=addresses.most(limit, check=check), after=after
    )
    token = addresses.render_page(found.last)
    present = read.find_content(caller.ports, found.items) if check else {}
    shown = [render_artifact(each, present.get(each.content_digest)) for each in found.items]
    answer = answers.ArtifactList(artifacts=shown, total=found.total, next_page=token)
    response = answer_unless_seen(request, answer)
    addresses.point_to_next(request, response, token)
    return response


@router.get(
    "/artifacts/{kind}/{artifact_id}", response_model=answers.ArtifactAnswer, responses=cached(404)
)
def get_artifact(
    caller: SignedIn, request: Request, kind: ArtifactKind, artifact_id: str
) -> Response:
    """One of your artifacts, and whether its file is in the store."""
    record = owned.require_artifact(caller.ports, caller.principal, kind, artifact_id)
    return answer_unless_seen(request, _shown(caller, record))


@router.get(
    "/artifacts/{kind}/{artifact_id}/content",
    response_class=Response,
    responses=downloaded(404, 416),
)
def get_content(
    caller: SignedIn, request: Request, kind: ArtifactKind, artifact_id: str
) -> Response:
    """The file itself, or the range of it that `Range` asks for; a large one by a redirect to storage."""
    record = owned.require_artifact(caller.ports, caller.principal, kind, artifact_id)
    return send_content(request, caller.ports, caller.policy, record)


@router.delete("/artifacts/{kind}/{artifact_id}", responses=errors(404, 409, 412, 502))
def delete_artifact(
    caller: SignedIn, kind: ArtifactKind, artifact_id: str, if_match: IfMatch = ""
) -> Message:
    """Deletes an artifact; a model with all that is its own, and only where no deployment needs it.

    Its file goes by a nightly run, once no artifact has it.
    """
    meant = _row_meant(caller, kind, artifact_id, if_match)
    withdraw.delete_artifact(caller.ports, caller.principal, kind, artifact_id, if_match=meant)
    return Message(message=f"{kind.capitalize()} deleted successfully")


@router.get(
    "/artifacts/model/{model_id}/rate",
    response_model=answers.ReadinessAnswer,
    responses=cached(404, 502),
)
def rate_model(
    caller: SignedIn,
    request: Request,
    model_id: str,
    instance_type: addresses.ServedOn = DEFAULT_INSTANCE_TYPE,
) -> Response:
    """How ready one of your models is to be deployed, in parts: each says why, and what would raise it."""
    rated = describe.rate_model(
        caller.ports, caller.policy, caller.principal, model_id, instance_type
    )
    cost = estimate(caller.policy.prices, instance_type, 1)
    return answer_unless_seen(request, render_readiness(model_id, instance_type, rated, cost))


def _add_file(
    caller: Caller,
    request: Request,
    response: Response,
    key: str,
    form: FileForm,
    kind: ArtifactKind,
) -> answers.ArtifactAnswer:
    uploaded = uploads.accept_file(
        caller.ports, caller.mint, caller.policy, caller.principal, form.to_upload(kind), key=key
    )
    mark_replay(response, replayed=uploaded.replayed)
    return _created(caller, request, response, uploaded.record)


def _created(
    caller: Caller, request: Request, response: Response, record: Model | Artifact
) -> answers.ArtifactAnswer:
    shown = _shown(caller, record)
    path = f"/artifacts/{shown.type}/{shown.id}"
    response.headers["Location"] = addresses.address_of(request, path)
    return shown


def _row_meant(caller: Caller, kind: ArtifactKind, artifact_id: str, if_match: str) -> str:
    if not if_match:
        return ""
    stored = owned.require_deletable(caller.ports, caller.principal, kind, artifact_id)
    return row_meant(if_match, _shown(caller, stored.record), stored.row.etag)


def _shown(caller: Caller, record: Model | Artifact) -> answers.ArtifactAnswer:
    present = read.find_content(caller.ports, [record])
    return render_artifact(record, present.get(record.content_digest))
