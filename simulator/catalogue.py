"""Every effect of the service, by name, with what it changes: what the table of faults has rows for.

An effect that is not listed here stops a run: give it a name in `naming`, and a line below. One that
is listed and does not occur shows as zeros in the table.
"""

from collections.abc import Mapping, Sequence

from simulator.faults import Fault, Hit, Kind

EFFECTS: Mapping[str, Kind] = {
    # a model is uploaded
    "claim key": Kind.ROWS,
    "claim id": Kind.ROWS,
    "put content": Kind.BLOB,
    "put metadata": Kind.BLOB,
    "catalogue": Kind.ROWS,
    "free key": Kind.REMOVAL,
    # a request is accepted, or ends as if it had never been
    "inflight": Kind.ROWS,
    "inflight again": Kind.ROWS,
    "claim name": Kind.ROWS,
    "take over name": Kind.ROWS,
    "admit": Kind.ROWS,
    "retry": Kind.ROWS,
    "delete": Kind.ROWS,
    "reroute": Kind.ROWS,
    "hint": Kind.HINT,
    "keep refusal": Kind.ROWS,
    "tombstone": Kind.ROWS,
    "call off": Kind.ROWS,
    "release name": Kind.REMOVAL,
    "keep released": Kind.ROWS,
    "settle": Kind.REMOVAL,
    "look later": Kind.ROWS,
    # a model is deleted
    "mark leaving": Kind.ROWS,
    "mark staying": Kind.ROWS,
    "mark model deleted": Kind.ROWS,
    "remove from catalogue": Kind.REMOVAL,
    # a turn of the worker
    "lease": Kind.ROWS,
    "renew lease": Kind.ROWS,
    "give back": Kind.ROWS,
    "note": Kind.ROWS,
    "note crash": Kind.ROWS,
    "checkpoint": Kind.ROWS,
    "checkpoint endpoint": Kind.ROWS,
    "wait": Kind.ROWS,
    "wait again": Kind.ROWS,
    "fail": Kind.ROWS,
    "fail route": Kind.ROWS,
    "hold": Kind.ROWS,
    "route": Kind.ROWS,
    "pace": Kind.ROWS,
    "copy model": Kind.COPY,
    "put MLmodel": Kind.BLOB,
    "put log": Kind.BLOB,
    # the cloud
    "register model": Kind.CHANGE,
    "remove model": Kind.CHANGE,
    "put endpoint": Kind.OPERATION,
    "put traffic": Kind.OPERATION,
    "put deployment": Kind.DEPLOYMENT,
    "remove deployment": Kind.OPERATION,
    "remove endpoint": Kind.OPERATION,
    # a run of the reconciliation
    "begin run": Kind.ROWS,
    "approve run": Kind.ROWS,
    "lease run": Kind.ROWS,
    "look run": Kind.ROWS,
    "keep run": Kind.ROWS,
    "plan run": Kind.ROWS,
    "pause run": Kind.ROWS,
    "note run crash": Kind.ROWS,
    "end run": Kind.ROWS,
    "keep findings": Kind.ROWS,
    "clear findings": Kind.ROWS,
    "mark": Kind.ROWS,
    "take mark away": Kind.REMOVAL,
    "begin repair": Kind.ROWS,
    "end repair": Kind.ROWS,
    "run hint": Kind.HINT,
    # what it repairs
    "mark failed": Kind.ROWS,
    "forget version": Kind.ROWS,
    "reindex": Kind.ROWS,
    "put away": Kind.COPY,
    "bring back": Kind.COPY,
    "remove file": Kind.REMOVAL,
    "empty trash": Kind.REMOVAL,
    "clear model": Kind.CHANGE,
    "clear traffic": Kind.OPERATION,
    "retag endpoint": Kind.OPERATION,
    "clear deployment": Kind.OPERATION,
    "clear endpoint": Kind.OPERATION,
    # how deployments are used, and what is kept for a time only
    "keep usage": Kind.ROWS,
    "remove old rows": Kind.REMOVAL,
    "forget events": Kind.ROWS,
    # queues and their host
    "send event": Kind.MESSAGE,
    "send event again": Kind.MESSAGE,
    "poison": Kind.ROWS,
    "put aside": Kind.ROWS,
    "take hint": Kind.RECEIPT,
    "take run hint": Kind.RECEIPT,
    "take event": Kind.RECEIPT,
    "take poison": Kind.RECEIPT,
    "acknowledge hint": Kind.ACKNOWLEDGEMENT,
    "acknowledge run hint": Kind.ACKNOWLEDGEMENT,
    "acknowledge event": Kind.ACKNOWLEDGEMENT,
    "acknowledge poison": Kind.ACKNOWLEDGEMENT,
}
"""`Faults` draws from all of them alike, so that the rare ones are hit as often as they occur."""


def _hits(effect: str, fault: Fault, *occurrences: int) -> Sequence[Hit]:
    return tuple(Hit(effect=effect, occurrence=each, fault=fault) for each in occurrences)


LEADS_TO: Mapping[str, Sequence[Hit]] = {
    "call off": _hits("inflight again", Fault.DIES_AFTER, 1, 2, 3),
    "note crash": _hits("register model", Fault.MALFORMED, 1),
    "poison": _hits("register model", Fault.MALFORMED, 1, 2, 3, 4, 5, 6),
    "take poison": _hits("put endpoint", Fault.MALFORMED, 1, 2, 3, 4, 5),
    "acknowledge poison": _hits("put endpoint", Fault.MALFORMED, 1, 2, 3, 4, 5),
    "fail route": _hits("put traffic", Fault.REFUSED, 2, 3, 4),
    "give back": _hits("put deployment", Fault.STALLS, 1),
    "free key": _hits("put content", Fault.NOT_DONE, 1),
    "clear findings": _hits("keep findings", Fault.DIES_AFTER, 1, 2),
    "reindex": _hits("hint", Fault.LOST, 2, 3, 5, 7, 9),
    "note run crash": (
        *_hits("clear deployment", Fault.MALFORMED, 1),
        *_hits("clear endpoint", Fault.MALFORMED, 1),
        *_hits("clear model", Fault.MALFORMED, 1),
    ),
}
"""What makes an effect happen that no ordinary run has: planned with every fault of it."""

SELDOM = (
    "send event again",
    "send event again",
    "give back",
    "put aside",
    "keep refusal",
    "forget version",
    "reindex",
    "clear findings",
    "note run crash",
    "approve run",
)
"""Effects that few runs have, and no fault leads to: their faults are planned three times as often, or five times."""
