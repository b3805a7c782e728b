"""The settings of what runs by night: how careful a reconciliation is and what it may do, how long use is kept. A part of `Settings`."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from shared.domain.reconcile.findings import PROMPT, Repair
from shared.source_settings import Names

_SHORTEST_GRACE, _SETUP = 7200.0, 3600.0


def grace_of(deploy_deadline: float) -> float:
    """Seconds from which on what costs money is repaired: more than the longest deployment takes in all.

    Beyond its deadline it may stand in line, and be cleared away.
    """
    return max(_SHORTEST_GRACE, deploy_deadline + _SETUP)


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    known = {each.value for each in Repair}
    if names == ("none",) or set(names) <= known:
        return names
    raise ValueError(f"knows {', '.join(sorted(known))}, and `none` alone")


class ReconcileSettings(BaseModel):
    """How runs decide."""

    reconcile_days: int = Field(
        7,
        ge=1,
        le=365,
        description="Days that a thing without cost has to be old before a reconciliation repairs it.",
    )
    reconcile_paid_grace_seconds: float | None = Field(
        None,
        ge=0,
        le=604_800,
        description="Seconds that a thing which costs money has to be old before a reconciliation repairs it. Two hours if not "
        "given, and at least an hour more than DEPLOY_DEADLINE_SECONDS; less than a deployment takes is for tests only.",
    )
    sighting_gap_seconds: int = Field(
        3600,
        ge=0,
        le=604_800,
        description="Seconds that lie between two runs that have to see a thing before it is repaired; a dry run is one.",
    )
    reconcile_repairs: Annotated[Names, AfterValidator(_known)] = Field(
        tuple(sorted(each.value for each in PROMPT)),
        description="What a reconciliation may do, by comma; `none` for nothing but reports. `restore_traffic` is left out: "
        "traffic that somebody has changed by hand is theirs.",
    )
    usage_retention_days: int = Field(
        90,
        ge=8,
        le=3650,
        description="Days for which it is kept how deployments were used. A day that could not be measured is asked for "
        "again for a week.",
    )

    idle_days: int = Field(
        14,
        ge=0,
        le=365,
        description="Days without a request after which a reconciliation tells of what serves on an endpoint, and of what it "
        "costs; 0 for never. Use is not known for longer than USAGE_RETENTION_DAYS, so fewer days do where that is less.",
    )

    trash_days: int = Field(
        30,
        ge=1,
        le=365,
        description="Days that files which no record names lie in the trash of their store, from where they come back by "
        "themselves when they are needed; then a reconciliation removes them.",
    )

    event_days: int = Field(
        365,
        ge=30,
        le=3650,
        description="Days that the events of a deployment are kept after it was torn down.",
    )

    def paid_grace(self, deploy_deadline: float) -> float:
        """Seconds from which on what costs money is repaired."""
        if self.reconcile_paid_grace_seconds is None:
            return grace_of(deploy_deadline)
        return self.reconcile_paid_grace_seconds

    @property
    def repairs(self) -> frozenset[Repair]:
        """What a run may do."""
        return frozenset(Repair(each) for each in self.reconcile_repairs if each != "none")
