"""Step 5: the deployment answers a real scoring call, before it gets traffic."""

from datetime import timedelta

from shared.domain.failures import failure, shorten
from shared.domain.inspection_json import parse_inspection
from shared.domain.outcomes import Done, Failed, Outcome, Wait
from shared.domain.records import Turn as WhoseTurn
from shared.domain.scoring import sample_payload
from shared.service import store
from shared.service.turn import Turn

_NOT_YET = (401, 403, 404, 408, 429, 502, 503, 504)  # 401: the key was just rotated
_PATIENCE = timedelta(minutes=5)


def ensure_scoring(turn: Turn) -> Outcome:
    """Scores the model's sample row by name; without known inputs there is nothing to send."""
    record = turn.record
    model = store.load_model(turn.ports.tables, record.user_key, record.model_id)
    payload = sample_payload(parse_inspection(dict(model.record.inspection))) if model else None
    endpoint, ours = turn.cloud_endpoint()
    if endpoint is None or not ours:
        return Wait(why="Azure does not show the endpoint", seconds=2)
    if payload is None:
        return Done(text="Healthy. Its inputs are not known from the file, so no row was scored.")
    keys = turn.ports.view.read_keys(record.endpoint_name)
    answer = turn.ports.scorer.score(
        endpoint.scoring_uri,
        key=keys.primary,
        deployment_name=record.deployment_name,
        payload=payload,
    )
    if answer.status == 200:
        return Done(text=f"Scored a sample row: {shorten(answer.text, 200)}")
    waited = turn.ports.clock.now() - record.work.step_since
    if answer.status in _NOT_YET and waited < _PATIENCE:
        return Wait(why=f"the first scoring call was answered {answer.status}", seconds=2)
    return Failed(
        failure=failure(
            "scoring_failed",
            f"The model runs, but a scoring call of a sample row was answered {answer.status}.",
            WhoseTurn.YOU,
            f"Read the answer and GET /deployments/{record.id}/logs, and correct the model.",
            answer.text,
        )
    )
