"""Names in the cloud: what Azure accepts, and what is generated where the caller gives none.

Endpoint and deployment names: 3-32 characters, a letter first, letters, digits and single dashes
(Azure ML, "Manage and increase quotas", online endpoints). An endpoint's name is unique per region
whatever its case, so it is compared in lower case.
"""

import re

_CLOUD_NAME = re.compile(r"(?=.{3,32}\Z)[A-Za-z](?:-?[A-Za-z0-9])*")
_MODEL_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?")
_LICENSE = re.compile(
    r"\(*[A-Za-z0-9][A-Za-z0-9.-]{0,60}\+?\)*"
    r"(?: (?:AND|OR|WITH) \(*[A-Za-z0-9][A-Za-z0-9.-]{0,60}\+?\)*){0,9}"
)
_INSTANCE_TYPE = re.compile(r"(?:Standard_)?([A-Z]{1,4}[0-9]+[A-Za-z0-9_-]{0,40})")

CLOUD_NAME_RULE = (
    "3 to 32 characters: a letter first, then letters, digits and single dashes, no dash at the end"
)
MODEL_NAME_RULE = "1 to 100 characters: letters, digits, '-' and '_', a letter or digit at each end"
MEMORY_GIB = {
    "Standard_DS1_v2": 3.5,
    "Standard_DS2_v2": 7.0,
    "Standard_DS3_v2": 14.0,
    "Standard_DS4_v2": 28.0,
    "Standard_F4s_v2": 8.0,
}
"""Memory of the sizes that are offered (Azure, "Sizes for virtual machines", Dsv2 and Fsv2 series)."""
INSTANCE_TYPES = tuple(MEMORY_GIB)
DEFAULT_INSTANCE_TYPE = INSTANCE_TYPES[0]
MOST_INSTANCES = 10
LICENSE_RULE = "an SPDX license expression, such as Apache-2.0 or (MIT OR BSD-3-Clause)"


def is_cloud_name(text: str) -> bool:
    """Whether Azure takes the text as an endpoint's or a deployment's name."""
    return _CLOUD_NAME.fullmatch(text) is not None


def is_model_name(text: str) -> bool:
    """Whether the text can name a model line and be part of a registry name."""
    return _MODEL_NAME.fullmatch(text) is not None


def is_license(text: str) -> bool:
    """Whether the text is written as an SPDX license expression; whether such a license exists is not asked."""
    return _LICENSE.fullmatch(text) is not None and text.count("(") == text.count(")")


def parse_instance_type(text: str) -> str | None:
    """`DS2_v2` and `Standard_DS2_v2` as Azure spells it; None where no SKU looks like that."""
    match = _INSTANCE_TYPE.fullmatch(text)
    return f"Standard_{match[1]}" if match else None


def generated_deployment_name(deployment_id: str) -> str:
    """The deployment's name where the request gives none (27 characters)."""
    return f"deploy-{deployment_id}"


def generated_endpoint_name(deployment_id: str) -> str:
    """The endpoint's name where the request gives none (29 characters)."""
    return f"endpoint-{deployment_id}"


def registry_name(model_name: str, deployment_id: str) -> str:
    """`model_{model_name}_{YYYYmmddHHMMSSffffff}`."""
    return f"model_{model_name}_{deployment_id}"


def registry_candidates(base: str) -> tuple[str, str, str]:
    """The names tried in turn where somebody else's model holds the one before."""
    return base, f"{base}_v2", f"{base}_v3"
