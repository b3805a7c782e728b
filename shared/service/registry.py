"""Whether the registry has the models of a list: by one listing for many, and by its exact name for what that does not show.

Who looks at a list does not wait long for that: after some seconds the answer is what the records and the last nightly
run say. A listing is remembered for a minute; what is newer than it is looked for by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import patience, telemetry
from shared.domain.errors import CloudError, Trouble
from shared.domain.figures import CountedDeployment
from shared.domain.reconcile.compare_registry import may_be_ours
from shared.domain.records import Model
from shared.ports import Ports
from shared.service import listing, marks
from shared.telemetry import Happened

SECONDS = 4.0
_REMEMBERED = timedelta(minutes=1)
_FEW = 3  # so many are looked for without a listing
_OURS = "1"  # the only version that we register of a name; a listing shows no others, which somebody may have added


@dataclass(frozen=True, slots=True)
class Version:
    """A model version that a record names; `is_marked`: it was not there when it was last looked for."""

    name: str
    version: str
    is_marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Of each model, by its id, whether one of its versions is registered: None where there is none on record.

    `is_available`: the registry could be looked at; None where there was nothing to look for.
    """

    registered: Mapping[str, bool | None]
    is_available: bool | None


class Registry:
    """What this process has seen of the registry a short while ago."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()
        self._at: datetime | None = None

    def verify(self, ports: Ports, user_key: str, models: Sequence[Model]) -> Verified:
        """Looks for what a user's models have in the registry. Raises StoreError."""
        versions = _versions_of(ports, user_key, models)
        wanted = [each for some in versions.values() for each in some]
        seen: dict[Version, bool] = {}
        is_available = self._look(ports, wanted, seen) if wanted else None
        return Verified(
            registered={
                model_id: any(seen.get(each, not each.is_marked) for each in some) if some else None
                for model_id, some in versions.items()
            },
            is_available=is_available,
        )

    def _look(self, ports: Ports, wanted: Sequence[Version], seen: dict[Version, bool]) -> bool:
        """Fills in what is seen; whether that is all that is wanted."""
        until = ports.clock.now() + timedelta(seconds=SECONDS)
        try:
            with patience.hurried(SECONDS):
                listed = self._listed(ports, until) if len(wanted) > _FEW else frozenset()
                for each in wanted:
                    is_listed = each.version == _OURS and each.name in listed
                    seen[each] = is_listed or _is_registered(ports, each, until)
        except CloudError as error:
            telemetry.tell(Happened.REGISTRY_UNSEEN, reason=str(error), trouble=error.trouble)
            return False
        return True

    def _listed(self, ports: Ports, until: datetime) -> frozenset[str]:
        """The names of our form in a listing of the last minute. Raises CloudError."""
        now = ports.clock.now()
        if self._at is None or not self._at <= now < self._at + _REMEMBERED:
            names = _in_time(ports, ports.view.list_models(), until)
            self._names, self._at = frozenset(filter(may_be_ours, names)), now
        return self._names


def _in_time(ports: Ports, names: Iterator[str], until: datetime) -> Iterator[str]:
    for name in names:
        _require_time(ports, until)
        yield name


def _is_registered(ports: Ports, wanted: Version, until: datetime) -> bool:
    _require_time(ports, until)
    return ports.view.find_model(wanted.name, wanted.version) is not None


def _require_time(ports: Ports, until: datetime) -> None:
    if ports.clock.now() >= until:
        raise CloudError(Trouble.TRANSIENT, "timeout", f"not all was seen within {SECONDS:g} s")


def _versions_of(ports: Ports, user_key: str, models: Sequence[Model]) -> dict[str, list[Version]]:
    """What each model has registered: its own version where it is the registry's, else those of its deployments."""
    missing = marks.find_unregistered(ports.tables, user_key)
    versions: dict[str, list[Version]] = {each.id: [] for each in models}
    for each in listing.list_counted(ports.tables, user_key):
        if not isinstance(each, CountedDeployment) or not each.azure_model_version:
            continue
        if each.model_id in versions:
            name, version = each.azure_model_name, each.azure_model_version
            versions[each.model_id].append(Version(name, version, each.id in missing))
    for model in models:
        if model.registry_name:
            known = Version(model.registry_name, model.registry_version, model.id in missing)
            versions[model.id] = [known]
    return versions
