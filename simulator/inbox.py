"""What the worker's functions do with a message: one call of the service each, and who is at work."""

from dataclasses import dataclass

from shared.domain.policy import Policy
from shared.reconcile_ports import ReconcilePorts
from shared.service import hints
from shared.service.claims import Mint
from shared.service.queues import inbox
from shared.service.reconcile import hints as run_hints, inbox as run_inbox
from simulator.front import ISSUER
from simulator.scenario import USERS
from simulator.timeline import Task


@dataclass(frozen=True, slots=True)
class Inbox:
    """The functions, each as the host calls it: with a message's text, and the task it becomes."""

    ports: ReconcilePorts
    policy: Policy

    def take_hint(self, text: str, task: Task) -> None:
        """A turn of the worker."""
        self._begin("turn", text, task)
        inbox.take_hint(self.ports, self.policy, text.encode())

    def take_poisoned_hint(self, text: str, task: Task) -> None:
        """A hint that failed too often."""
        self._begin("poison", text, task)
        inbox.take_poisoned_hint(self.ports, text.encode())

    def take_event(self, text: str, task: Task) -> None:
        """A producer's request."""
        task.kind = "event"
        mint = Mint(self.ports.tables, self.ports.clock, self.ports.random, self.policy)
        inbox.take_event(self.ports, mint, self.policy, USERS, ISSUER, text.encode())

    def take_poisoned_event(self, text: str, task: Task) -> None:
        """A producer's request that failed too often."""
        task.kind = "poison"
        inbox.take_poisoned_event(self.ports, USERS, ISSUER, text.encode())

    def take_run_hint(self, text: str, task: Task) -> None:
        """A turn of a run of the reconciliation."""
        task.kind, task.run_id = "reconcile", run_hints.parse(text).run_id
        run_inbox.take_hint(self.ports, self.policy, text.encode())

    def take_poisoned_run_hint(self, text: str, task: Task) -> None:
        """A hint of a run that failed too often."""
        task.kind = "poison"
        run_inbox.take_poisoned_hint(self.ports, text.encode())

    def _begin(self, kind: str, text: str, task: Task) -> None:
        hint = hints.parse_hint(text)
        task.kind, task.user_key, task.deployment_id = kind, hint.user_key, hint.deployment_id
