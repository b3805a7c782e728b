"""A local cloud in which records and workspace disagree in every way there is, between things that only look so."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from azure.storage.queue import QueueClient

from local.cloud import LocalCloud
from shared.adapters.azure_tables import AzureTables
from shared.adapters.system import SystemClock, SystemRandom
from shared.domain import ids, ownership, plans
from shared.domain.bookkeeping import ClaimKind, index_entry
from shared.domain.policy import DEPLOY_JOBS
from shared.domain.principal import user_key
from shared.domain.reconcile.findings import Case
from shared.domain.records import Deployment, Model, Plan, Status
from shared.ports import Delete, Random
from shared.service import claims, store
from shared.service.claims import Mint
from tests.days_of_use import write_days
from tests.e2e.by_hand import ByHand, age
from tests.e2e.conftest import Faults
from tests.e2e.look_alikes import plant_look_alikes
from tests.e2e.models import saved, wine_model
from tests.e2e.user import User
from tests.e2e.watch import Watch, frozen, tables, wait_at_rest

OLD = timedelta(days=8)
SEVERAL = 4
"""Of what is repaired in a few milliseconds there is more than one, so that a kill in the middle of it meets one."""
LOST = ("lost", "lost-too")
USER = user_key("local", "local")
RANDOM: Random = SystemRandom()
Cases = list[tuple[str, str]]


@dataclass
class Garden:
    """What is wrong in a cloud: what a run repairs, what it only tells; and the deployments by what was done to them."""

    cloud: LocalCloud
    user: User
    wrong: Cases = field(default_factory=list)
    told: Cases = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    def record(self, name: str) -> Deployment:
        """The record of a deployment as it is now."""
        return Watch(self.cloud, self.ids[name]).record()


def plant(cloud: LocalCloud, user: User, faults: Faults) -> Garden:
    """Makes it, and lets eight days go by for all that has to be old."""
    garden, hand = Garden(cloud, user), ByHand(cloud)
    _deploy_all(garden, faults)
    stored, stays = tables(cloud), garden.record("stays")
    garden.wrong += [
        *_left_over(garden, hand, stored),
        _gone(garden, hand),
        *_late(garden, hand),
        _tags_old(garden, hand),
        _model_gone(garden, hand, stored),
        _traffic(garden, hand),
        *(_name_unused(stored, f"unused-{number}") for number in range(SEVERAL)),
        *(_deletion_unfinished(garden, stored) for _ in range(SEVERAL)),
    ]
    garden.told += [
        _broken(garden, hand, faults),
        _replaced(garden, hand),
        _idle(garden, stored),
        _referenced_gone(garden, stored),
        _never_deployed(garden, stored),
        (Case.TEARDOWN_UNFINISHED, _stuck(garden, stored, "going", Plan.DELETE, Status.DELETED)),
        (Case.DEPLOYING_TOO_LONG, _stuck(garden, stored, "stuck", Plan.DEPLOY, Status.DEPLOYING)),
    ]
    plant_look_alikes(hand, stays)
    age(cloud, OLD)
    garden.wrong += _not_indexed(garden, stored)
    garden.wrong.sort()
    garden.told.sort()
    return garden


def _deploy_all(garden: Garden, faults: Faults) -> None:
    user = garden.user
    model_id = user.upload(saved(wine_model()))
    faults.add("PUT", "/onlineEndpoints/failing/deployments/", _FAILS)

    def deploy(name: str, endpoint: str) -> None:
        garden.ids[name] = user.deploy(model_id, endpoint_name=endpoint, deployment_name=name)

    for name in (
        "stays",
        "gone",
        "late",
        "broken",
        "replaced",
        "going",
        "stuck",
        "failing",
        "quiet",
        "before",
    ):
        deploy(name, {"stays": "shared", "before": "tagged"}.get(name, name))
    deploy("first", "routed")
    for name in ("stays", "first"):
        user.wait_active(garden.ids[name])
    deploy("torn-down", "shared")
    deploy("second", "routed")
    for name, each in garden.ids.items():
        (user.wait_failed if name == "failing" else user.wait_active)(each)
    for name in ("torn-down", "late", "before"):
        user.delete(garden.ids[name])
        user.wait_torn_down(garden.ids[name])
    deploy("tagged", "tagged")  # once more under the name that was given up
    user.wait_active(garden.ids["tagged"])
    wait_at_rest(garden.cloud, hints=10)


_FAILS = {"operation": {"fail": {"code": "ResourceNotReady", "message": "it does not start"}}}


def _place(record: Deployment) -> str:
    return f"{record.endpoint_name}/{record.deployment_name}"


# ------------------------------------------------------------------ what a run repairs


def _left_over(garden: Garden, hand: ByHand, stored: AzureTables) -> Cases:
    """One of a deployment that was torn down, one of an acceptance that was given up."""
    stays, gone = garden.record("stays"), garden.record("torn-down")
    hand.deployment("shared/torn-down", stays, ownership.deployment_tags(gone))
    told = ids.render_id(Mint(stored, SystemClock(), RANDOM).claim(ClaimKind.DEPLOYMENT, USER))
    hand.deployment("shared/given-up", stays, {ownership.DEPLOYMENT_TAG: told})
    return [
        (Case.DEPLOYMENT_LEFT_OVER, "shared/torn-down"),
        (Case.DEPLOYMENT_WITHOUT_RECORD, "shared/given-up"),
    ]


def _gone(garden: Garden, hand: ByHand) -> tuple[str, str]:
    hand.drop(garden.record("gone"))
    return Case.DEPLOYMENT_GONE, "gone/gone"


def _late(garden: Garden, hand: ByHand) -> Cases:
    """An endpoint and a model version that calls made which came too late."""
    record = garden.record("late")
    hand.endpoint("late", ownership.endpoint_tags(record.user_key, record.endpoint_tag))
    hand.model(record.azure_model_name, garden.record("stays"), ownership.deployment_tags(record))
    return [
        (Case.ENDPOINT_WITHOUT_RECORD, "late"),
        (Case.MODEL_WITHOUT_RECORD, f"{record.azure_model_name}:1"),
    ]


def _tags_old(garden: Garden, hand: ByHand) -> tuple[str, str]:
    before = garden.record("before")
    tags = ownership.endpoint_tags(before.user_key, before.endpoint_tag)
    hand.endpoint("tagged", tags, {"tagged": 100})
    return Case.ENDPOINT_TAGS_OLD, "tagged"


def _model_gone(garden: Garden, hand: ByHand, stored: AzureTables) -> tuple[str, str]:
    record = garden.record("failing")
    hand.remove(f"models/{record.azure_model_name}/versions/{record.azure_model_version}")
    found = Watch(garden.cloud, record.id).stored()
    aged = replace(found.record, created_at=_long_ago(), deployed_at=None)
    store.save(stored, RANDOM, store.RECORDS, store.deployment_row(aged, found.row.etag))
    return Case.MODEL_GONE, f"{record.azure_model_name}:{record.azure_model_version}"


def _traffic(garden: Garden, hand: ByHand) -> tuple[str, str]:
    first = garden.record("first")
    hand.endpoint(
        "routed", ownership.endpoint_tags(first.user_key, first.endpoint_tag), {"second": 100}
    )
    return Case.TRAFFIC_DIFFERS, "routed"


def _name_unused(stored: AzureTables, name: str) -> tuple[str, str]:
    told = ids.render_id(ids.to_moment(_long_ago()))
    claims.claim_endpoint_name(stored, RANDOM, name, USER, told)
    return Case.NAME_UNUSED, name


def _deletion_unfinished(garden: Garden, stored: AzureTables) -> tuple[str, str]:
    model = _changed_model(garden, stored, leaving=_long_ago())
    return Case.DELETION_UNFINISHED, model


def _not_indexed(garden: Garden, stored: AzureTables) -> Cases:
    """Accepted while no worker was there; their entries in the index and their hints are lost."""
    queue = QueueClient.from_connection_string(garden.cloud.connection_string, DEPLOY_JOBS)
    model_id = garden.user.upload(saved(wine_model()))
    with frozen(garden.cloud, 0), queue:
        for name in LOST:
            garden.ids[name] = garden.user.deploy(model_id, endpoint_name=name)
            entry = store.load_inflight(stored, USER, garden.ids[name])
            assert entry is not None
            stored.commit(store.INFLIGHT, [Delete(entry.row)])
        queue.clear_messages()
    return [(Case.NOT_INDEXED, _place(garden.record(name))) for name in LOST]


# ------------------------------------------------------------------ what a run only tells


def _broken(garden: Garden, hand: ByHand, faults: Faults) -> tuple[str, str]:
    record = garden.record("broken")
    faults.add("PUT", "/onlineEndpoints/broken/deployments/", _FAILS)
    tags = ownership.deployment_tags(record)
    hand.deployment("broken/broken", record, tags, instances=2, ends="Failed")
    return Case.DEPLOYMENT_BROKEN, "broken/broken"


def _replaced(garden: Garden, hand: ByHand) -> tuple[str, str]:
    record = garden.record("replaced")
    tags = ownership.deployment_tags(record) | {ownership.DIGEST_TAG: "0" * 64}
    hand.deployment("replaced/replaced", record, tags)
    return Case.DEPLOYMENT_REPLACED, "replaced/replaced"


def _idle(garden: Garden, stored: AzureTables) -> tuple[str, str]:
    """One that nobody has called, beside others of whose use nothing is known."""
    write_days(stored, garden.record("quiet"), {}, now=datetime.now(UTC))
    return Case.DEPLOYMENT_IDLE, "quiet/quiet"


def _referenced_gone(garden: Garden, stored: AzureTables) -> tuple[str, str]:
    _changed_model(garden, stored, registry_name="theirs", registry_version="3")
    return Case.REFERENCED_MODEL_GONE, "theirs:3"


def _never_deployed(garden: Garden, stored: AzureTables) -> tuple[str, str]:
    return Case.NEVER_REGISTERED, _changed_model(garden, stored, created_at=_long_ago())


def _stuck(garden: Garden, stored: AzureTables, name: str, plan: Plan, status: Status) -> str:
    """A deployment as it stands between two turns of a work that does not come to an end."""
    found = Watch(garden.cloud, garden.ids[name]).stored()
    old, never = datetime.now(UTC) - timedelta(hours=3), datetime.now(UTC) + timedelta(days=900)
    work = replace(plans.start_work(plan, old, old), due_at=never, trouble="Azure says no")
    record = replace(found.record, work=work, status=status, generation=2)
    entry = index_entry(record, since=old, not_before=never)
    store.insert(stored, RANDOM, store.INFLIGHT, store.inflight_row(entry))
    stored.commit(store.RECORDS, [Delete(found.row)])
    store.insert(stored, RANDOM, store.RECORDS, store.deployment_row(record))
    return _place(record)


def _changed_model(garden: Garden, stored: AzureTables, **fields: object) -> str:
    """The id of a new model, with some fields of its record changed."""
    found = store.load_model(stored, USER, garden.user.upload(saved(wine_model())))
    assert found is not None
    changed: Model = replace(found.record, **fields)  # type: ignore[arg-type]  # fields by name
    store.save(stored, RANDOM, store.RECORDS, store.model_row(changed, found.row.etag))
    return changed.id


def _long_ago() -> datetime:
    return datetime.now(UTC) - OLD
