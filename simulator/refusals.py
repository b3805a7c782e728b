"""What the simulated cloud answers where a fault refuses a change."""

from shared.domain.errors import CloudError, Trouble
from simulator.faults import Fault


def refusal(fault: Fault, told: float) -> CloudError:
    """What the cloud answers instead; `told` chooses how it says when to come again."""
    if fault is Fault.THROTTLED:
        retry_after = (None, 1.0, 20.0, 86_400.0, -1.0)[int(told * 5)]
        return CloudError(Trouble.THROTTLED, "429", "too many requests", retry_after=retry_after)
    if fault is Fault.CONFLICT:
        return CloudError(Trouble.CONFLICT, "409", "another operation is under way")
    if fault is Fault.FORBIDDEN:
        return CloudError(Trouble.AUTH, "403", "the role has not spread yet")
    if fault is Fault.REFUSED:
        return CloudError(Trouble.PERMANENT, "BadRequest", "this is refused")
    if fault is Fault.QUOTA:
        return CloudError(Trouble.PERMANENT, "quota", "usage/limit: 9/10. Additional needed: 2")
    return CloudError(Trouble.TRANSIENT, "503", "the service is unavailable")
