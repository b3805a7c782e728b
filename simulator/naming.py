"""What an effect on the tables is called: a short name that follows from the rows it writes.

The names are stable, and are what the table of faults counts by.
"""

from collections.abc import Sequence
from typing import TypeVar

from shared.domain.bookkeeping import Claim, ClaimKind, Inflight, Request
from shared.domain.reconcile.runs import Item, ItemState, Run, RunState, is_over
from shared.domain.records import Deployment, Endpoint, Event, Model
from shared.ports import Insert, Replace
from shared.service import marks, store, usage
from shared.service.catalogue.trash import TRASH
from shared.service.queues import dead_letters
from shared.service.reconcile import rows as run_rows
from simulator.ledger import Ledger, Write

R = TypeVar("R")
_CHECKPOINTS = {
    "accepted": "admit",
    "step_done": "checkpoint",
    "waiting": "wait",
    "trouble": "wait",
    "failed": "fail",
    "traffic_failed": "fail route",
    "turn_crashed": "note crash",
    "deleted": "delete",
    "retried": "retry",
    "traffic_accepted": "reroute",
    "poisoned": "poison",
    "gone_from_cloud": "mark failed",
    "registry_entry_gone": "forget version",
    "model_deleted": "mark model deleted",
}


_CLAIMS = {ClaimKind.ENDPOINT: "claim name", ClaimKind.RELEASED: "keep released"}


_TABLES = {dead_letters.DEAD_LETTERS: "put aside", usage.USAGE: "keep usage"}
_ROWS = {"pa": "pace", "r-": "free key", store.MODEL: "remove from catalogue"}
_STATES = {RunState.OBSERVING: "look run", RunState.REPAIRING: "plan run"}


def name_commit(ledger: Ledger, table: str, writes: Sequence[Write]) -> str:
    """The name of a transaction."""
    if _is_old(table, writes):
        return "remove old rows"
    if name := _TABLES.get(table):
        return name
    if table == store.CLAIMS:
        return _name_claim(writes[0])
    if table == store.INFLIGHT:
        return _name_inflight(ledger, writes[0])
    if table == run_rows.RUNS:
        return _name_run(ledger, writes)
    if table == run_rows.FINDINGS:
        return _name_finding(writes[0])
    if table == marks.MARKS:
        return "take mark away" if writes[0].is_removal else "mark"
    return _name_records(ledger, writes)


def _is_old(table: str, writes: Sequence[Write]) -> bool:
    """Whether it removes rows that are kept for a time only."""
    if not all(each.is_removal for each in writes):
        return False
    row = writes[0].row
    if table == store.CLAIMS:
        return row.partition.startswith("~")
    if table != store.RECORDS:
        return table in (dead_letters.DEAD_LETTERS, usage.USAGE, run_rows.RUNS)
    is_answer = row.key.startswith(store.REQUEST) and not row.values.get("until")
    return is_answer or row.key.startswith((store.LIVE, store.EVENT))


def _name_records(ledger: Ledger, writes: Sequence[Write]) -> str:
    event = _find(writes, Event)
    if event is not None:
        name = _CHECKPOINTS.get(event.name, event.name)
        carries = name == "checkpoint" and _writes_endpoint(writes)
        return "checkpoint endpoint" if carries else name
    if writes[0].is_tombstone:
        return "tombstone"
    deployment = _find(writes, Deployment)
    if deployment is not None:
        return _name_record(ledger, deployment, writes)
    if (model := _find(writes, Model)) is not None:
        return _name_model(model, writes[0])
    request = _find(writes, Request)
    if request is not None:
        return "claim key" if request.until else "keep refusal"
    prefix = writes[0].row.key[:2]
    return _ROWS.get(prefix, f"write {prefix}")


def _name_model(model: Model, write: Write) -> str:
    if isinstance(write.operation, Insert):
        return "catalogue"
    return "mark leaving" if model.leaving else "mark staying"


