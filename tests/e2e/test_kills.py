"""The worker killed in the middle of every step: the deployment goes on as if nothing had been."""

from local.cloud import LocalCloud
from local.processes import wait_until
from shared.adapters import storage_account
from shared.adapters.azure_tables import AzureTables
from shared.domain.plans import STEPS
from shared.domain.principal import user_key
from shared.domain.records import Deployment, Plan, Step
from shared.service import store
from tests.e2e.conftest import Faults
from tests.e2e.models import saved, wine_model, wine_payload, wine_predictions
from tests.e2e.user import User

EVERY_CALL_SLOW = {"delay": 0.3}  # seconds: so that a kill falls into the step and not past it


class Watch:
    """Reads a deployment's record as the worker does, to see it in the middle of a step."""

    def __init__(self, cloud: LocalCloud, deployment_id: str) -> None:
        account = storage_account.from_connection_string(cloud.connection_string)
        self._tables, self._id = AzureTables(account), deployment_id

    def record(self) -> Deployment:
        stored = store.load_deployment(self._tables, user_key("local", "local"), self._id)
        assert stored is not None
        return stored.record

    def wait_inside(self, step: Step) -> None:
        def inside() -> bool:
            record = self.record()
            assert record.work.step is not None, f"finished before {step} was seen"
            return record.work.step is step and record.lease is not None

        wait_until(inside, seconds=60, what=f"a turn inside {step}")


def kill_in_every_step(cloud: LocalCloud, deployment_id: str, plan: Plan) -> list[Step]:
    watch = Watch(cloud, deployment_id)
    killed = []
    for step in STEPS[plan]:
        watch.wait_inside(step)
        cloud.kill_worker()
        killed.append(watch.record().work.step)
    return [step for step in killed if step is not None]


def test_a_worker_killed_in_every_step_deploys_once_and_deletes_all(
    cloud: LocalCloud, user: User, faults: Faults
) -> None:
    faults.add("*", ".", EVERY_CALL_SLOW, times=0)
    model = wine_model()
    model_id = user.upload(saved(model))
    cloud.kill_worker()  # a cold one takes its time over the first step

    deployment_id = user.deploy(model_id)
    killed = kill_in_every_step(cloud, deployment_id, Plan.DEPLOY)
    deployed = user.wait_active(deployment_id)

    assert killed == list(STEPS[Plan.DEPLOY])
    assert count(cloud, "models", deployed["azure_model_name"]) == 1
    assert count(cloud, "endpoints", deployed["endpoint_name"]) == 1
    assert count(cloud, "deployments", deployed["deployment_name"]) == 1
    assert user.score(deployed, wine_payload(3)).json() == wine_predictions(model, 3)

    user.delete(deployment_id)
    killed = kill_in_every_step(cloud, deployment_id, Plan.DELETE)
    user.wait_torn_down(deployment_id)

    assert killed == list(STEPS[Plan.DELETE])
    assert count(cloud, "models", deployed["azure_model_name"]) == 0
    assert count(cloud, "endpoints", deployed["endpoint_name"]) == 0
    assert count(cloud, "deployments", deployed["deployment_name"]) == 0


def count(cloud: LocalCloud, kind: str, name: str) -> int:
    return sum(each["name"] == name for each in cloud.resources()[kind])
