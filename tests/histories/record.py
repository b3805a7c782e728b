"""Records the histories of the present version: `python -m tests.histories.record 0.1`.

Done once, when a version is finished, and never again for that version: what it wrote is what later
ones meet. `test_replay` lets today's code go on from every effect of every history there is.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.domain.policy import DEPLOY_REQUESTS
from shared.domain.records import Deployment
from shared.service import produce
from tests.histories.history import Recording, Scene, save_history
from tests.service.world import ANNA, HOST_LEASE, World

HERE = Path(__file__).parent
ISSUER = ANNA.issuer


def take_requests(world: World) -> None:
    """Accepts the deploy requests of producers that can be seen on the queue."""
    while message := world.queue.receive(DEPLOY_REQUESTS, lease=HOST_LEASE):
        produce.accept_event(
            world.ports, world.mint, world.policy, [ANNA.user_id], ISSUER, message.text
        )
        world.queue.delete(DEPLOY_REQUESTS, message)


def _deployed(on: Recording, ends: str = "active", **fields: Any) -> Deployment:
    record = on.world.deploy(on.world.upload(), **fields)
    on.promise(record.id, ends)
    return record


def _live(on: Recording, **fields: Any) -> Deployment:
    record = _deployed(on, **fields)
    on.world.settle()
    return record


def _delete(on: Recording, record: Deployment, *, traffic_to: str = "") -> None:
    on.promise(record.id, "active", "deleted")  # until it is accepted
    on.world.delete(record, traffic_to=traffic_to)
    on.promise(record.id, "deleted")


def _deploy_with_all(on: Recording) -> Deployment:
    environment = {"LOG_LEVEL": "debug"}
    return _live(on, description="größer", environment_variables=environment, key="k1")


def deploy(on: Recording) -> None:
    """One that becomes active, with everything that a request can ask for."""
    _deploy_with_all(on)


def second_on_endpoint(on: Recording) -> None:
    """Another on the same endpoint, while the first is still being deployed."""
    _deployed(on, endpoint_name="shop")
    on.world.deliver()
    _deployed(on, endpoint_name="shop")
    on.world.settle()


def delete(on: Recording) -> None:
    """One that is active goes."""
    _delete(on, _deploy_with_all(on))
    on.world.settle()


def delete_while_deploying(on: Recording) -> None:
    """One goes while the cloud creates its endpoint."""
    record = _deployed(on)
    on.world.deliver()
    _delete(on, record)
    on.world.settle()


def container_crash(on: Recording) -> None:
    """The container crashes: the deployment is given up and cleaned away."""
    _deployed(on, "failed")
    on.world.settle()


def no_quota(on: Recording) -> None:
    """Too few cores."""
    _deployed(on, "failed")
    on.world.settle()


def hand_over(on: Recording) -> None:
    """The one with traffic goes, and another takes over."""
    first = _live(on, endpoint_name="shop")
    _live(on, endpoint_name="shop", deployment_name="heir")
    _delete(on, first, traffic_to="heir")
    on.world.settle()


def producer_event(on: Recording) -> None:
    """A pipeline asks for a deployment, and then for one that is refused."""
    model = on.world.upload()
    for number, model_id in enumerate((model.id, "model_nobody_20260101000000000000")):
        event = {
            "specversion": "1.0",
            "type": "longshore.deploy",
            "source": "pipelines/churn",
            "id": f"run-{number}",
            "data": {"user_id": ANNA.user_id, "model_id": model_id},
        }
        on.world.queue.send(DEPLOY_REQUESTS, json.dumps(event))
    take_requests(on.world)
    on.promise(on.world.deployments()[0].id, "active")
    on.world.settle()


PATHS: dict[Callable[[Recording], None], Scene] = {
    deploy: Scene(),
    second_on_endpoint: Scene(),
    delete: Scene(),
    delete_while_deploying: Scene(),
    container_crash: Scene(crashing=True),
    no_quota: Scene(cores=1),
    hand_over: Scene(),
    producer_event: Scene(),
}


def main() -> None:
    """Writes one history a path into the folder of the version."""
    folder = HERE / sys.argv[1]
    for path, scene in PATHS.items():
        recording = Recording(scene)
        path(recording)
        save_history(recording.history, folder / f"{path.__name__}.jsonl.gz")


if __name__ == "__main__":
    main()
