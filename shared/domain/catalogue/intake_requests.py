"""What callers ask for where a file does not come over HTTP: to upload it straight to storage, or to take it from a source."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.catalogue.model_fields import OF_MODELS, ModelFields
from shared.domain.catalogue.sources import FORMS, MAX_SOURCE
from shared.domain.requests import ModelName

Sha256 = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]


class UploadRequest(ModelFields):
    """A file that will be uploaded straight to storage."""

    type: ArtifactKind = Field(ArtifactKind.MODEL, description="What it is.")
    model_name: ModelName | None = Field(
        None, description="Of a model: the line it belongs to.", examples=["iris"]
    )
    name: ModelName | None = Field(None, description="Of a dataset or code: what you call it.")
    filename: str = Field(
        "", max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", examples=["iris.joblib"]
    )
    size: int = Field(
        0, ge=0, strict=True, description="Its bytes, so that half a file is noticed; 0: not known."
    )

    @model_validator(mode="after")
    def _one_name(self) -> "UploadRequest":
        if self.type is ArtifactKind.MODEL:
            wanted, other = "model_name", "name"
        else:
            wanted, other = "name", "model_name"
            if any(getattr(self, each) for each in OF_MODELS):
                raise ValueError(f"{', '.join(OF_MODELS)} are for models only")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            raise ValueError(f"{wanted} is required, and {other} left out: it is a {self.type}")
        return self

    def told(self) -> dict[str, Any]:
        """The fields of the intake that say what its owner told."""
        return {**self.about(), "name": self.model_name or self.name, "filename": self.filename}


class ConfirmRequest(BaseModel):
    """That a file has been uploaded whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: Sha256 = Field(default="", description="What the file has to have, if you know it.")


class FromRequest(ModelFields):
    """A model that is somewhere already."""

    source: str = Field(
        min_length=1,
        max_length=MAX_SOURCE,
        description=f"Where it is: {FORMS}. A path that ends with a slash is a folder.",
        examples=["azureml:iris:3"],
    )
    model_name: ModelName = Field(description="The line it belongs to.", examples=["iris"])

    def told(self) -> dict[str, Any]:
        """The fields of the intake that say what its owner told."""
        return {**self.about(), "name": self.model_name}
