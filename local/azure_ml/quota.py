"""VM sizes, cores and quota, by the rules of managed online endpoints.

Azure reserves 20 % more instances than asked for; what is deployed counts until it is gone or
has failed. Pure functions on the deployments' bodies.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local.azure_ml.errors import ArmError, invalid
from local.azure_ml.settings import Settings
from local.azure_ml.state import Resource

TROUBLESHOOTING = "https://aka.ms/oe-tsg"
MOST_INSTANCES = 50
_OPERATION = "CreateDeployment"


@dataclass(frozen=True, slots=True)
class Size:
    """A VM size: its quota family, cores and memory in GB."""

    name: str
    family: str
    cores: int
    memory: float


_FAMILIES: dict[str, list[tuple[str, int, float]]] = {
    "standardDSv2Family": [
        ("Standard_DS1_v2", 1, 3.5),
        ("Standard_DS2_v2", 2, 7.0),
        ("Standard_DS3_v2", 4, 14.0),
        ("Standard_DS4_v2", 8, 28.0),
        ("Standard_DS5_v2", 16, 56.0),
    ],
    "standardFSv2Family": [
        ("Standard_F2s_v2", 2, 4.0),
        ("Standard_F4s_v2", 4, 8.0),
        ("Standard_F8s_v2", 8, 16.0),
        ("Standard_F16s_v2", 16, 32.0),
        ("Standard_F32s_v2", 32, 64.0),
        ("Standard_F48s_v2", 48, 96.0),
        ("Standard_F64s_v2", 64, 128.0),
        ("Standard_F72s_v2", 72, 144.0),
    ],
    "standardESv3Family": [
        ("Standard_E2s_v3", 2, 16.0),
        ("Standard_E4s_v3", 4, 32.0),
        ("Standard_E8s_v3", 8, 64.0),
        ("Standard_E16s_v3", 16, 128.0),
        ("Standard_E32s_v3", 32, 256.0),
        ("Standard_E48s_v3", 48, 384.0),
        ("Standard_E64s_v3", 64, 432.0),
    ],
}
SIZES = [
    Size(name, family, cores, memory)
    for family, sizes in _FAMILIES.items()
    for name, cores, memory in sizes
]
_BY_NAME = {size.name.lower(): size for size in SIZES}


def size_of(instance_type: str) -> Size:
    """The size of this name, whatever its case; raises ArmError (400) if there is none."""
    size = _BY_NAME.get(instance_type.lower())
    if size is None:
        raise invalid(_OPERATION, "VmSize", f"Not supported VM Size {instance_type}.")
    return size


def needed(size: Size, instances: int) -> int:
    """Cores that Azure reserves for so many instances."""
    return size.cores * math.ceil(instances * 12 / 10)


def used(deployments: Iterable[Resource]) -> dict[str, int]:
    """Reserved cores of each family."""
    cores = dict.fromkeys(_FAMILIES, 0)
    for deployment in deployments:
        if deployment.properties["provisioningState"] not in ("Failed", "Canceled"):
            size = size_of(deployment.properties["instanceType"])
            cores[size.family] += needed(size, deployment.body["sku"]["capacity"])
    return cores


def limit(settings: Settings, family: str) -> int:
    """The quota of a family."""
    return dict(settings.family_cores).get(family.lower(), settings.cores)


def require(
    settings: Settings,
    subscription: str,
    others: Iterable[Resource],
    wanted: dict[str, Any],
) -> None:
    """Raises ArmError (400), as the service words it, if `wanted` does not fit beside `others`."""
    size = size_of(wanted["properties"]["instanceType"])
    instances = wanted["sku"]["capacity"]
    if not isinstance(instances, int) or not 1 <= instances <= MOST_INSTANCES:
        problem = f"The instance count {instances} is not between 1 and {MOST_INSTANCES}."
        raise invalid(_OPERATION, "InstanceCount", problem)
    usage = used(others)[size.family]
    allowed = limit(settings, size.family)
    additional = needed(size, instances)
    if usage + additional > allowed:
        raise _out_of_quota(size, subscription, f"{usage}/{allowed}", additional)


def usages(settings: Settings, subscription: str, deployments: Iterable[Resource]) -> list[Any]:
    """The entries of the usages list."""
    base = f"/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices"
    return [
        {
            "id": f"{base}/locations/{settings.location}/usages/{family}",
            "type": "Microsoft.MachineLearningServices/usages",
            "amlWorkspaceLocation": settings.location,
            "unit": "Count",
            "currentValue": cores,
            "limit": limit(settings, family),
            "name": {"value": family, "localizedValue": family},
        }
        for family, cores in used(deployments).items()
    ]


def _out_of_quota(size: Size, subscription: str, usage: str, additional: int) -> ArmError:
    return invalid(
        _OPERATION,
        "VmSize",
        f"Not enough quota available for {size.name} in SubscriptionId {subscription}. "
        f"Current usage/limit: {usage}. Additional needed: {additional} "
        "Please see troubleshooting guide, available here: "
        f"{TROUBLESHOOTING}#error-outofquota",
    )
