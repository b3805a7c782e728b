"""Messages of the queue of runs, read strictly and handed on."""

from shared import telemetry
from shared.domain.policy import RECONCILE_JOBS, Policy
from shared.ports import Ports
from shared.reconcile_ports import ReconcilePorts
from shared.service.queues.inbox import read_hint
from shared.service.reconcile import hints, run
from shared.telemetry import Happened


def take_hint(ports: ReconcilePorts, policy: Policy, body: bytes) -> None:
    """Runs one turn for the run that a hint points to. Raises what `run.run_turn` raises."""
    if hint := read_hint(ports, RECONCILE_JOBS, body, hints.parse):
        run.run_turn(ports, policy, hint)


def take_poisoned_hint(ports: Ports, body: bytes) -> None:
    """Tells that the hint of a run failed too often: the sweep sends another, and the run counts its tries."""
    if hint := read_hint(ports, RECONCILE_JOBS, body, hints.parse):
        telemetry.tell(Happened.POISON_TAKEN, run=hint.run_id)
