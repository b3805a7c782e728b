"""What is known of one model: what its file tells, what serving it installs, and how ready it is."""

from shared.domain.catalogue import readiness
from shared.domain.catalogue.exceptions import VerdictException, covers, grant_of
from shared.domain.catalogue.readable import Description
from shared.domain.catalogue.readiness import Readiness
from shared.domain.errors import Conflict
from shared.domain.inspection import Inspection, Verdict
from shared.domain.inspection_json import parse_inspection
from shared.domain.packaging.environment import plan_environment
from shared.domain.packaging.lint import lint, lint_memory
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Model
from shared.domain.scoring import sample_payload
from shared.ports import Ports
from shared.service.catalogue import exceptions
from shared.service.catalogue.preconditions import Presence, require_deployable
from shared.service.owned import require_model


def describe_model(
    ports: Ports, policy: Policy, principal: Principal, model_id: str, instance_type: str
) -> Description:
    """All that was read from the file of one of the user's models, and what serving it on an instance asks. Raises NotFound."""
    model = require_model(ports, principal, model_id).record
    inspection = parse_inspection(dict(model.inspection))
    environment = plan_environment(inspection, policy.default_python)
    exception = _find_exception(ports, inspection)
    if exception is not None:
        environment = environment.plus(exception.requirements)
    return Description(
        model=model,
        grant=grant_of(exception) if exception else None,
        inspection=inspection,
        environment=environment,
        findings=(*lint_memory(inspection, instance_type), *lint(inspection, environment)),
        payload=sample_payload(inspection),
    )


def rate_model(
    ports: Ports, policy: Policy, principal: Principal, model_id: str, instance_type: str
) -> Readiness:
    """How ready one of the user's models is for an instance. Raises NotFound, and CloudError as deploying does."""
    model = require_model(ports, principal, model_id).record
    inspection = parse_inspection(dict(model.inspection))
    let_in = _find_exception(ports, inspection) is not None
    return readiness.rate(
        inspection,
        licence=model.license,
        instance_type=instance_type,
        let_in=let_in,
        refused=_find_refusal(ports, policy, model),
    )


def _find_refusal(ports: Ports, policy: Policy, model: Model) -> str:
    """Why a deployment of the model would be refused as of now; empty where it would not."""
    try:
        require_deployable(ports, policy, Presence(), model)
    except Conflict as refusal:
        return f"{refusal.detail} {refusal.next_step}"
    return ""


def _find_exception(ports: Ports, inspection: Inspection) -> VerdictException | None:
    """The exception that lets the file in as of now; None where it needs none, or none holds."""
    if inspection.verdict is not Verdict.UNKNOWN:
        return None
    exception = exceptions.find_last(ports.tables, inspection.digest)
    return exception if covers(exception, inspection) else None
