"""Step 3: the endpoint is there, ours, and ready to take a deployment."""

from shared.domain import phases
from shared.domain.failures import failure
from shared.domain.outcomes import Done, Failed, Outcome, Wait
from shared.domain.records import Failure, Step
from shared.domain.records import Turn as WhoseTurn
from shared.service import pace
from shared.service.turn import Turn

_READY, _GONE_WRONG = "Succeeded", ("Failed", "Canceled")


def ensure_endpoint(turn: Turn) -> Outcome:
    """Adopts the endpoint that is ours, or creates it; the right to change it is kept."""
    stored = turn.endpoint()
    if stored is None:
        return Failed(failure=_lost())
    held = turn.hold_endpoint(stored)
    if isinstance(held, Wait):
        return held
    found, ours = turn.cloud_endpoint()
    name = turn.record.endpoint_name
    if found is None:
        turn.before_change()
        turn.ports.control.put_endpoint(name, tags=turn.endpoint_tags(), traffic={})
        return Wait(why=f"Azure creates the endpoint {name}", began=True)
    if not ours:
        return Failed(failure=taken(name))
    if found.state == _READY:
        pace.learn(turn, Step.ENDPOINT)
        return Done(text=f"Endpoint {name} is ready.", phases=(phases.ENDPOINT_READY,))
    if found.state in _GONE_WRONG:
        return Failed(failure=_not_created(name, found.state))
    return Wait(why=f"Azure says the endpoint {name} is {found.state}")


def taken(name: str) -> Failure:
    """The failure where the endpoint in the cloud is somebody else's."""
    return failure(
        "endpoint_taken",
        f"An endpoint named {name} exists in this region and was not made by Longshore for you.",
        WhoseTurn.YOU,
        "Deploy again with another endpoint_name, or without one.",
    )


def gone(name: str) -> Failure:
    """The failure where an endpoint that was live is not there any more, or not ours."""
    return failure(
        "endpoint_gone",
        f"The endpoint {name} is not in Azure any more, or somebody else has made it anew.",
        WhoseTurn.YOU,
        "Delete its deployments and deploy them again.",
    )


def _not_created(name: str, state: str) -> Failure:
    return failure(
        "endpoint_failed",
        f"Azure could not create the endpoint {name}; its state is {state}.",
        WhoseTurn.YOU,
        "Deploy again; if it happens again, look at the endpoint in Azure ML studio.",
    )


def _lost() -> Failure:
    return failure(
        "endpoint_lost",
        "The deployment is no longer a member of its endpoint.",
        WhoseTurn.YOU,
        "Deploy again.",
    )
