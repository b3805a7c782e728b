"""Models: upload, list, look at."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile
from pydantic import TypeAdapter, ValidationError

from functions.deploy_http import answers
from functions.deploy_http.caching import answer_unless_seen
from functions.deploy_http.identity import SignedIn
from shared.domain.errors import InvalidRequest
from shared.service import catalogue, store
from shared.service.catalogue import Upload

router = APIRouter(tags=["models"])
_METRICS = TypeAdapter(dict[str, float])
_EVALUATION = TypeAdapter(dict[str, Any])
_Text = Annotated[str, Form(max_length=1000)]
_Json = Annotated[str, Form(max_length=10_000)]


@router.post("/models", status_code=201)
def add_model(  # noqa: PLR0913, PLR0917 - the form has these fields
    caller: SignedIn,
    response: Response,
    file: UploadFile,
    model_name: Annotated[str, Form(max_length=200)],
    algorithm: _Text = "",
    description: _Text = "",
    metrics: _Json = "{}",
    evaluation: _Json = "{}",
) -> answers.ModelAnswer:
    """Uploads a model file: it is read without being run, judged, and stored.

    `metrics` and `evaluation` are JSON objects in text. A file that asks for what is not allowed is
    refused with 422 and the names it asked for.
    """
    model = catalogue.add_model(
        caller.ports,
        caller.mint,
        caller.policy,
        caller.principal,
        Upload(
            file=file.file,
            filename=file.filename or "",
            model_name=model_name,
            algorithm=algorithm,
            description=description,
            metrics=_parse("metrics", _METRICS, metrics),
            evaluation=_parse("evaluation", _EVALUATION, evaluation),
        ),
    )
    response.headers["Location"] = f"/models/{model.id}"
    return answers.render_model(model)


@router.get("/models", response_model=answers.ModelList)
def list_models(caller: SignedIn, request: Request) -> Response:
    """Your models, newest first."""
    found = store.list_models(caller.ports.tables, caller.principal.user_key)
    models = [answers.render_model(model) for model in found]
    return answer_unless_seen(request, answers.ModelList(models=models, total=len(models)))


@router.get("/models/{model_id}", response_model=answers.ModelAnswer)
def get_model(caller: SignedIn, request: Request, model_id: str) -> Response:
    """One of your models, with what its file says of itself."""
    stored = catalogue.require_model(caller.ports, caller.principal, model_id)
    return answer_unless_seen(request, answers.render_model(stored.record))


def _parse(field: str, adapter: TypeAdapter[dict[str, Any]], text: str) -> dict[str, Any]:
    try:
        parsed = adapter.validate_json(text)
        json.dumps(parsed, allow_nan=False)
    except (ValidationError, ValueError) as error:
        expected = "a JSON object" + (" of numbers" if field == "metrics" else "")
        raise InvalidRequest(
            "invalid_request",
            f"The request is not valid: {field}: must be {expected}.",
            "Correct it and send the request again; nothing was stored.",
            problems=[{"field": field, "problem": f"must be {expected}"}],
        ) from error
    return parsed
