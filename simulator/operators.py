"""An operator: asks for runs of the reconciliation, reads what came of them, and approves, not always rightly."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.errors import Conflict, Refusal, StoreError
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.reconcile.runs import Run, RunState, is_over
from shared.reconcile_ports import ReconcilePorts
from shared.service.claims import Mint
from shared.service.reconcile import begin
from shared.service.reconcile.begin import Wanted
from simulator.ledger import Ledger
from simulator.machines import Machine
from simulator.timeline import Actor, Broken, Died, Task, Timeline
from simulator.unrest import Ask

OLGA = Principal(user_id="olga", issuer="simulator", is_operator=True)
_TRIES, _LOOK_EVERY, _LOOKS = 5, 30.0, 40


@dataclass(slots=True, kw_only=True)
class Operator:
    """Somebody at a console, at one of the machines of the front."""

    timeline: Timeline
    ports: ReconcilePorts
    policy: Policy
    machine: Machine
    ledger: Ledger
    busy: int = 0

    def start(self, number: int, ask: Ask) -> None:
        """Lets them ask for a run, at its time."""
        self.busy += 1
        actor = Actor(f"olga {number}", task=Task("operator"))
        self.timeline.start(actor, lambda: self._do(ask), after=ask.at)

    def _do(self, ask: Ask) -> None:
        wanted = Wanted(dry_run=ask.dry_run, areas=ask.areas)
        self._ask(lambda mint: begin.begin_run(self.ports, mint, self.policy, OLGA, wanted))
        for _ in range(_LOOKS):
            self.timeline.sleep(_LOOK_EVERY)
            if all(map(is_over, self.ledger.runs.values())):
                break
        if ask.wrong:
            self.approve(1)
        if ask.approve:
            self.approve(0)
        self.busy -= 1

    def approve(self, beside: int) -> None:
        """Approves the newest run where it waits for it, with a number that is so far beside the right one."""
        run = self.ledger.runs.get(max(self.ledger.runs, default=""))
        if run is None or run.state is not RunState.NEEDS_APPROVAL:
            return
        number = run.waiting + beside
        approved = self._ask(lambda _: begin.approve_run(self.ports, OLGA, run.id, number))
        if approved is not None and beside and approved.id == run.id:
            raise Broken(f"{run.waiting} things waited, and {number} were approved", run.id)

    def new_mint(self) -> Mint:
        """The mint of the process that runs at their machine."""
        mint = Mint(self.ports.tables, self.ports.clock, self.ports.random, self.policy)
        return self.machine.mint(mint)

    def _ask(self, do: Callable[[Mint], Run]) -> Run | None:
        """The answer; None where it was refused, or there is none after some tries."""
        actor = self.timeline.current
        for _ in range(_TRIES):
            try:
                self.machine.enter(actor)
                return do(self.new_mint())
            except Conflict:
                return None
            except (Died, StoreError, Refusal):
                self.timeline.require_running()
            finally:
                actor.process = None
            self.timeline.sleep(_LOOK_EVERY / 3)
        return None
