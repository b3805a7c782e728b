"""Step 3: the endpoint is there, ours, and ready to take a deployment."""

from shared.cloud_ports import CloudEndpoint
from shared.domain import phases
from shared.domain.errors import CloudError, Trouble
from shared.domain.failures import endpoint_taken, failure
from shared.domain.outcomes import Done, Failed, Outcome, Wait
from shared.domain.reasons import Reason
from shared.domain.records import Failure, Step, Turn as WhoseTurn
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
        return Failed(failure=endpoint_taken(name))
    if found.state == _READY:
        pace.learn(turn, Step.ENDPOINT)
        return Done(text=f"Endpoint {name} is ready.", phases=(phases.ENDPOINT_READY,))
    if found.state in _GONE_WRONG and len(held.record.members) > 1:
        return _mend(turn, found)
    if found.state in _GONE_WRONG:
        return Failed(failure=_not_created(name, found.state))
    return Wait(why=f"Azure says the endpoint {name} is {found.state}")


def tell_failed_change(turn: Turn, found: CloudEndpoint) -> None:
    """Raises CloudError where the change that this step asked for has failed; the next look asks again."""
    work = turn.record.work
    if found.state in _GONE_WRONG and work.began_at is not None and not work.trouble:
        message = f"the change of {found.name} has ended as {found.state}"
        raise CloudError(Trouble.TRANSIENT, Reason.CHANGE_FAILED, message)


def _mend(turn: Turn, found: CloudEndpoint) -> Wait:
    """A change of an endpoint that serves others has failed: what it has is asked for once more."""
    tell_failed_change(turn, found)
    turn.before_change()
    turn.ports.control.put_endpoint(found.name, tags=turn.endpoint_tags(), traffic=found.traffic)
    return Wait(why=f"Azure mends the endpoint {found.name}", began=True)


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
        "Try again; if it happens again, look at the endpoint in Azure ML studio.",
    )


def _lost() -> Failure:
    return failure(
        "endpoint_lost",
        "The deployment is no longer a member of its endpoint.",
        WhoseTurn.YOU,
        "Nothing is to be corrected.",
    )
