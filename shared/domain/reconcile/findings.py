"""What a reconciliation can find: every case with its words, its kind, and what would repair it. Data, reviewed as such."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.records import Part


class Area(StrEnum):
    """What is laid beside the records; a run may be limited to some of them."""

    ENDPOINTS = "endpoints"
    REGISTRY = "registry"
    RECORDS = "records"
    ARTIFACTS = "artifacts"


class Kind(StrEnum):
    """How two truths can disagree."""

    MISSING = "missing"  # on record, and not there
    ORPHAN = "orphan"  # ours, and on no record
    DIVERGED = "diverged"  # there, and not as the record says
    STALE = "stale"  # left lying


class Repair(StrEnum):
    """What is done about a finding."""

    REMOVE_DEPLOYMENT = "remove_deployment"
    REMOVE_ENDPOINT = "remove_endpoint"
    REMOVE_MODEL = "remove_model"
    MARK_FAILED = "mark_failed"
    RETAG = "retag"
    RESTORE_TRAFFIC = "restore_traffic"
    FORGET_VERSION = "forget_version"
    REINDEX = "reindex"
    RELEASE_NAME = "release_name"
    FINISH_DELETION = "finish_deletion"
    PUT_AWAY = "put_away"  # into the trash
    EMPTY_TRASH = "empty_trash"
    BRING_BACK = "bring_back"  # from the trash
    DESCRIBE = "describe"
    REMOVE_OLD = "remove_old"


class Case(StrEnum):
    """One way in which records and cloud disagree."""

    DEPLOYMENT_WITHOUT_RECORD = "deployment_without_record"
    DEPLOYMENT_LEFT_OVER = "deployment_left_over"
    DEPLOYMENT_GONE = "deployment_gone"
    DEPLOYMENT_BROKEN = "deployment_broken"
    DEPLOYMENT_REPLACED = "deployment_replaced"
    ENDPOINT_WITHOUT_RECORD = "endpoint_without_record"
    ENDPOINT_TAGS_OLD = "endpoint_tags_old"
    TRAFFIC_DIFFERS = "traffic_differs"
    DEPLOYMENT_IDLE = "deployment_idle"
    MODEL_WITHOUT_RECORD = "model_without_record"
    MODEL_GONE = "model_gone"
    DEPLOYED_MODEL_GONE = "deployed_model_gone"
    REFERENCED_MODEL_GONE = "referenced_model_gone"
    NEVER_REGISTERED = "never_registered"
    TEARDOWN_UNFINISHED = "teardown_unfinished"
    DEPLOYING_TOO_LONG = "deploying_too_long"
    NOT_INDEXED = "not_indexed"
    NAME_UNUSED = "name_unused"
    DELETION_UNFINISHED = "deletion_unfinished"
    CONTENT_WITHOUT_RECORD = "content_without_record"
    DESCRIPTION_WITHOUT_RECORD = "description_without_record"
    PACKAGE_WITHOUT_RECORD = "package_without_record"
    LOG_WITHOUT_RECORD = "log_without_record"
    TRASH_EXPIRED = "trash_expired"
    CONTENT_IN_TRASH = "content_in_trash"
    CONTENT_GONE = "content_gone"
    DESCRIPTION_GONE = "description_gone"
    OLD_KEYS = "old_keys"
    OLD_TOMBSTONES = "old_tombstones"
    OLD_EVENTS = "old_events"
    OLD_DEAD_LETTERS = "old_dead_letters"
    OLD_RUNS = "old_runs"
    OLD_NAMES = "old_names"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a case is. `paid`: it may cost money each hour, so it is repaired sooner.

    `at_once`: the repair gives back what is missing, or takes what has an age of its own, so nobody waits for it.
    `in_bulk`: one finding is about all there are, of which a run removes some.
    """

    kind: Kind
    area: Area
    repair: Repair | None = None
    paid: bool = False
    at_once: bool = False
    in_bulk: bool = False


