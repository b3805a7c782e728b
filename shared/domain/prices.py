"""What instances cost by their size, and what that makes of a deployment. All money is in USD.

Azure bills a deployment by its instances, at the price of the virtual machine, while they are there; an endpoint
without deployments costs nothing. A size whose price is not known here costs None, never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from shared.domain import names, phases
from shared.domain.records import Status

HOURS = 730  # in a month, as Azure's pricing pages reckon
CURRENCY: Literal["USD"] = "USD"
REGION, AS_OF = "East US", "2025-04"
SOURCE = "https://prices.azure.com/api/retail/prices"

AN_HOUR: Mapping[str, float] = {
    "Standard_DS1_v2": 0.073,
    "Standard_DS2_v2": 0.146,
    "Standard_DS3_v2": 0.293,
    "Standard_DS4_v2": 0.585,
    "Standard_DS5_v2": 1.17,
    "Standard_F2s_v2": 0.0846,
    "Standard_F4s_v2": 0.169,
    "Standard_F8s_v2": 0.338,
    "Standard_F16s_v2": 0.677,
    "Standard_D2_v3": 0.096,
    "Standard_D4_v3": 0.192,
    "Standard_D8_v3": 0.384,
    "Standard_D16_v3": 0.768,
    "Standard_D2s_v3": 0.096,
    "Standard_D4s_v3": 0.192,
    "Standard_D8s_v3": 0.384,
    "Standard_D16s_v3": 0.768,
    "Standard_E2_v3": 0.126,
    "Standard_E4_v3": 0.252,
    "Standard_E8_v3": 0.504,
    "Standard_E16_v3": 1.008,
    "Standard_E2s_v3": 0.126,
    "Standard_E4s_v3": 0.252,
    "Standard_E8s_v3": 0.504,
    "Standard_E16s_v3": 1.008,
}
"""Pay as you go for Linux in `REGION`, by Azure's Retail Prices API (`SOURCE`: `armRegionName` eastus, `priceType`
Consumption, no Windows, spot or low priority). Taken in `AS_OF` or shortly before from a public copy of its answers,
SkyPilot's catalogue of schema 6, and compared with others; Azure itself was not asked."""

_MOST = 200  # sizes in a setting
_CHEAPEST, _DEAREST = 0.0001, 1000.0  # USD an hour


class Billed(Protocol):
    """What of a deployment decides whether it costs something."""

    @property
    def status(self) -> Status:
        """What users see."""

    @property
    def torn_down_at(self) -> datetime | None:
        """When its removal was confirmed."""

    @property
    def phases(self) -> Mapping[str, datetime]:
        """What it has reached, and when."""

    @property
    def instance_type(self) -> str:
        """The size."""

    @property
    def instance_count(self) -> int:
        """How many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """USD an hour by size: `own` prices, and this module's for all other sizes."""

    own: Mapping[str, float] = field(default_factory=dict)

    def find(self, instance_type: str) -> float | None:
        """What one instance costs an hour; None where that is not known."""
        return self.own.get(instance_type, AN_HOUR.get(instance_type))

    def sizes(self) -> list[str]:
        """The sizes whose price is known: those that are offered first, then by name."""
        rest = sorted({*AN_HOUR, *self.own} - set(names.INSTANCE_TYPES))
        return [each for each in (*names.INSTANCE_TYPES, *rest) if self.find(each) is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What something costs a month; None where that is not known. `note` tells how it is reckoned, or why not."""

    a_month: float | None
    note: str


def estimate(prices: PriceList, instance_type: str, count: int) -> Cost:
    """What so many instances of a size cost a month while they are there."""
    price = prices.find(instance_type)
    if price is None:
        return Cost(
            a_month=None,
            note=f"The price of {instance_type} is not known here: look it up at {SOURCE}; an operator adds it to "
            "INSTANCE_PRICES.",
        )
    basis = (
        "by INSTANCE_PRICES"
        if instance_type in prices.own
        else f"pay as you go for Linux in {REGION}, as of {AS_OF}"
    )
    note = f"An estimate: {count} x {instance_type} at {price:g} {CURRENCY} an hour for {HOURS} hours, {basis}."
    return Cost(a_month=round(price * count * HOURS, 2), note=note)


def is_paid(deployment: Billed) -> bool:
    """Whether instances of it may be there, and on Azure's bill.

    One that has failed or was deleted counts until its removal is confirmed; one on its way, once its endpoint is
    ready and the instances are asked for.
    """
    if deployment.status is Status.DEPLOYING:
        return phases.ENDPOINT_READY in deployment.phases
    return deployment.status is Status.ACTIVE or deployment.torn_down_at is None


def cost_of(deployment: Billed, prices: PriceList) -> Cost:
    """What a deployment costs a month as it is now; one on its way, what it will."""
    if deployment.status is not Status.DEPLOYING and not is_paid(deployment):
        return Cost(a_month=0.0, note="Nothing of it is left to pay for.")
    return estimate(prices, deployment.instance_type, deployment.instance_count)


def parse_prices(text: object) -> object:
    """`Standard_DS1_v2=0.073, ...` as pairs of a size and USD an hour. Raises ValueError for anything else."""
    if not isinstance(text, str):
        return text
    pairs = [_parse_price(part.strip()) for part in text.split(",") if part.strip()]
    if len(pairs) > _MOST:
        raise ValueError(f"must name at most {_MOST} sizes")
    if len(dict(pairs)) < len(pairs):
        raise ValueError("must name each size once")
    return tuple(pairs)


def _parse_price(part: str) -> tuple[str, float]:
    size, equals, amount = (each.strip() for each in part.partition("="))
    parsed = names.parse_instance_type(size)
    try:
        price = float(amount)
    except ValueError:
        price = -1.0
    if not equals or parsed is None or not _CHEAPEST <= price <= _DEAREST:
        raise ValueError(
            f"must be sizes and what one instance costs an hour, from {_CHEAPEST:g} to {_DEAREST:g} {CURRENCY}, "
            "such as Standard_DS1_v2=0.073,Standard_DS2_v2=0.146"
        )
    return parsed, price
