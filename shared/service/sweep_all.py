"""All that the sweep looks at, one after the other: what stops one is no reason to leave the others."""

from contextlib import ExitStack

from shared.domain.policy import Policy
from shared.ports import Ports
from shared.service import sweep
from shared.service.intake import sweep as intake_sweep
from shared.service.reconcile import begin


def sweep_all(ports: Ports, policy: Policy) -> None:
    """Reminds of deployments, files on their way in, and runs. Raises what one of them raised, after all had their turn."""
    with ExitStack() as turns:  # the last one that was put there comes first
        turns.callback(begin.remind, ports, policy)
        turns.callback(intake_sweep.sweep_intakes, ports, policy)
        turns.callback(sweep.sweep, ports, policy)
