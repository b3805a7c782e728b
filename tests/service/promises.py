"""What must be so when everything has come to rest, whatever went wrong on the way."""

from shared.domain.policy import DEPLOY_JOBS
from shared.domain.records import Deployment, Status
from tests.service.world import ANNA, World


def check_rest(world: World) -> None:
    """Nothing is pending, histories are whole, and names are claimed just where an endpoint is."""
    assert world.queue.next_visible(DEPLOY_JOBS) is None
    assert world.unfinished() == []
    assert world.claimed_names() == world.endpoint_rows()
    for record in world.all_deployments():
        events = world.events(record)
        assert [each.number for each in events] == list(range(1, record.events + 1))
        assert record.lease is None
        assert record.work.step is None


def check_one_active(world: World, record: Deployment) -> None:
    """One deployment is live, with one of each thing in the cloud, and all the traffic."""
    check_rest(world)
    record, cloud = world.read(record), world.in_cloud()
    assert record.status is Status.ACTIVE, record.failure
    assert cloud.models == [record.azure_model_name]
    assert cloud.traffic == {record.endpoint_name: {record.deployment_name: 100}}
    assert cloud.deployments == [record.deployment_name]
    endpoint = world.endpoint(record.endpoint_name)
    assert endpoint is not None
    assert endpoint.holder is None
    assert dict(endpoint.traffic) == {record.deployment_name: 100}


def check_gone(world: World, record: Deployment) -> None:
    """A deleted deployment has left nothing at all."""
    check_rest(world)
    record, cloud = world.read(record), world.in_cloud()
    assert record.status is Status.DELETED
    assert record.torn_down_at is not None
    assert cloud.models == []
    assert cloud.paid == []
    assert world.endpoint(record.endpoint_name) is None


def check_failed_clean(world: World, record: Deployment, code: str) -> None:
    """A failed deployment keeps its record and its registered model, and nothing that is paid."""
    check_rest(world)
    record = world.read(record)
    assert record.status is Status.FAILED
    assert record.failure is not None
    assert record.failure.code == code
    assert world.in_cloud().paid == []
    assert world.endpoint(record.endpoint_name, ANNA) is None
