"""The keys of an endpoint, for its owner: read from Azure when asked for, replaced there, kept nowhere."""

from shared import telemetry
from shared.cloud_ports import KeyName, Keys
from shared.domain.errors import CloudError, Conflict, NotFound, Trouble
from shared.domain.principal import Principal
from shared.domain.retry import bound_told
from shared.ports import Ports
from shared.service.owned import require_endpoint
from shared.service.read import find_cloud_endpoint
from shared.telemetry import Happened

_LOOK_AGAIN = 10.0  # seconds; an operation of Azure takes longer than that


def read_keys(ports: Ports, principal: Principal, name: str) -> Keys:
    """The endpoint's keys. Raises NotFound, CloudError."""
    return ports.view.read_keys(_require_name(ports, principal, name))


def rotate_key(ports: Ports, principal: Principal, name: str, which: KeyName) -> None:
    """Begins to replace one of the endpoint's keys; `read_keys` shows the new one when Azure is done.

    Raises NotFound; Conflict `endpoint_changing` where Azure is changing the endpoint, and
    `rotation_unclear` where nobody can tell whether Azure does it; CloudError.
    """
    name = _require_name(ports, principal, name)
    try:
        ports.view.rotate_key(name, which)
    except CloudError as error:
        if error.trouble is Trouble.CONFLICT:
            raise _changing(name, error) from error
        if error.trouble is Trouble.AMBIGUOUS:
            telemetry.tell(Happened.KEY_ROTATED, endpoint=name, key=which, unclear=str(error))
            raise _unclear(name, which) from error
        raise
    telemetry.tell(Happened.KEY_ROTATED, endpoint=name, key=which)


def _changing(name: str, error: CloudError) -> Conflict:
    return Conflict(
        "endpoint_changing",
        f"Azure is changing the endpoint {name!r}, and takes one change at a time.",
        "Send the request again after the seconds in Retry-After.",
        retry_after=bound_told(error.retry_after) or _LOOK_AGAIN,
    )


def _unclear(name: str, which: KeyName) -> Conflict:
    """Without a time to wait: what sends again by itself would replace the key twice."""
    return Conflict(
        "rotation_unclear",
        f"Azure's answer was lost: the {which} key of {name!r} may have been replaced.",
        f"Look with GET /endpoints/{name}/keys before you send it again, which is right only where the "
        f"{which} key is still the old one after some minutes.",
    )


def _require_name(ports: Ports, principal: Principal, name: str) -> str:
    """The name of the principal's own endpoint, which Azure has and which is ours. Raises NotFound."""
    endpoint = require_endpoint(ports, principal, name).record
    if find_cloud_endpoint(ports, endpoint) is None:
        raise NotFound(
            "endpoint_not_ready",
            f"The endpoint {name!r} is not there yet.",
            "Wait until its first deployment is active.",
        )
    return endpoint.name
