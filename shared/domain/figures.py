"""The figures of one user: how many models and deployments there are, and what those cost. Counted in one place, shown in many.

A model line is what shares a `model_name`; several catalogue entries may.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.prices import CURRENCY, HOURS, Cost, PriceList, cost_of
from shared.domain.records import Kept, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedDeployment(Kept):
    """What is counted of a deployment: some fields of its record."""

    id: str
    status: Status
    created_at: datetime
    model_id: str
    model_name: str
    instance_type: str
    instance_count: int
    azure_model_name: str
    azure_model_version: str = ""
    torn_down_at: datetime | None = None
    phases: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedModel(Kept):
    """What is counted of a catalogue entry: some fields of its record."""

    id: str
    model_name: str
    registry_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`deployments` are counted by status, deleted ones left out; `being_removed` are those that are deleted and not gone.

    `registered` and `deployed` are model lines: with a live registry entry, and with an active deployment. `entries`
    are those of the catalogue. `cost` is of all deployments together, those being removed with them.
    """

    deployments: Mapping[Status, int]
    being_removed: int
    last_created_at: datetime | None
    registered: int
    deployed: int
    entries: int
    cost: Cost

    @property
    def total(self) -> int:
        """All deployments but the deleted."""
        return sum(self.deployments.values())


def count(
    deployments: Sequence[CountedDeployment],
    models: Sequence[CountedModel],
    missing: Iterable[str],
    prices: PriceList,
) -> Figures:
    """The figures. `deployments` are the live ones and those being removed; `missing` the ids whose version is gone."""
    live = [each for each in deployments if each.status is not Status.DELETED]
    gone = set(missing)
    registered = {
        each.model_name for each in live if each.azure_model_version and each.id not in gone
    }
    referenced = {each.model_name for each in models if each.registry_name and each.id not in gone}
    active = {each.model_name for each in live if each.status is Status.ACTIVE}
    by_status = Counter(each.status for each in live)
    return Figures(
        deployments={status: by_status[status] for status in Status},
        being_removed=len(deployments) - len(live),
        last_created_at=max((each.created_at for each in live), default=None),
        registered=len(registered | referenced),
        deployed=len(active),
        entries=len(models),
        cost=_sum_up(deployments, prices),
    )


def _sum_up(deployments: Iterable[CountedDeployment], prices: PriceList) -> Cost:
    """What they cost a month together; what is not known is named, and not taken for nothing."""
    costs = [(each.instance_type, cost_of(each, prices).a_month) for each in deployments]
    known = [cost for _, cost in costs if cost is not None]
    unknown = sorted({size for size, cost in costs if cost is None})
    if unknown and not any(known):
        return Cost(a_month=None, note=f"Not known: no price for {', '.join(unknown)} here.")
    note = f"An estimate in {CURRENCY} for {HOURS} hours, of all deployments that are there or on their way."
    if unknown:
        left_out = len(costs) - len(known)
        note += f" Without {left_out} whose price is not known: {', '.join(unknown)}."
    return Cost(a_month=round(sum(known), 2), note=note)
