"""What its owner says about a model, by whichever way the file comes in."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat
from pydantic_core import from_json, to_json

from shared.domain.names import LICENSE_RULE, is_license
from shared.domain.requests import PlainText

OF_MODELS = ("algorithm", "license", "metrics", "evaluation")
_MOST_JSON = 10_000
_DEEPEST = 20  # rows are read by a parser that stops at 200 levels


def _bounded(values: dict[str, Any]) -> dict[str, Any]:
    """What is short and flat enough to be kept in a row, and read from there as it was. Raises ValueError."""
    if _is_deeper(values, _DEEPEST):
        raise ValueError(f"is nested deeper than {_DEEPEST} levels")
    try:
        length = len(json.dumps(values, ensure_ascii=False, allow_nan=False))
        survives = from_json(to_json(values)) == values
    except ValueError:
        length, survives = 0, False
    if not survives:
        raise ValueError("holds half a character or a number that JSON cannot keep")
    if length > _MOST_JSON:
        raise ValueError(f"is longer than {_MOST_JSON:,} characters as JSON")
    return values


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inside)


def _judged(evaluation: dict[str, Any]) -> dict[str, Any]:
    """What can be decided by later. Raises ValueError."""
    if not isinstance(evaluation.get("passed", False), bool):
        raise ValueError("must say `passed` as true or false")  # noqa: TRY004 - pydantic takes ValueError for a wrong field
    return evaluation


def _license(text: str) -> str:
    if text and not is_license(text):
        raise ValueError(f"must be {LICENSE_RULE}")
    return text


License = Annotated[str, Field(max_length=200), AfterValidator(_license)]
Metrics = Annotated[dict[str, FiniteFloat], AfterValidator(_bounded)]
Evaluation = Annotated[dict[str, Any], AfterValidator(_bounded), AfterValidator(_judged)]


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
