"""Step 7: the record says that the model is live, and where."""

from shared import telemetry
from shared.domain import phases
from shared.domain.outcomes import Done, Outcome, Wait
from shared.domain.records import Status
from shared.service.turn import Turn
from shared.telemetry import Happened


def ensure_active(turn: Turn) -> Outcome:
    """Puts the endpoint's addresses on record."""
    found, ours = turn.cloud_endpoint()
    if found is None or not ours:
        return Wait(why="Azure does not show the endpoint", seconds=2)
    telemetry.tell(Happened.DEPLOYMENT_ACTIVE, turn.record.id, endpoint=found.name)
    return Done(
        text=f"Live at {found.scoring_uri}",
        changes={
            "status": Status.ACTIVE,
            "scoring_uri": found.scoring_uri,
            "swagger_uri": found.swagger_uri,
            "deployed_at": turn.ports.clock.now(),
        },
        phases=(phases.FINISHED,),
    )
