"""The form that uploads a model: every field checked, all problems told at once."""

import json
from collections import Counter
from typing import Annotated, Any

from fastapi import Depends, Request, UploadFile
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import from_json
from starlette.datastructures import UploadFile as FilePart

from shared.domain.catalogue import model_fields
from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.requests import ModelName, PlainText, invalid
from shared.service.catalogue.artifacts import FileUpload
from shared.service.catalogue.models import Upload


async def require_each_once(request: Request) -> None:
    """Raises InvalidRequest for a form that has two parts of one name: the last would be taken in silence."""
    times = Counter(name for name, _ in (await request.form()).multi_items())
    if twice := [name for name in times if times[name] > 1]:
        raise invalid(
            [{"loc": (name,), "type": "repeated", "msg": "must be there once"} for name in twice]
        )


EACH_ONCE = [Depends(require_each_once)]


def _file_part(value: object) -> object:
    if not isinstance(value, FilePart):
        raise ValueError("must be a part with a filename, as `curl -F file=@model.pkl` sends it")  # noqa: TRY004 - pydantic takes ValueError for a wrong field
    return value


def _from_json(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        parsed = from_json(text, allow_inf_nan=False)
        json.loads(text, object_pairs_hook=_once_each)
    except ValueError as error:
        raise ValueError(f"must be JSON: {error}") from None
    return parsed


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice in one object")
    return found


Metrics = Annotated[model_fields.Metrics, BeforeValidator(_from_json)]
Evaluation = Annotated[model_fields.Evaluation, BeforeValidator(_from_json)]


class ModelForm(BaseModel):
    """A model file, and what its owner says about it."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[UploadFile, BeforeValidator(_file_part)] = Field(
        description="The model, as its library or MLflow saved it; docs/reading-models.md lists what is read."
    )
    model_name: ModelName = Field(description="The line this model belongs to.", examples=["iris"])
    algorithm: PlainText = Field("", description="The estimator's class, if left out.")
    description: PlainText = ""
    metrics: Metrics = Field(
        default_factory=dict,
        description="A JSON object of numbers.",
        examples=[{"accuracy": 0.97}],
    )
    evaluation: Evaluation = Field(
        default_factory=dict,
        description="What judged the model, as a JSON object.",
        examples=[{"passed": True}],
    )

    license: model_fields.License = Field(
        "",
        description="Under which it may be used, as an SPDX expression.",
        examples=["Apache-2.0"],
    )

    def to_upload(self) -> Upload:
        """The same, for the catalogue."""
        return Upload(
            file=self.file.file,
            filename=_printable(self.file.filename),
            model_name=self.model_name,
            algorithm=self.algorithm,
            description=self.description,
            metrics=self.metrics,
            evaluation=self.evaluation,
            license=self.license,
        )


class FileForm(BaseModel):
    """A dataset or code, and what its owner says about it."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[UploadFile, BeforeValidator(_file_part)] = Field(
        description="Any file: it is stored as it is, and never read or run."
    )
    name: ModelName = Field(description="What you call it.", examples=["iris-train"])
    description: PlainText = ""

    def to_upload(self, kind: ArtifactKind) -> FileUpload:
        """The same, for the catalogue."""
        return FileUpload(
            kind=kind,
            file=self.file.file,
            filename=_printable(self.file.filename),
            name=self.name,
            description=self.description,
        )


def _printable(filename: str | None) -> str:
    return "".join(each for each in filename or "" if each.isprintable())
