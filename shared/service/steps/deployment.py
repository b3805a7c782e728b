"""Step 4: the deployment runs on the endpoint, its container healthy, without traffic."""

from shared.cloud_ports import NewDeployment
from shared.domain import ownership, phases
from shared.domain.failures import failure, not_started
from shared.domain.outcomes import Done, Failed, Outcome, Wait
from shared.domain.records import Failure, Step, Turn as WhoseTurn
from shared.service import pace
from shared.service.steps.register import find_missing
from shared.service.turn import Turn

_READY, _GONE_WRONG = "Succeeded", ("Failed", "Canceled")


def ensure_deployment(turn: Turn) -> Outcome:
    """Adopts the deployment that is ours, or creates it."""
    record = turn.record
    found = turn.ports.view.find_deployment(record.endpoint_name, record.deployment_name)
    if found is None:
        if missing := find_missing(turn):
            return missing
        turn.before_change()
        turn.ports.control.put_deployment(_new_deployment(turn))
        return Wait(why=f"Azure starts {record.deployment_name}", began=True)
    if not ownership.is_ours(found.tags, ownership.deployment_tags(record)):
        return Failed(failure=_taken(turn))
    if found.state == _READY:
        pace.learn(turn, Step.DEPLOYMENT)
        text = f"{record.deployment_name} runs on {record.endpoint_name}."
        return Done(text=text, phases=(phases.DEPLOYMENT_READY,))
    if found.state in _GONE_WRONG:
        return Failed(failure=not_started(record, found.state, found.error))
    return Wait(why=f"Azure says {record.deployment_name} is {found.state}")


def _new_deployment(turn: Turn) -> NewDeployment:
    record = turn.record
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


def _taken(turn: Turn) -> Failure:
    record = turn.record
    return failure(
        "deployment_name_taken",
        f"{record.endpoint_name} has a deployment {record.deployment_name} that Longshore did not make "
        "for this request.",
        WhoseTurn.YOU,
        "Deploy with another deployment_name, or without one.",
    )
