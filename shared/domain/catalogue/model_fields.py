"""What its owner says about a model, by whichever way the file comes in."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

from shared.domain.names import LICENSE_RULE, is_license
from shared.domain.requests import PlainText

OF_MODELS = ("algorithm", "license", "metrics", "evaluation")
_MOST_JSON = 10_000


def _bounded(values: dict[str, Any]) -> dict[str, Any]:
    """What is short enough to be kept in a row. Raises ValueError."""
    if len(json.dumps(values, ensure_ascii=False, allow_nan=False)) > _MOST_JSON:
        raise ValueError(f"is longer than {_MOST_JSON:,} characters as JSON")
    return values


def _license(text: str) -> str:
    if text and not is_license(text):
        raise ValueError(f"must be {LICENSE_RULE}")
    return text


License = Annotated[str, Field(max_length=200), AfterValidator(_license)]
Metrics = Annotated[dict[str, FiniteFloat], AfterValidator(_bounded)]
Evaluation = Annotated[dict[str, Any], AfterValidator(_bounded)]


class ModelFields(BaseModel):
    """What its owner says about a model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    algorithm: PlainText = Field("", description="The estimator's class, if left out.")
    description: PlainText = ""
    license: License = Field(
        "",
        description="Under which it may be used, as an SPDX expression.",
        examples=["Apache-2.0"],
    )
    metrics: Metrics = Field(default_factory=dict, examples=[{"accuracy": 0.97}])
    evaluation: Evaluation = Field(default_factory=dict, examples=[{"passed": True}])

    def about(self) -> dict[str, Any]:
        """What is kept, by the names of the fields."""
        return {name: getattr(self, name) for name in (*OF_MODELS, "description")}
