"""A turn that stood still just before its call of the cloud cannot be stopped: what it leaves is found."""

from contextlib import suppress

import pytest

from shared.cloud_ports import NewDeployment
from shared.domain import ownership
from shared.domain.errors import CloudError
from shared.domain.records import Deployment
from tests.service.promises import check_rest
from tests.service.world import World


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "beside another"])
def test_a_deployment_made_again_at_any_moment_of_its_deletion_is_not_left_to_be_paid(
    shared: bool,
) -> None:
    effects = delete_with_a_late_call(shared, at=-1)
    assert {"remove_deployment", "remove_model"} <= set(effects)
    for at in range(len(effects)):
        delete_with_a_late_call(shared, at)


def delete_with_a_late_call(shared: bool, at: int) -> list[str]:
    """Makes the deployment again just before the effect `at` of its deletion; the effects' names."""
    world = World(operation_seconds=0)
    staying = [world.live(endpoint_name="shop", deployment_name="blue")] if shared else []
    going = world.live(endpoint_name="shop", deployment_name="green")
    late, effects = as_created(going), []

    def before(name: str) -> None:
        effects.append(name)
        if len(effects) == at + 1:
            with suppress(CloudError):  # Azure refuses what has no endpoint, or no model, any more
                world.cloud.put_deployment(late)

    world.effects.before = before
    world.delete(going)
    world.settle()

    check_rest(world)
    found = world.in_cloud()
    assert found.deployments == [each.deployment_name for each in staying], effects[at]
    assert found.models == [each.azure_model_name for each in staying], effects[at]
    assert found.endpoints == ["shop"] * len(staying), effects[at]
    return effects


def as_created(record: Deployment) -> NewDeployment:
    return NewDeployment(
        name=record.deployment_name,
        endpoint_name=record.endpoint_name,
        model_name=record.azure_model_name,
        model_version=record.azure_model_version,
        instance_type=record.instance_type,
        instance_count=record.instance_count,
        environment_variables=record.environment_variables,
        tags=ownership.deployment_tags(record),
    )
