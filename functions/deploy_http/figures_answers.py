"""What the API answers about counts and costs, as models: they are the OpenAPI."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.domain import prices

Currency = Literal["USD"]
CostAMonth = Annotated[
    float | None,
    Field(
        description=f"USD for {prices.HOURS} hours, an estimate: of what is on its way, what it will cost; 0 once "
        "nothing is left to pay for; null where the price of its size is not known.",
        examples=[53.29],
    ),
]
CostNote = Annotated[
    str, Field(description="How the cost is reckoned, or why it is not known and what to do.")
]


class StatsAnswer(BaseModel):
    """Counts; deleted deployments are left out."""

    total_deployments: int
    active_deployments: int
    deploying_count: int
    failed_deployments: int
    last_deployment_date: datetime | None


class FiguresAnswer(StatsAnswer):
    """All figures. A model line is what shares a `model_name`; several catalogue entries may."""

    models_registered: int = Field(description="Model lines with a live entry in the registry.")
    models_deployed: int = Field(description="Model lines with an active deployment.")
    catalogue_entries: int = Field(description="Models that were uploaded or taken in.")
    being_removed: int = Field(description="Deleted deployments that are still being torn down.")
    cost_a_month: CostAMonth
    cost_note: CostNote


class PriceAnswer(BaseModel):
    """What instances of one size cost."""

    instance_type: str = Field(examples=["Standard_DS1_v2"])
    instance_count: int
    an_hour: float | None = Field(
        description="USD for one instance; null where that is not known.", examples=[0.073]
    )
    cost_a_month: CostAMonth
    cost_note: CostNote


class PricesAnswer(BaseModel):
    """Prices by size. They are a table of Longshore's, which `INSTANCE_PRICES` corrects: Azure is not asked."""

    currency: Currency
    hours_a_month: int
    region: str = Field(description="Of Longshore's own table.")
    as_of: str = Field(description="Of Longshore's own table: a month.", examples=["2025-04"])
    source: str
    prices: list[PriceAnswer]