_OLD = Rule(Kind.STALE, Area.RECORDS, Repair.REMOVE_OLD, at_once=True, in_bulk=True)
RULES: dict[Case, Rule] = {
    Case.DEPLOYMENT_WITHOUT_RECORD: Rule(
        Kind.ORPHAN, Area.ENDPOINTS, Repair.REMOVE_DEPLOYMENT, paid=True
    ),
    Case.DEPLOYMENT_LEFT_OVER: Rule(
        Kind.ORPHAN, Area.ENDPOINTS, Repair.REMOVE_DEPLOYMENT, paid=True
    ),
    Case.DEPLOYMENT_GONE: Rule(Kind.MISSING, Area.ENDPOINTS, Repair.MARK_FAILED, paid=True),
    Case.DEPLOYMENT_BROKEN: Rule(Kind.DIVERGED, Area.ENDPOINTS, paid=True),
    Case.DEPLOYMENT_REPLACED: Rule(Kind.DIVERGED, Area.ENDPOINTS, paid=True),
    Case.ENDPOINT_WITHOUT_RECORD: Rule(
        Kind.ORPHAN, Area.ENDPOINTS, Repair.REMOVE_ENDPOINT, paid=True
    ),
    Case.ENDPOINT_TAGS_OLD: Rule(
        Kind.DIVERGED, Area.ENDPOINTS, Repair.RETAG, paid=True, at_once=True
    ),
    Case.TRAFFIC_DIFFERS: Rule(Kind.DIVERGED, Area.ENDPOINTS, Repair.RESTORE_TRAFFIC, paid=True),
    Case.DEPLOYMENT_IDLE: Rule(Kind.STALE, Area.ENDPOINTS, paid=True),
    Case.MODEL_WITHOUT_RECORD: Rule(Kind.ORPHAN, Area.REGISTRY, Repair.REMOVE_MODEL),
    Case.MODEL_GONE: Rule(Kind.MISSING, Area.REGISTRY, Repair.FORGET_VERSION),
    Case.DEPLOYED_MODEL_GONE: Rule(Kind.MISSING, Area.REGISTRY),
    Case.REFERENCED_MODEL_GONE: Rule(Kind.MISSING, Area.REGISTRY),
    Case.NEVER_REGISTERED: Rule(Kind.STALE, Area.RECORDS),
    Case.TEARDOWN_UNFINISHED: Rule(Kind.STALE, Area.RECORDS, paid=True),
    Case.DEPLOYING_TOO_LONG: Rule(Kind.STALE, Area.RECORDS, paid=True),
    Case.NOT_INDEXED: Rule(Kind.STALE, Area.RECORDS, Repair.REINDEX, paid=True),
    Case.NAME_UNUSED: Rule(Kind.STALE, Area.RECORDS, Repair.RELEASE_NAME),
    Case.DELETION_UNFINISHED: Rule(Kind.STALE, Area.RECORDS, Repair.FINISH_DELETION),
    Case.CONTENT_WITHOUT_RECORD: Rule(Kind.ORPHAN, Area.ARTIFACTS, Repair.PUT_AWAY),
    Case.DESCRIPTION_WITHOUT_RECORD: Rule(Kind.ORPHAN, Area.ARTIFACTS, Repair.PUT_AWAY),
    Case.PACKAGE_WITHOUT_RECORD: Rule(Kind.ORPHAN, Area.ARTIFACTS, Repair.PUT_AWAY),
    Case.LOG_WITHOUT_RECORD: Rule(Kind.ORPHAN, Area.ARTIFACTS, Repair.PUT_AWAY),
    Case.TRASH_EXPIRED: Rule(Kind.STALE, Area.ARTIFACTS, Repair.EMPTY_TRASH),
    Case.CONTENT_IN_TRASH: Rule(Kind.MISSING, Area.ARTIFACTS, Repair.BRING_BACK, at_once=True),
    Case.CONTENT_GONE: Rule(Kind.MISSING, Area.ARTIFACTS),
    Case.DESCRIPTION_GONE: Rule(Kind.MISSING, Area.ARTIFACTS, Repair.DESCRIBE, at_once=True),
    Case.OLD_KEYS: _OLD,
    Case.OLD_TOMBSTONES: _OLD,
    Case.OLD_EVENTS: _OLD,
    Case.OLD_DEAD_LETTERS: _OLD,
    Case.OLD_RUNS: _OLD,
    Case.OLD_NAMES: _OLD,
}

_GIVES_BACK = {
    Repair.RETAG,
    Repair.RESTORE_TRAFFIC,
    Repair.REINDEX,
    Repair.BRING_BACK,
    Repair.DESCRIBE,
}
DELETES = frozenset(Repair) - _GIVES_BACK - {Repair.FORGET_VERSION, Repair.REMOVE_OLD}
"""Repairs that take something away, or have it taken away after; they are bounded in one run."""

PROMPT = frozenset(Repair) - {Repair.RESTORE_TRAFFIC}
"""What is repaired unless a setting says otherwise: traffic that somebody changed by hand is theirs to keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Part):
    """One disagreement.

    `subject` names the thing as people do (`endpoint/deployment`, `model:version`, an id); `identity` tells it
    from another of the same name. `owner` is the user whose it is, as far as that is known. `since`: when the thing was
    made or came to be so; None where nobody knows.
    `instance_count` of `instance_type` are paid for meanwhile; `cost` is in US dollars a month, None where nothing is paid or
    the price is not known.
    """

    case: Case
    subject: str
    text: str
    identity: str = ""
    user_key: str = ""
    owner: str = ""
    since: datetime | None = None
    instance_type: str = ""
    instance_count: int = 0
    cost: float | None = None

    @property
    def rule(self) -> Rule:
        """What its case is."""
        return RULES[self.case]

    @property
    def key(self) -> str:
        """The same for the same disagreement in another run."""
        told = "\n".join((self.case, self.subject.lower(), self.identity))
        return hashlib.sha256(told.encode()).hexdigest()[:32]
