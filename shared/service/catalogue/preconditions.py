"""What has to be true of a model before it is deployed, by whichever way; a turn looks at it again.

That a content was there is remembered for a minute: it goes by a nightly run only, after no record has named
it for a day, and a burst of requests for one model asks once.
"""

from datetime import datetime, timedelta

from shared.domain.catalogue.exceptions import covers, explain_way_in, grant_of
from shared.domain.errors import Conflict
from shared.domain.failures import NOT_IN_REGISTRY
from shared.domain.inspection import READER_VERSION, Verdict
from shared.domain.inspection_json import parse_inspection
from shared.domain.policy import Policy
from shared.domain.records import Grant, Model
from shared.ports import Ports
from shared.service.catalogue import content, exceptions
from shared.service.intake import referenced

_REMEMBERED = timedelta(minutes=1)
_MOST_REMEMBERED = 1000


class Presence:
    """Which contents were there a short while ago, in this process."""

    def __init__(self) -> None:
        self._seen: dict[str, datetime] = {}

    def look(self, ports: Ports, digest: str) -> bool:
        """Whether the content of a digest is there, by one light call at most."""
        now = ports.clock.now()
        seen = self._seen.get(digest)
        if seen is not None and seen <= now < seen + _REMEMBERED:
            return True
        if not content.is_present(ports.artifacts, digest):
            return False
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen.clear()
        self._seen[digest] = now
        return True


def require_deployable(
    ports: Ports, policy: Policy, presence: Presence, model: Model
) -> Grant | None:
    """The exception under which the model may be deployed, if it needs one.

    Raises Conflict: `evaluation_not_passed`, `model_content_missing`, `model_not_in_registry`, `model_not_servable`,
    `exception_revoked`; CloudError where the registry is to be asked and does not answer.
    """
    if policy.require_evaluation and model.evaluation.get("passed") is not True:
        raise _not_passed(model)
    if model.registry_name:
        referenced.require_registered(ports, model)
    elif not presence.look(ports, model.content_digest):
        raise _content_missing(model)
    else:
        _require_servable(model)
    return _require_grant(ports, model)


def admit_deployable(
    ports: Ports, policy: Policy, presence: Presence, model: Model
) -> Grant | None:
    """As `require_deployable`, before a deployment is accepted: whether the registry has its model is noted on that."""
    try:
        grant = require_deployable(ports, policy, presence, model)
    except Conflict as refusal:
        if refusal.code == NOT_IN_REGISTRY:
            referenced.note(ports, model, missing=True)
        raise
    referenced.note(ports, model, missing=False)
    return grant


def _require_servable(model: Model) -> None:
    """What another version of the reader said may not hold any more: a turn reads the file again."""
    obstacle = model.inspection.get("obstacle")
    if obstacle and model.inspection.get("reader_version") == READER_VERSION:
        why, remedy = obstacle
        raise Conflict("model_not_servable", f"{model.id} cannot be served: {why}", remedy)


def _require_grant(ports: Ports, model: Model) -> Grant | None:
    if model.inspection.get("verdict") == Verdict.CLEAN:
        return None
    inspection = parse_inspection(dict(model.inspection))
    exception = exceptions.find_last(ports.tables, model.content_digest)
    if exception and covers(exception, inspection):
        return grant_of(exception)
    raise Conflict(
        "exception_revoked",
        f"{model.id} is {inspection.verdict}, and the exception that let it in does not hold any more.",
        explain_way_in(inspection, exception)
        or "Save the model without what is refused, and upload it.",
    )


def _not_passed(model: Model) -> Conflict:
    failed = model.evaluation.get("passed") is False
    told = "did not pass its evaluation" if failed else "has no evaluation that says it passed"
    return Conflict(
        "evaluation_not_passed",
        f"{model.id} {told}, and only what has passed one is deployed here.",
        'Evaluate it, and upload it again with POST /models and evaluation={"passed": true, ...}; an operator '
        "can turn REQUIRE_EVALUATION off.",
    )


def _content_missing(model: Model) -> Conflict:
    return Conflict(
        "model_content_missing",
        f"The file of {model.id} (sha256 {model.content_digest}) is not in the store any more.",
        "Upload the same file again with POST /models: then this model can be deployed, too.",
    )
