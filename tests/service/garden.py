"""A world in which records and cloud disagree in every way there is, between things that only look so."""

from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain import ids, names, ownership, plans
from shared.domain.bookkeeping import ClaimKind, index_entry
from shared.domain.reconcile.findings import Case
from shared.domain.records import Deployment, Model, Plan, Status
from shared.ports import Delete
from shared.service import claims, store
from tests.days_of_use import write_days
from tests.service import garden_of_files, garden_of_rows
from tests.service.reconciling import DAY, HOUR, Reconciled, tags_of
from tests.service.world import ANNA, BERT

Cases = list[tuple[Case, str]]


@dataclass
class Garden:
    """What is wrong in it: what a run repairs, what it only tells, and what is as it should be."""

    world: Reconciled
    wrong: Cases
    told: Cases
    kept: list[Deployment]
    files: list[str]


def plant() -> Garden:
    """A world with everything in it, all old enough; `kept` and `files` are as they should be, or not ours."""
    world = Reconciled()
    old = garden_of_files.plant_old_trash(world) + garden_of_rows.plant_old(world)
    world.sleep(400 * DAY)
    stays = world.live(endpoint_name="shared")
    other = world.live(BERT)
    wrong = [
        *old,
        *garden_of_files.plant_wrong(world),
        *_left_over(world, stays),
        _gone(world),
        _endpoint_without_record(world),
        _model_without_record(world),
        _model_gone(world),
        _tags_old(world),
        _name_unused(world),
        _deletion_unfinished(world),
    ]
    told = [
        *garden_of_files.plant_told(world),
        _broken(world),
        _replaced(world),
        _traffic(world),
        _deployed_model_gone(world),
        _referenced_gone(world),
        _never_deployed(world),
    ]
    _look_alikes(world, stays)
    files = garden_of_files.plant_look_alikes(world)
    going, stuck = world.live(), world.live()
    quiet, called = world.live(endpoint_name="quiet"), world.live(endpoint_name="called")
    world.settle()
    world.sleep(8 * DAY)
    wrong.append(_not_indexed(world))
    told += [_teardown(world, going), _too_long(world, stuck)]
    told += garden_of_files.plant_young(world)
    world.sleep(3 * HOUR)
    told.append(_idle(world, quiet))
    write_days(world.tables, called, {1: 1}, now=world.clock.now())
    return Garden(world, sorted(wrong), sorted(told), [stays, other], files)


def _place(record: Deployment) -> str:
    return f"{record.endpoint_name}/{record.deployment_name}"


# ------------------------------------------------------------------ what a run repairs


def _left_over(world: Reconciled, stays: Deployment) -> Cases:
    """One of a deployment that was torn down, one of an acceptance that was given up."""
    gone = world.live(endpoint_name="shared", deployment_name="torn-down")
    world.delete(gone)
    world.settle()
    world.put_in_cloud("shared", "torn-down", stays, tags_of(gone))
    told = ids.render_id(world.mint.claim(ClaimKind.DEPLOYMENT, ANNA.user_key))
    world.put_in_cloud("shared", "given-up", stays, {ownership.DEPLOYMENT_TAG: told})
    return [
        (Case.DEPLOYMENT_LEFT_OVER, "shared/torn-down"),
        (Case.DEPLOYMENT_WITHOUT_RECORD, "shared/given-up"),
    ]


def _gone(world: Reconciled) -> tuple[Case, str]:
    record = world.live()
    world.drop(record)
    return Case.DEPLOYMENT_GONE, _place(record)


def _endpoint_without_record(world: Reconciled) -> tuple[Case, str]:
    record = world.live(endpoint_name="late")
    world.delete(record)
    world.settle()
    world.put_endpoint("late", ownership.endpoint_tags(record.user_key, record.endpoint_tag))
    return Case.ENDPOINT_WITHOUT_RECORD, "late"


def _model_without_record(world: Reconciled) -> tuple[Case, str]:
    record = world.live()
    world.delete(record)
    world.settle()
    world.register(record.azure_model_name, tags_of(record), record)
    return Case.MODEL_WITHOUT_RECORD, f"{record.azure_model_name}:1"


def _model_gone(world: Reconciled) -> tuple[Case, str]:
    record = _failed(world)
    world.cloud.remove_model(record.azure_model_name, "1")
    return Case.MODEL_GONE, f"{record.azure_model_name}:1"


def _failed(world: Reconciled) -> Deployment:
    """A deployment that has failed after it was registered."""
    record = world.deploy(world.upload())
    world.run_until(lambda: bool(world.read(record).azure_model_version))
    world.cloud.broken_paths = {f"packages/{world.read(record).package_digest}"}
    world.settle()
    world.cloud.broken_paths = set()
    record = world.read(record)
    assert record.status is Status.FAILED
    return record


def _tags_old(world: Reconciled) -> tuple[Case, str]:
    world.tag_late("tagged")
    return Case.ENDPOINT_TAGS_OLD, "tagged"


def _name_unused(world: Reconciled) -> tuple[Case, str]:
    told = ids.render_id(world.mint.claim(ClaimKind.DEPLOYMENT, ANNA.user_key))
    claims.claim_endpoint_name(world.tables, world.ports.random, "unused", ANNA.user_key, told)
    return Case.NAME_UNUSED, "unused"


