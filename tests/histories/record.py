"""Records the histories of the present version: `python -m tests.histories.record 0.1`.

Done once, when a version is finished, and never again for that version: what it wrote is what later
ones meet. `test_replay` lets today's code go on from every effect of every history there is.
"""

import json
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

from shared.domain.policy import DEPLOY_JOBS, DEPLOY_REQUESTS
from shared.domain.records import Deployment, Plan, Step
from shared.service import run
from shared.service.catalogue import uploads
from shared.service.catalogue.models import Upload
from tests.histories.history import Recording, Scene, save_history
from tests.service.queue_host import QueueHost
from tests.service.sample import CONTENT
from tests.service.world import ANNA

HERE = Path(__file__).parent


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
    host = QueueHost(on.world)
    while not on.world.deployments():
        assert host.deliver()
    on.promise(on.world.deployments()[0].id, "active")
    host.run(300)


def retry(on: Recording) -> None:
    """One that failed for its quota is tried again once there is more."""
    record = _deployed(on, "failed")
    on.world.settle()
    on.change(cores=100)
    on.promise(record.id, "failed", "active")  # until it is accepted
    on.world.retry(record, key="k1")
    on.promise(record.id, "active")
    on.world.settle()


def retry_at_once(on: Recording) -> None:
    """One whose container crashed is tried again before its first try has been cleared away."""
    record = _deployed(on, "failed")
    on.world.run_until(lambda: on.world.read(record).work.plan is Plan.ABANDON)
    on.change(crashing=False)
    on.promise(record.id, "failed", "active")  # until it is accepted
    on.world.retry(record)
    on.promise(record.id, "active")
    on.world.settle()


def redeploy(on: Recording) -> None:
    """One that was deleted is deployed again, as a new one."""
    record = _live(on)
    _delete(on, record)
    on.world.settle()
    on.promise(on.world.redeploy(record, key="k1").id, "active")
    on.world.settle()


def traffic(on: Recording) -> None:
    """Traffic is shared by two, and one takes all of it before that has been done."""
    _live(on, endpoint_name="shop", deployment_name="blue")
    _live(on, endpoint_name="shop", deployment_name="green")
    on.world.route("shop", blue=30, green=70)
    on.world.deliver()
    on.world.route("shop", green=100)
    on.world.settle()


def carrier_goes(on: Recording) -> None:
    """The one that carries a change of traffic, and was to have all of it, is deleted meanwhile."""
    _live(on, endpoint_name="shop", deployment_name="blue")
    green = _live(on, endpoint_name="shop", deployment_name="green")
    on.world.route("shop", green=100)
    on.world.deliver()
    _delete(on, green, traffic_to="blue")
    on.world.settle()


def in_line(on: Recording) -> None:
    """Three come to one endpoint at once, and the second goes while it waits."""
    records = [_deployed(on, endpoint_name="shop") for _ in range(3)]
    for _ in records:
        on.world.deliver()
    _delete(on, records[1])
    on.world.settle()


def keyed_upload(on: Recording) -> None:
    """A model is sent twice under one key, and deployed twice under another."""
    sent = [
        uploads.accept_upload(
            on.world.ports,
            on.world.mint,
            on.world.policy,
            ANNA,
            Upload(file=BytesIO(CONTENT), filename="model.pkl", model_name="churn"),
            key="k1",
        ).record
        for _ in range(2)
    ]
    for model in sent:
        on.promise(on.world.deploy(model, key="k2").id, "active")
    on.world.settle()


def poison(on: Recording) -> None:
    """A release that crashes in a step is mended after the message has been poisoned."""
    works = run.STEPS[Step.REGISTER]
    run.STEPS[Step.REGISTER] = _crash
    try:
        record = _deployed(on)
        QueueHost(on.world).run(120)
    finally:
        run.STEPS[Step.REGISTER] = works
    assert on.world.read(record).work.crashes
    QueueHost(on.world).run(900)


def _crash(_turn: object) -> NoReturn:
    raise ZeroDivisionError("a bug of that release")


def garbage(on: Recording) -> None:
    """What nobody can read comes on both queues, twice."""
    for _ in range(2):
        on.world.queue.send(DEPLOY_JOBS, "{")
        on.world.queue.send(DEPLOY_REQUESTS, "{}")
    _deployed(on)
    QueueHost(on.world).run(120)


PATHS: dict[Callable[[Recording], None], Scene] = {
    deploy: Scene(),
    second_on_endpoint: Scene(),
    delete: Scene(),
    delete_while_deploying: Scene(),
    container_crash: Scene(crashing=True),
    no_quota: Scene(cores=1),
    hand_over: Scene(),
    producer_event: Scene(),
    retry: Scene(cores=1),
    retry_at_once: Scene(crashing=True),
    redeploy: Scene(),
    traffic: Scene(),
    carrier_goes: Scene(),
    in_line: Scene(),
    keyed_upload: Scene(),
    poison: Scene(),
    garbage: Scene(),
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