def name_concerned(writes: Sequence[Write]) -> frozenset[str]:
    """The deployments and endpoints, lower case, that a transaction is about."""
    names: set[str] = set()
    for write in writes:
        match write.record:
            case Deployment() as record:
                names |= {record.id, record.endpoint_name.lower()}
            case Inflight() as record:
                names |= {record.deployment_id, record.endpoint_name.lower()}
            case Event() as record:
                names.add(record.deployment_id)
            case Endpoint() as record:
                names.add(record.name.lower())
            case Claim() as record:
                names |= {record.name, record.claimed_for}
            case Request() as record:
                names.add(record.deployment_id)
            case Run() | Model() as record:
                names.add(record.id)
            case Item() as record:
                names |= {record.run_id, record.finding.subject.partition("/")[0].lower()}
            case _:
                names |= {write.row.key.removeprefix("e-"), write.row.partition}
    return frozenset(names)


def _name_claim(write: Write) -> str:
    if isinstance(write.operation, Replace):
        return "take over name"
    if isinstance(write.operation, Insert) and isinstance(write.record, Claim):
        return _CLAIMS.get(write.record.kind, "claim id")
    return "release name"


def _name_inflight(ledger: Ledger, write: Write) -> str:
    record = write.record
    if not isinstance(record, Inflight):
        return "settle"
    if isinstance(write.operation, Insert):
        known = ledger.deployments.get(record.deployment_id)
        return "reindex" if known and known.generation == record.generation else "inflight"
    before = ledger.inflight.get(record.deployment_id)
    is_later = before is not None and before.since == record.since
    return "look later" if is_later else "inflight again"


def _name_record(ledger: Ledger, record: Deployment, writes: Sequence[Write]) -> str:
    """A record without an event: a lease, a note, or the fence before a change of the endpoint."""
    before = ledger.deployments.get(record.id)
    endpoint = _find(writes, Endpoint)
    if endpoint is not None:
        known = ledger.endpoints.get(endpoint.name.lower())
        return "route" if known and known.traffic != endpoint.traffic else "hold"
    if before is None or record.epoch > before.epoch:
        return "lease"
    if record.events < before.events:
        return "forget events"
    if record.lease == before.lease:
        return "call off" if record.work == before.work and record.lease is None else "note"
    if record.lease is not None:
        return "renew lease"
    return "give back" if record.work == before.work else "wait again"


def _name_run(ledger: Ledger, writes: Sequence[Write]) -> str:
    after = _find(writes, Run)
    before = ledger.runs.get(after.id) if after else None
    if after is None or before is None:
        return "begin run"
    if after.approved_by != before.approved_by:
        return "approve run"
    if after.state is not before.state:
        return "end run" if is_over(after) else _STATES.get(after.state, "lease run")
    if after.attempts > before.attempts:
        return "lease run"
    if after.lease is None:
        return "note run crash" if after.trouble != before.trouble else "pause run"
    return "look run" if after.lease == before.lease else "keep run"


def _name_finding(write: Write) -> str:
    if not isinstance(write.record, Item):
        return "clear findings"
    if isinstance(write.operation, Insert):
        return "keep findings"
    return "begin repair" if write.record.state is ItemState.BEGUN else "end repair"


def _writes_endpoint(writes: Sequence[Write]) -> bool:
    return any(each.row.key.startswith("e-") for each in writes)


def _find(writes: Sequence[Write], kind: type[R]) -> R | None:
    return next((each.record for each in writes if isinstance(each.record, kind)), None)


def name_copy(source: str, key: str) -> str:
    """The name of copying a blob."""
    if key.startswith(TRASH):
        return "put away"
    return "bring back" if source.startswith(TRASH) else "copy model"


def name_removal(key: str) -> str:
    """The name of removing a blob."""
    return "empty trash" if key.startswith(TRASH) else "remove file"


def name_blob(key: str) -> str:
    """The name of writing a blob."""
    folder, _, rest = key.partition("/")
    if folder == "packages":
        return f"put {rest.rpartition('/')[2]}"
    return {"content": "put content", "artifacts": "put metadata", "logs": "put log"}[folder]
