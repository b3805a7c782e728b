"""What an operator may ask of the reconciliation."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.domain.reconcile.findings import Area


def _some(kinds: tuple[Area, ...]) -> tuple[Area, ...]:
    if not kinds:
        raise ValueError("must name at least one, or be left out")
    return kinds


class ReconcileRequest(BaseModel):
    """A run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dry_run: bool = Field(
        False,
        strict=True,
        description="Find everything, and repair nothing. It counts as a sighting.",
    )
    days: Annotated[int, Field(strict=True, ge=1, le=365)] | None = Field(
        None,
        description="How old a thing without cost has to be before it is repaired; the setting RECONCILE_DAYS if not given.",
        examples=[7],
    )
    kinds: Annotated[tuple[Area, ...], Field(max_length=len(Area)), AfterValidator(_some)] = Field(
        tuple(Area), description="What is compared with the records. All of it if not given."
    )


class ApplyRequest(BaseModel):
    """The approval of a run that would take away more than one may."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expected_deletes: Annotated[int, Field(strict=True, ge=1)] = Field(
        description="How many things it waits to take away, as you have read it: `waiting` of the run.",
        examples=[42],
    )
