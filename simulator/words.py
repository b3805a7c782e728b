"""What became of a record, in the words of a history's line."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shared.domain.bookkeeping import Claim, Inflight, Request
from shared.domain.records import Deployment, Endpoint, Event
from simulator.ledger import Write


def tell_writes(writes: Sequence[Write]) -> str:
    """What a transaction writes."""
    told = (_tell(write) for write in writes)
    return "; ".join(each for each in told if each)


def _tell(write: Write) -> str:
    if write.record is None:
        return _tell_row(write)
    tell = _TELL.get(type(write.record))
    return tell(write.record) if tell else ""


def _tell_row(write: Write) -> str:
    name = write.row.partition if write.row.key == "claim" else write.row.key
    if write.is_removal:
        return f"removes {name}"
    return f"tombstone {name}" if write.is_tombstone else name


def _tell_deployment(record: Deployment) -> str:
    work = record.work
    lease = f", leased by {record.lease.owner[:4]}" if record.lease else ""
    doing = f"{work.plan}/{work.step}" if work.step else f"{work.plan} finished"
    return (
        f"{record.id[8:]} {record.status}, {doing}, generation {record.generation}, "
        f"epoch {record.epoch}{lease}"
    )


def _tell_endpoint(record: Endpoint) -> str:
    traffic = _tell_traffic(record.traffic)
    if record.wanted is not None:
        traffic += f", wanted {_tell_traffic(record.wanted)}"
    held = f", held by {record.holder.deployment_id[8:]}" if record.holder else ""
    return f"{record.name} of {len(record.members)}: {traffic}{held}"


def _tell_traffic(traffic: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {share} %" for name, share in sorted(traffic.items())) or "no traffic"


def _tell_request(record: Request) -> str:
    led_to = record.deployment_id or record.model_id or ("refused" if record.problem else "claimed")
    return f"key {record.key[:6]} -> {led_to}"


_TELL: dict[type, Callable[[Any], str]] = {
    Deployment: _tell_deployment,
    Endpoint: _tell_endpoint,
    Request: _tell_request,
    Event: lambda record: f"#{record.number} {record.text!r}",
    Claim: lambda record: str(record.name),
    Inflight: lambda record: f"{record.deployment_id} generation {record.generation}",
}
