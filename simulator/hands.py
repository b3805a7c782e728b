"""Does what happens behind Longshore's back: by hand in Azure ML, by calls of long ago, by strangers, and to rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from shared.adapters.memory_tables import MemoryTables
from shared.cloud_ports import NewDeployment
from shared.domain import endpoints
from shared.domain.bookkeeping import Claim, ClaimKind
from shared.domain.errors import CloudError
from shared.domain.records import Deployment
from shared.ports import Delete, Insert
from shared.service import store
from simulator.files import Files
from simulator.late_calls import LateCalls
from simulator.ledger import Ledger, parse_writes
from simulator.moments import Moments
from simulator.old_rows import OldRows
from simulator.sights import Sights, pick
from simulator.strangers import TAGS, Strangers
from simulator.timeline import SECOND, Actor, Timeline
from simulator.unrest import Deed, Disturbance
from simulator.workspace import Workspace

_LOOK_EVERY, _WATCHES = 30.0, 1200 * SECOND
_NAMES = ("nobody", "desk", "till", "nowhere")


@dataclass(slots=True, kw_only=True)
class Hands:
    """All of it; `dropped` is what somebody has removed."""

    timeline: Timeline
    moments: Moments
    ledger: Ledger
    tables: MemoryTables
    workspace: Workspace
    strangers: Strangers
    sights: Sights
    files: Files
    late: LateCalls
    old: OldRows
    busy: int = 0
    dropped: list[tuple[str, NewDeployment]] = field(default_factory=list)

    def start(self, number: int, disturbance: Disturbance) -> None:
        """Lets one of them begin."""
        self.busy += 1
        actor = Actor(f"hand {number}")
        self.timeline.start(actor, lambda: self._do(number, disturbance), after=disturbance.at)

    def _do(self, number: int, disturbance: Disturbance) -> None:
        do, until = _DEEDS[disturbance.deed], self.timeline.now + _WATCHES
        while self.timeline.now < until:
            if disturbance.upon:
                self.moments.wait(disturbance.upon, "", until)
            if self._try(partial(do, self, number, disturbance.which)):
                break
            if not disturbance.upon:
                self.timeline.sleep(_LOOK_EVERY)
        self.busy -= 1

    def _try(self, do: Callable[[], bool]) -> bool:
        """Whether it was done; Azure may refuse it just now."""
        try:
            with self.workspace.at_once():
                return do()
        except CloudError:
            return False

    # -------------------------------------------------------------- by hand

    def drop_deployment(self, _number: int, which: float) -> bool:
        """One that is active on record and in Azure ML, with its share of the traffic."""
        record = pick(self.sights.standing(), which)
        return record is not None and self._drop(record)

    def drop_endpoint(self, _number: int, which: float) -> bool:
        """One on which nothing is under way, with all that is on it."""
        record = pick(self.sights.droppable(), which)
        if record is None:
            return False
        self.ledger.by_hand.add(
            record.endpoint_name.lower()
        )  # whose shares may all be gone with it
        self.workspace.remove_endpoint(record.endpoint_name)
        return True

    def drop_model(self, _number: int, which: float) -> bool:
        """That which a failed deployment keeps for another try."""
        record = pick(self.sights.kept_models(), which)
        if record is None:
            return False
        self.workspace.remove_model(record.azure_model_name, "1")
        return True

    def bring_back(self, _number: int, which: float) -> bool:
        """What was dropped, as it was: nobody may say then that it is gone. Where nothing was, it is dropped first."""
        gone = [each for each in self.dropped if self.sights.is_missed(each[0])]
        found = pick(gone, which)
        if found is None:
            self.drop_deployment(0, which)
            return False
        self.workspace.put_deployment(found[1])
        return True

    def _drop(self, record: Deployment) -> bool:
        name, endpoint = record.endpoint_name, self.workspace.find_endpoint(record.endpoint_name)
        held = self.workspace.given(name, record.deployment_name)
        if endpoint is None or held is None:
            return False
        others = set(endpoint.traffic) - {record.deployment_name}
        rest = endpoints.keep_traffic(endpoint.traffic, others)
        self.ledger.by_hand.add(name.lower())  # it may be the heir of another's traffic, too
        if rest != endpoint.traffic:
            self.workspace.put_endpoint(name, tags=endpoint.tags, traffic=rest)
        self.workspace.find_endpoint(name)
        self.workspace.remove_deployment(name, record.deployment_name)
        self.dropped.append((record.id, held))
        return True

    # -------------------------------------------------------------- rows

    def lose_index(self, _number: int, which: float) -> bool:
        """The entry of unfinished work, which nothing but hints goes on with then."""
        entry = pick(self.sights.unfinished(), which)
        if entry is None:
            return False
        row = self.tables.get(store.INFLIGHT, entry.user_key, entry.deployment_id)
        if row is None:
            return False
        self.ledger.unindexed.add(entry.deployment_id)
        self.tables.commit(store.INFLIGHT, [Delete(row)])
        self.ledger.apply(store.INFLIGHT, parse_writes(store.INFLIGHT, [Delete(row)]))
        return True

    def leave_claim(self, number: int, which: float) -> bool:
        """A name that was claimed for a deployment which never came to be."""
        taken = {*self.ledger.claims, *self.ledger.endpoints}
        name = pick([each for each in _NAMES if each not in taken], which)
        record = pick(list(self.ledger.deployments.values()), which)
        if name is None or record is None:
            return False
        user_key, tag = record.user_key, f"{number:032x}"
        claim = Claim(
            name=name, kind=ClaimKind.ENDPOINT, user_key=user_key, claimed_for=record.id, tag=tag
        )
        operation = Insert(store.claim_row(claim))
        self.tables.commit(store.CLAIMS, [operation])
        self.ledger.apply(store.CLAIMS, parse_writes(store.CLAIMS, [operation]), self.timeline.now)
        return True

    # -------------------------------------------------------------- strangers

    def copy_tags(self, number: int, which: float) -> bool:
        """Of a record that is over, to things of their own, and beside another deployment of ours."""
        record, beside = pick(self.sights.over(), which), pick(self.sights.standing(), which)
        if record is None or beside is None:
            return False
        self.strangers.copy_tags(record, beside.endpoint_name, number)
        return True

    def install(self, number: int, _which: float) -> bool:
        """Another installation."""
        self.strangers.install(number)
        return True

    def make_untagged(self, number: int, which: float) -> bool:
        """On an endpoint that is lived on: one that is empty may just be going."""
        record = pick(self.sights.standing(), which)
        if record is None:
            return False
        self.strangers.make_untagged(record.endpoint_name, number)
        return True

    def make_anew(self, _number: int, which: float) -> bool:
        """What a late call has left goes, and they make their own under the same name."""
        found = pick([each for each in self.late.left if self.sights.is_left(*each)], which)
        if found is None:
            return False
        kind, name, deployment = found
        if kind == "model":
            self.workspace.remove_model(name, "1")
            self.strangers.make_model(name, TAGS)
        elif kind == "endpoint":
            self.workspace.remove_endpoint(name)
            self.workspace.find_endpoint(name)
            self.strangers.make_endpoint(name, TAGS)
        else:
            self.workspace.remove_deployment(name, deployment)
            self.workspace.find_endpoint(name)
            self.strangers.make_deployment(name, deployment, TAGS)
        self.strangers.anew.add((name, "", "") if kind == "model" else ("", name, deployment))
        return True


_DEEDS: dict[Deed, Callable[[Hands, int, float], bool]] = {
    Deed.DROP_DEPLOYMENT: Hands.drop_deployment,
    Deed.DROP_ENDPOINT: Hands.drop_endpoint,
    Deed.DROP_MODEL: Hands.drop_model,
    Deed.BRING_BACK: Hands.bring_back,
    Deed.LATE_DEPLOYMENT: lambda hands, _number, which: hands.late.land_deployment(which),
    Deed.LATE_ENDPOINT: lambda hands, number, which: hands.late.land_endpoint(number, which),
    Deed.LATE_MODEL: lambda hands, _number, which: hands.late.land_model(which),
    Deed.LATE_TAGS: lambda hands, _number, which: hands.late.land_tags(which),
    Deed.LOSE_INDEX: Hands.lose_index,
    Deed.LEAVE_CLAIM: Hands.leave_claim,
    Deed.OLD_ROWS: lambda hands, number, which: hands.old.plant(number, which),
    Deed.COPY_TAGS: Hands.copy_tags,
    Deed.OTHER_INSTALLATION: Hands.install,
    Deed.UNTAGGED: Hands.make_untagged,
    Deed.MAKE_ANEW: Hands.make_anew,
    Deed.STRAY_FILES: lambda hands, number, _which: hands.files.stray(number),
    Deed.THEIR_FILES: lambda hands, number, _which: hands.files.leave_theirs(number),
    Deed.THROW_AWAY: lambda hands, _number, which: hands.files.throw_away(which),
    Deed.LOSE_DESCRIPTION: lambda hands, _number, which: hands.files.lose_description(which),
}
