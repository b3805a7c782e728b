"""What the API answers about models, artifacts and exceptions, as models: they are the OpenAPI."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from functions.deploy_http.figures_answers import CostAMonth, CostNote
from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.inspection import Verdict

NextPage = Annotated[
    str | None, Field(description="The `page` to ask for next; null at the end of the list.")
]
ContentPresent = Annotated[
    bool | None,
    Field(description="Whether its file is in the store now; null where that was not looked at."),
]


RegistryVerified = Annotated[
    bool | None,
    Field(
        description="Whether the registry has what a deployment of it registered there, or what it refers to; null "
        "before the first registration."
    ),
]
RegistryCheckAvailable = Annotated[
    bool | None,
    Field(
        description="Whether all of that could be looked for now. Where it is false, `registry_verified` is what the "
        "records and the last nightly run say; null where there was nothing to look for."
    ),
]


class GrantAnswer(BaseModel):
    """The exception under which a file of unknown verdict was taken."""

    exception: int = Field(description="Its number among those of the file's digest.")
    operator: str
    reason: str
    at: datetime


class ModelAnswer(BaseModel):
    """A model of the catalogue."""

    id: str = Field(examples=["model-1-1763486943100000"])
    model_name: str = Field(examples=["iris"])
    algorithm: str = Field(examples=["LogisticRegression"])
    description: str
    filename: str = Field(examples=["iris.joblib"])
    size: int = Field(description="Bytes.")
    digest: str = Field(description="sha256 of the file.")
    content_present: ContentPresent
    registry_verified: RegistryVerified
    verdict: str = Field(examples=["clean"])
    allowed_by: GrantAnswer | None = Field(
        description="The exception that let it in, where the verdict is not `clean`."
    )
    inspection: dict[str, Any] = Field(description="What the file says of itself, read, not run.")
    license: str = Field(description="An SPDX expression.", examples=["Apache-2.0"])
    metrics: dict[str, float]
    evaluation: dict[str, Any]
    created_at: datetime


class ModelList(BaseModel):
    """Models, newest first; `total` counts the whole list, not this page of it."""

    models: list[ModelAnswer]
    total: int
    next_page: NextPage
    registry_check_available: RegistryCheckAvailable


class ArtifactAnswer(BaseModel):
    """A model, dataset or code, as what is stored."""

    id: str = Field(examples=["dataset-1-1763490543100000"])
    type: ArtifactKind
    name: str = Field(examples=["iris-train"])
    filename: str = Field(examples=["iris.csv"])
    size: int = Field(description="Bytes.")
    sha256: str = Field(description="Of the file.")
    content_present: ContentPresent
    content: str = Field(
        description="Where the file is.",
        examples=["/artifacts/dataset/dataset-1-1763490543100000/content"],
    )
    model: str | None = Field(
        description="Where all that is known of a model is; null for other types.",
        examples=["/models/model-1-1763486943100000"],
    )
    description: str
    created_at: datetime


class ArtifactList(BaseModel):
    """Artifacts of a type, newest first; `total` counts the whole list, not this page of it."""

    artifacts: list[ArtifactAnswer]
    total: int
    next_page: NextPage


class Cleared(BaseModel):
    """What a reset removed."""

    message: str = Field(examples=["The catalogue is empty."])
    artifacts: int
    files: int


class ReadinessPart(BaseModel):
    """One thing that makes a model ready; the weights of all add up to 1."""

    part: str = Field(examples=["signature"])
    weight: float
    score: float = Field(description="From 0 to 1.")
    why: str
    raise_by: str | None = Field(description="What would raise it; null where nothing has to.")


class ReadinessAnswer(BaseModel):
    """How ready a model is to be deployed."""

    model_id: str
    instance_type: str
    score: float = Field(description="From 0 to 1; 0 where it cannot be deployed at all.")
    blocked: str | None = Field(description="Why it cannot be deployed at all; null where it can.")
    cost_a_month: CostAMonth
    cost_note: CostNote
    parts: list[ReadinessPart]


class ExceptionAnswer(BaseModel):
    """An operator's decision about one exact file."""

    digest: str = Field(description="sha256 of the file.")
    number: int = Field(description="Counts the decisions about this file; the last one holds.")
    names: list[str]
    requirements: list[str]
    reason: str
    operator: str
    at: datetime
    revoked_by: str | None
    revoked_at: datetime | None
    superseded_by: int | None = Field(
        description="The number of the later decision about the same file; null for the last one."
    )
    holds: bool = Field(description="Whether it lets the file in now: the last one, not revoked.")


class ExceptionList(BaseModel):
    """Decisions, the last one first; `total` counts the whole list, not this page of it."""

    exceptions: list[ExceptionAnswer]
    total: int
    next_page: NextPage


class ColumnAnswer(BaseModel):
    """One column that a model takes; `type` is MLflow's word."""

    name: str | None
    type: str


class TensorAnswer(BaseModel):
    """One array that a model takes or gives; -1 in `shape` is any length."""

    name: str | None
    dtype: str
    shape: list[int]


class InstalledAnswer(BaseModel):
    """What the serving container installs."""

    python: str
    requirements: list[str]


class FindingAnswer(BaseModel):
    """Something that breaks or surprises on Azure's images, and what mends it."""

    code: str = Field(examples=["version_not_told"])
    what: str
    fix: str


class InspectionAnswer(BaseModel):
    """All that was read from a model's file; nothing of it was run."""

    model_id: str
    model_name: str
    format: str = Field(examples=["joblib"])
    written_by: str | None
    compression: str | None
    size: int = Field(description="Bytes.")
    digest: str = Field(description="sha256 of the file.")
    estimator: str | None = Field(examples=["sklearn.linear_model._logistic.LogisticRegression"])
    flavor: str = Field(description="The MLflow flavor that serves it.")
    verdict: Verdict
    reasons: list[str] = Field(description="Why the verdict is not `clean`.")
    refused: list[str] = Field(description="The exact names that are not known to be harmless.")
    allowed_by: GrantAnswer | None
    obstacle: str | None = Field(description="Why it cannot be served as it is, and what to do.")
    python_version: str | None
    libraries: dict[str, str | None] = Field(
        description="By name on PyPI; null where the file does not tell the version."
    )
    features: list[ColumnAnswer]
    inputs: list[TensorAnswer]
    outputs: list[TensorAnswer]
    classes: list[str | int | float | bool | None]
    details: dict[str, str]
    installed: InstalledAnswer
    findings: list[FindingAnswer]
    sample_payload: dict[str, Any] | None
    sample_call: str | None = Field(
        description="Ready to paste, with the address of a deployment in place of $SCORING_URI."
    )
    reader_version: int