def _deletion_unfinished(world: Reconciled) -> tuple[Case, str]:
    model = _changed(world, world.upload(), leaving=world.clock.now())
    return Case.DELETION_UNFINISHED, model.id


def _not_indexed(world: Reconciled) -> tuple[Case, str]:
    record = world.deploy(world.upload())
    entry = store.load_inflight(world.tables, record.user_key, record.id)
    assert entry is not None
    world.tables.commit(store.INFLIGHT, [Delete(entry.row)])
    world.lose_messages()
    return Case.NOT_INDEXED, _place(record)


# ------------------------------------------------------------------ what a run only tells


def _broken(world: Reconciled) -> tuple[Case, str]:
    record = world.live()
    held = world.cloud._find(record.endpoint_name, record.deployment_name)
    assert held is not None
    held.state = "Failed"
    return Case.DEPLOYMENT_BROKEN, _place(record)


def _replaced(world: Reconciled) -> tuple[Case, str]:
    record = world.live()
    tags = tags_of(record) | {ownership.DIGEST_TAG: "0" * 64}
    world.put_in_cloud(record.endpoint_name, record.deployment_name, record, tags)
    return Case.DEPLOYMENT_REPLACED, _place(record)


def _traffic(world: Reconciled) -> tuple[Case, str]:
    first = world.live(endpoint_name="routed", deployment_name="first")
    world.live(endpoint_name="routed", deployment_name="second")
    tags = ownership.endpoint_tags(first.user_key, first.endpoint_tag)
    world.cloud.put_endpoint("routed", tags=tags, traffic={"second": 100})
    world.run_for(60)
    return Case.TRAFFIC_DIFFERS, "routed"


def _deployed_model_gone(world: Reconciled) -> tuple[Case, str]:
    record = world.live()
    del world.cloud._models[record.azure_model_name, "1"]  # Azure's API refuses to, while it serves
    return Case.DEPLOYED_MODEL_GONE, f"{record.azure_model_name}:1"


def _idle(world: Reconciled, record: Deployment) -> tuple[Case, str]:
    write_days(world.tables, record, {}, now=world.clock.now())
    return Case.DEPLOYMENT_IDLE, _place(record)


def _referenced_gone(world: Reconciled) -> tuple[Case, str]:
    _changed(world, world.upload(), registry_name="theirs", registry_version="3")
    return Case.REFERENCED_MODEL_GONE, "theirs:3"


def _never_deployed(world: Reconciled) -> tuple[Case, str]:
    return Case.NEVER_REGISTERED, world.upload().id


def _changed(world: Reconciled, model: Model, **fields: object) -> Model:
    stored = store.load_model(world.tables, model.user_key, model.id)
    assert stored is not None
    changed: Model = replace(stored.record, **fields)  # type: ignore[arg-type]  # fields by name
    row = store.model_row(changed, stored.row.etag)
    store.save(world.tables, world.ports.random, store.RECORDS, row)
    return changed


def _teardown(world: Reconciled, record: Deployment) -> tuple[Case, str]:
    """A deletion that Azure does not let come to an end, as it stands between two of its turns."""
    return Case.TEARDOWN_UNFINISHED, _stuck(world, record, Plan.DELETE, Status.DELETED)


def _too_long(world: Reconciled, record: Deployment) -> tuple[Case, str]:
    """A deployment that no sweep has ended, as it stands in the middle."""
    return Case.DEPLOYING_TOO_LONG, _stuck(world, record, Plan.DEPLOY, Status.DEPLOYING)


def _stuck(world: Reconciled, record: Deployment, plan: Plan, status: Status) -> str:
    now, never = world.clock.now(), world.clock.now() + timedelta(days=900)
    work = replace(plans.start_work(plan, now, now), due_at=never, trouble="Azure says no")
    stored = store.load_deployment(world.tables, record.user_key, record.id)
    assert stored is not None
    changed = replace(stored.record, work=work, status=status, generation=2)
    world.tables.commit(store.RECORDS, [Delete(stored.row)])
    store.insert(world.tables, world.ports.random, store.RECORDS, store.deployment_row(changed))
    entry = index_entry(changed, since=now, not_before=never)
    store.insert(world.tables, world.ports.random, store.INFLIGHT, store.inflight_row(entry))
    return _place(record)


# ------------------------------------------------------------------ what only looks so


def _look_alikes(world: Reconciled, stays: Deployment) -> None:
    """Somebody's own endpoint; another installation's, with our words for its tags; tags copied by hand; names like ours."""
    unknown = "20200101000000000000"
    world.put_endpoint("foreign", {"team": "physics"})
    world.put_in_cloud("foreign", "theirs", stays, {"team": "physics"})
    world.put_endpoint("another", ownership.endpoint_tags("f" * 32, "e" * 32))
    world.put_in_cloud("another", "theirs", stays, {ownership.DEPLOYMENT_TAG: unknown})
    world.put_in_cloud("foreign", "copied", stays, tags_of(stays))
    world.put_in_cloud("shared", "untagged", stays, {})
    world.register(names.registry_name("churn", unknown), {}, stays)
    world.register(
        names.registry_name("churn", "20200101000000000001"),
        {ownership.DEPLOYMENT_TAG: "20200101000000000001"},
        stays,
    )
    world.register("their_own", tags_of(stays), stays)
