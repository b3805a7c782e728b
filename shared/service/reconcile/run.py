"""One turn of a run: finds everything at once, then repairs one thing after the other, and stops when its time is over.

A run that dies while it looks begins its look again; one that dies while it repairs goes on where it was.
"""

from collections import Counter
from datetime import timedelta

from shared import telemetry
from shared.domain import retry
from shared.domain.errors import CloudError, LeaseLost, Refusal, StoreError, Trouble, UnreadableRow
from shared.domain.failures import shorten
from shared.domain.policy import Policy
from shared.domain.reconcile.findings import Area
from shared.domain.reconcile.repair import Rules, find_excess
from shared.domain.reconcile.runs import (
    Item,
    ItemState,
    RunState,
    is_due,
    is_leased,
    is_over,
    is_waiting_for_approval,
)
from shared.reconcile_ports import ReconcilePorts
from shared.service.reconcile import repairs, rows
from shared.service.reconcile.again import look_again
from shared.service.reconcile.candidates import Candidates
from shared.service.reconcile.hints import RunHint
from shared.service.reconcile.in_the_way import NotNow, Stays
from shared.service.reconcile.marking import mark_users_things
from shared.service.reconcile.named import NamedNow
from shared.service.reconcile.observe import Observation
from shared.service.reconcile.owners import Owners
from shared.service.reconcile.planning import Planner, find_sightings
from shared.service.reconcile.turn import RunTurn
from shared.service.store import Stored
from shared.telemetry import Happened

_MOST_ATTEMPTS = 5
_LOOK_AGAIN = (
    10.0  # seconds at first: a removal in Azure takes a minute or two, and somebody may be watching
)
_PATIENCE = timedelta(hours=1)
_IN_USE_PATIENCE = timedelta(
    minutes=15
)  # what uses it is on its way out, or is to be decided about first


def run_turn(ports: ReconcilePorts, policy: Policy, hint: RunHint) -> None:
    """Goes on with the run that a hint points to. Raises StoreError, and whatever error nobody expected."""
    stored, now = rows.load_run(ports.tables, hint.run_id), ports.clock.now()
    if stored is None or is_over(stored.record) or is_leased(stored.record, now):
        return
    if not is_due(stored.record, now):  # of two hints one would make another for ever
        return
    turn = RunTurn(ports, policy, stored)
    try:
        turn.take_lease()
        if turn.run.attempts > _MOST_ATTEMPTS:
            _give_up(turn)
            return
        _go_on(turn)
    except LeaseLost as error:
        telemetry.tell(Happened.LEASE_LOST, run=hint.run_id, reason=str(error))
    except StoreError:
        raise
    except Exception as error:
        turn.crashed(error)
        raise


def _go_on(turn: RunTurn) -> None:
    if turn.run.state in (RunState.WAITING, RunState.OBSERVING):
        _observe(turn)
    if turn.run.state is RunState.REPAIRING:
        _repair(turn)


def _give_up(turn: RunTurn) -> None:
    now = turn.ports.clock.now()
    trouble = turn.run.trouble or "its turns ended before they came to an end"
    turn.save(state=RunState.FAILED, finished_at=now, trouble=trouble, lease=None)
    telemetry.tell(Happened.RECONCILE_FAILED, run=turn.run.id, reason=trouble)


# ------------------------------------------------------------------ finding


def _observe(turn: RunTurn) -> None:
    """Lists everything, decides about each finding, and keeps the plan."""
    ports, run = turn.ports, turn.run
    turn.save(state=RunState.OBSERVING, began_at=run.began_at or ports.clock.now())
    rows.clear_items(ports.tables, run.id)
    observation = _observation(turn)
    planner = Planner(
        run=run,
        rules=_rules(turn),
        sightings=find_sightings(ports.tables, run),
        prices=turn.policy.prices,
        owners=Owners(ports.tables),
        now=ports.clock.now(),
    )
    count = rows.add_items(ports, planner.items(observation.find()))
    left = observation.candidates.left + planner.left
    mark_users_things(turn, planner.marked, observation.unknown, whole=not left)
    caps = find_excess(observation.seen, planner.deletes, turn.policy.most_deletes)
    over = run.dry_run or not planner.repairs
    turn.save(
        state=RunState.DONE if over else RunState.REPAIRING,
        finished_at=ports.clock.now() if over else None,
        lease=None if over else turn.lease_for(RunState.REPAIRING),
        observed_at=planner.now,
        unknown=dict(observation.unknown),
        seen=dict(observation.seen),
        found=dict(planner.found),
        deletes=dict(planner.deletes),
        caps=dict(caps),
        cost=planner.cost,
        items=count,
        left=left,
        attempts=0,
        trouble="",
    )
    telemetry.tell(Happened.RECONCILE_OBSERVED, run=run.id, found=count, cost=planner.cost)


