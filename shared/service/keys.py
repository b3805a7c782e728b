"""The keys of an endpoint, for its owner: read from Azure when asked for, replaced there, kept nowhere."""

from shared import telemetry
from shared.cloud_ports import KeyName, Keys
from shared.domain.errors import CloudError, Conflict, NotFound, Trouble
from shared.domain.principal import Principal
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

    Raises NotFound; Conflict `endpoint_changing` where Azure is changing the endpoint; CloudError.
    """
    name = _require_name(ports, principal, name)
    try:
        ports.view.rotate_key(name, which)
    except CloudError as error:
        if error.trouble is not Trouble.CONFLICT:
            raise
        raise Conflict(
            "endpoint_changing",
            f"Azure is changing the endpoint {name!r}, and takes one change at a time.",
            f"See with GET /endpoints/{name} what it does, and send the request again after that.",
            retry_after=error.retry_after or _LOOK_AGAIN,
        ) from error
    telemetry.tell(Happened.KEY_ROTATED, endpoint=name, key=which)


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
