"""Ids and names, made unique by an insert into the table `claims`, never hoped for from a clock."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from shared.domain import ids, ownership
from shared.domain.bookkeeping import Claim, ClaimKind, Inflight
from shared.domain.errors import Changed, Conflict, Exists, Malformed, Missing
from shared.domain.policy import Policy
from shared.ports import Clock, Random, Row, Tables
from shared.service import store
from shared.service.allowance import Allowance
from shared.service.catalogue.preconditions import Presence


class Mint:
    """Mints ids: strictly increasing in a process, unique everywhere by a claim.

    `allowance` and `presence` are asked before the id of a new deployment is.
    """

    def __init__(
        self, tables: Tables, clock: Clock, random: Random, policy: Policy | None = None
    ) -> None:
        self.allowance = Allowance(tables, clock, policy or Policy())
        self.presence = Presence()
        self._tables, self._clock, self._random = tables, clock, random
        self._last = 0
        self._lock = threading.Lock()

    def claim(self, kind: ClaimKind, user_key: str, *, after: int = 0) -> int:
        """A moment no other request has, in microseconds since 1970, later than `after` whatever the clock says.

        Where it is taken, the next try is 1 to 1000 microseconds ahead. A lost answer costs an id.
        """
        jump = 0
        while True:
            moment = self._next(jump, after)
            name = ids.render_id(moment)
            claim = Claim(name=name, kind=kind, user_key=user_key, claimed_for=name)
            try:
                store.insert(self._tables, self._random, store.CLAIMS, store.claim_row(claim))
            except Exists:
                jump = self._random.jump()
            else:
                return moment

    def _next(self, jump: int, after: int) -> int:
        with self._lock:
            self._last = ids.next_moment(self._clock.now(), max(self._last + jump, after))
            return self._last


def claim_endpoint_name(
    tables: Tables, random: Random, name: str, user_key: str, deployment_id: str
) -> str:
    """Claims the name of a new endpoint, or takes over one's own unused claim; the claim's tag.

    Raises Conflict `endpoint_taken` where another user has it.
    """
    claim = Claim(
        name=name.lower(),
        kind=ClaimKind.ENDPOINT,
        user_key=user_key,
        claimed_for=deployment_id,
        tag=random.nonce(),
    )
    while True:
        try:
            store.insert(tables, random, store.CLAIMS, store.claim_row(claim))
        except Exists:
            tag = _take_over(tables, random, claim)
            if not tag:
                continue  # it was released or changed meanwhile: look again
            return tag
        return claim.tag


def release_endpoint_name(
    tables: Tables,
    random: Random,
    name: str,
    user_key: str,
    *,
    at: datetime | None = None,
    barred: str = "",
) -> bool:
    """Frees a name whose endpoint is gone, unless an acceptance that needs it is under way.

    The order of the reads matters. An acceptance writes its index entry, then the claim, then commits
    the endpoint's row. If it claims after the first read, the removal meets another version; if it
    claimed before, its entry is seen, and the name is left to it until it has committed or never can.
    `barred` is the etag of an entry whose acceptance never can. `at` is now, where somebody may have made an endpoint.
    """
    claim = store.load_claim(tables, name)
    if claim is None or claim.record.user_key != user_key:
        return False
    for row in store.inflight_rows(tables, user_key):
        if row.etag != barred and _may_need(tables, row, name):
            return False
    if store.load_endpoint(tables, user_key, name) is not None:
        return False
    _keep_released(tables, random, claim.record, at)
    return store.remove(tables, store.CLAIMS, claim.row)


def was_released(tables: Tables, name: str, tags: Mapping[str, str]) -> bool:
    """Whether an endpoint of this name with these tags was a user's of ours, and its name was given up."""
    tag = tags.get(ownership.ENDPOINT_TAG, "")
    found = store.load_claim(tables, _released(tag)) if tag else None
    return (
        found is not None
        and found.record.user_key == tags.get(ownership.OWNER_TAG)
        and found.record.claimed_for == name.lower()
    )


def _keep_released(tables: Tables, random: Random, claim: Claim, at: datetime | None) -> None:
    """Before a name is given up: an endpoint that comes to be under it after, by a late call, is known as ours."""
    kept = Claim(
        name=_released(claim.tag),
        kind=ClaimKind.RELEASED,
        user_key=claim.user_key,
        claimed_for=claim.name,
        tag=claim.tag,
        released_at=at,
    )
    with suppress(Exists):  # an earlier try
        store.insert(tables, random, store.CLAIMS, store.claim_row(kept))


def _released(tag: str) -> str:
    """Stands behind all names, so that those can be listed without it."""
    return f"~{tag}"


def _may_need(tables: Tables, row: Row, name: str) -> bool:
    """Whether an index entry is of an acceptance under way that claims the name, or may do so."""
    try:
        entry = store.read_row(Inflight, row).record
    except Malformed as error:
        store.tell_unreadable(error)
        return not store.is_decided(tables, row.partition, row.key)
    return entry.endpoint_name.lower() == name.lower() and not _is_decided(tables, entry)


def _is_decided(tables: Tables, entry: Inflight) -> bool:
    """Whether the acceptance has committed, or never can because its place is taken by a tombstone."""
    stored = store.load_deployment(tables, entry.user_key, entry.deployment_id)
    if stored is None:
        return store.is_decided(tables, entry.user_key, entry.deployment_id)
    return entry.generation <= stored.record.generation


def endpoint_taken(name: str) -> Conflict:
    """The refusal where an endpoint's name belongs to somebody else."""
    return Conflict(
        "endpoint_taken",
        f"The endpoint name {name!r} is taken by another user; names are unique in a region.",
        "Choose another endpoint_name, or leave it out and one is generated.",
    )


def _take_over(tables: Tables, random: Random, claim: Claim) -> str:
    """The tag of one's own claim, which goes on for another deployment; empty where it has changed.

    It is written, so that a release under way meets another version. Its tag stays: a faster
    acceptance may have put it on the endpoint's row. Another user's claim that nobody needs goes:
    its acceptance died with it, when the sweep had given it up.
    """
    found = store.load_claim(tables, claim.name)
    if found is None:
        return ""
    if found.record.user_key != claim.user_key:
        if release_endpoint_name(tables, random, claim.name, found.record.user_key):
            return ""
        raise endpoint_taken(claim.name)
    taken = replace(found.record, claimed_for=claim.claimed_for)
    try:
        store.save(tables, random, store.CLAIMS, store.claim_row(taken, found.row.etag))
    except (Changed, Missing):
        return ""
    return taken.tag
