"""Traffic of an endpoint: which shares are allowed, and which deployment a request goes to."""

import random
from collections.abc import Collection, Mapping
from typing import Any

from local.azure_ml.errors import invalid


def require_valid(traffic: Mapping[str, Any], deployments: Collection[str]) -> None:
    """Raises ArmError (400) unless shares are whole, add up to 0 or 100 and name `deployments`."""
    for name, share in traffic.items():
        if not isinstance(share, int) or isinstance(share, bool) or not 0 <= share <= 100:
            raise _invalid(f"The traffic of {name} is not a whole number from 0 to 100: {share}.")
        if name.lower() not in {known.lower() for known in deployments}:
            raise _invalid(f"Deployment {name} does not exist, it cannot get traffic.")
    total = sum(traffic.values())
    if total not in (0, 100):
        raise _invalid(f"The sum of traffic has to be either 0 or 100, it is {total}.")


def choose(traffic: Mapping[str, int]) -> str | None:
    """A deployment's name, drawn by the shares; None if none has a share."""
    names = [name for name, share in traffic.items() if share > 0]
    if not names:
        return None
    return random.choices(names, [traffic[name] for name in names])[0]  # noqa: S311 - no secret


def _invalid(problem: str) -> Exception:
    return invalid("UpdateEndpoint", "Traffic", problem)
