"""Rows of a garden that are kept for a time, which is over when all else is there."""

from shared.domain import ids
from shared.domain.bookkeeping import ClaimKind
from shared.domain.messages import DeadLetterReason
from shared.domain.policy import DEPLOY_REQUESTS
from shared.domain.reconcile.findings import Case
from shared.domain.records import Deployment
from shared.service import store
from shared.service.queues import dead_letters
from tests.service.reconciling import Reconciled
from tests.service.world import ANNA

Cases = list[tuple[Case, str]]
OLD: Cases = [
    (Case.OLD_KEYS, "idempotency keys"),
    (Case.OLD_TOMBSTONES, "tombstones"),
    (Case.OLD_EVENTS, "events"),
    (Case.OLD_DEAD_LETTERS, "dead letters"),
    (Case.OLD_RUNS, "runs"),
    (Case.OLD_NAMES, "names"),
]


def bury(world: Reconciled) -> str:
    """An acceptance that was given up; the id of what it would have been."""
    told = ids.render_id(world.mint.claim(ClaimKind.DEPLOYMENT, ANNA.user_key))
    row = store.tombstone_row(ANNA.user_key, told)
    store.insert(world.tables, world.ports.random, store.RECORDS, row)
    return told


def put_aside(world: Reconciled, body: bytes = b"nonsense") -> None:
    """A message that nobody could read."""
    reason = next(iter(DeadLetterReason))
    dead_letters.put_aside(world.ports, DEPLOY_REQUESTS, body, reason, "no event")


def torn_down(world: Reconciled, key: str = "r1") -> Deployment:
    """A deployment under a key that is over: with its events, its key's row, and its endpoint's name given up."""
    record = world.live(key=key)
    world.delete(record)
    world.settle()
    return world.read(record)


def plant_old(world: Reconciled) -> Cases:
    """One of each."""
    torn_down(world)
    bury(world)
    put_aside(world)
    world.reconcile(dry_run=True)
    return OLD