def _observation(turn: RunTurn) -> Observation:
    return Observation(
        ports=turn.ports,
        areas=[Area(each) for each in turn.run.areas],
        days=turn.run.days,
        trash_days=turn.policy.trash_days,
        event_days=turn.policy.event_days,
        idle_days=turn.policy.idle_days,
        usage_days=turn.policy.usage_days,
        candidates=Candidates(turn.keep),
    )


def _rules(turn: RunTurn) -> Rules:
    return Rules(
        days=turn.run.days,
        paid_grace=timedelta(seconds=turn.policy.paid_grace),
        gap=timedelta(seconds=turn.policy.sighting_gap),
        wanted=turn.policy.reconcile_repairs,
    )


# ------------------------------------------------------------------ repairing


def _repair(turn: RunTurn) -> None:
    """Goes once over what is planned; where the cloud has not confirmed yet, another turn looks again, ever later."""
    unsettled = False
    with NamedNow(turn.ports, turn.keep) as named:
        for stored in rows.list_items(turn.ports.tables, turn.run.id):
            if stored.record.state not in (ItemState.PLANNED, ItemState.BEGUN):
                continue
            if is_waiting_for_approval(turn.run, stored.record):
                continue
            unsettled |= not _settle(turn, named, stored)
            if turn.is_long():
                turn.pause(0)
                return
    if unsettled:
        turn.pause(retry.slow_down(_LOOK_AGAIN, _since_plan(turn)))
        return
    _finish(turn)


def _since_plan(turn: RunTurn) -> float:
    since = turn.run.approved_at or turn.run.observed_at or turn.run.created_at
    return max((turn.ports.clock.now() - since).total_seconds(), 0.0)


def _settle(turn: RunTurn, named: NamedNow, stored: Stored[Item]) -> bool:
    """One step of one repair; whether there is nothing left to do about it."""
    begun, finding = stored.record.state is ItemState.BEGUN, stored.record.finding
    if not begun:  # on record before it is done: then a turn that dies is known to have done it
        stored = turn.save_item(stored, state=ItemState.BEGUN, begun_at=turn.ports.clock.now())
    trouble = ""
    try:
        if look_again(turn.ports, named, finding) is None:
            _end(turn, stored, "" if begun else "it is no longer so")
            return True
        turn.keep()
        repairs.carry_out(turn.ports, turn.policy, finding)
        if finding.rule.in_bulk or look_again(turn.ports, named, finding) is None:
            _end(turn, stored, "")
            return True
    except Stays as error:
        _end(turn, stored, str(error))
        return True
    except (NotNow, Refusal, UnreadableRow) as error:
        trouble = str(error)
    except CloudError as error:
        trouble = str(error)
        if error.trouble is Trouble.PERMANENT:
            _end(turn, stored, f"Azure ML refused: {shorten(trouble, 300)}")
            return True
        if error.trouble is Trouble.CONFLICT:
            return _is_given_up(turn, stored, trouble, _IN_USE_PATIENCE)
    return _is_given_up(turn, stored, trouble, _PATIENCE)


def _is_given_up(turn: RunTurn, stored: Stored[Item], trouble: str, patience: timedelta) -> bool:
    run = turn.run
    since = stored.record.begun_at or run.approved_at or run.observed_at or run.created_at
    if turn.ports.clock.now() - since < patience:
        return False
    _end(turn, stored, trouble or "Azure ML has not confirmed it: the next run looks again")
    return True


def _end(turn: RunTurn, stored: Stored[Item], why_not: str) -> None:
    """Writes what became of a repair, for the report and for the audit."""
    state = ItemState.SKIPPED if why_not else ItemState.REPAIRED
    saved = turn.save_item(stored, state=state, outcome=why_not).record
    turn.made_way()
    telemetry.tell(
        Happened.RECONCILE_REPAIRED if state is ItemState.REPAIRED else Happened.RECONCILE_SKIPPED,
        run=saved.run_id,
        repair=saved.finding.rule.repair,
        case=saved.finding.case,
        subject=saved.finding.subject,
        user=saved.finding.user_key,
        reason=why_not or saved.finding.text,
    )


def _finish(turn: RunTurn) -> None:
    states = Counter(each.record.state for each in rows.list_items(turn.ports.tables, turn.run.id))
    waiting = states[ItemState.PLANNED] + states[ItemState.BEGUN]
    turn.save(
        state=RunState.NEEDS_APPROVAL if waiting else RunState.DONE,
        finished_at=turn.ports.clock.now(),
        repaired=states[ItemState.REPAIRED],
        skipped=states[ItemState.SKIPPED],
        waiting=waiting,
        lease=None,
    )
    telemetry.tell(
        Happened.RECONCILE_FINISHED,
        run=turn.run.id,
        state=turn.run.state,
        repaired=turn.run.repaired,
        skipped=turn.run.skipped,
        waiting=waiting,
    )
