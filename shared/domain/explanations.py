"""What Longshore says about the refusals and failures of Azure that it understands.

The texts may name {id}, {name} (the deployment's), {endpoint} and {size}; `shared.domain.failures`
fills them in, and adds the command where a failure is shown.
"""

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.inspection import UnreadableCode
from shared.domain.names import INSTANCE_TYPES
from shared.domain.reasons import Reason
from shared.domain.records import Turn


class Explanation(NamedTuple):
    """A failure's code, what happened, whose turn it is, and what to do next."""

    code: str
    cause: str
    whose_turn: Turn
    next: str


REFUSED: Mapping[Reason, Explanation] = {
    Reason.NAME_TAKEN: Explanation(
        "endpoint_taken",
        "An endpoint named {endpoint} exists in this region and was not made by Longshore for you.",
        Turn.YOU,
        "Deploy with another endpoint_name, or without one.",
    ),
    Reason.CAPACITY: Explanation(
        "no_capacity",
        "Azure has no {size} machines left in the workspace's region at the moment; your quota is not "
        "the reason.",
        Turn.YOU,
        "Try again later, or deploy with another size (instance_type) by POST /deployments, or in a workspace "
        "in another region.",
    ),
    Reason.SIZE: Explanation(
        "size_unavailable",
        "The size {size} is not offered for online endpoints in the workspace's region.",
        Turn.YOU,
        f"Deploy with another instance_type, such as {INSTANCE_TYPES[0]}; those of the region are "
        "listed by: az ml compute list-sizes",
    ),
    Reason.REGION: Explanation(
        "region_mismatch",
        "Azure ML does not take this in the workspace's region.",
        Turn.OPERATOR,
        "An operator uses a workspace in a region that has online endpoints.",
    ),
    Reason.LOCKED: Explanation(
        "locked",
        "A lock on the workspace or its resource group forbids the change.",
        Turn.OPERATOR,
        "An operator removes the lock (az lock list shows it).",
    ),
    Reason.POLICY: Explanation(
        "policy",
        "A policy of your organisation forbids the change.",
        Turn.OPERATOR,
        "An operator reads which one in the cloud's words and asks for an exemption.",
    ),
    Reason.WORKSPACE: Explanation(
        "workspace_unusable",
        "The workspace, its resource group or its subscription cannot be used.",
        Turn.OPERATOR,
        "An operator compares the settings with the workspace's address and its subscription's state.",
    ),
    Reason.CHANGE_FAILED: Explanation(
        "change_failed",
        "Azure could not change the endpoint {endpoint}, many times over; its traffic is as it was.",
        Turn.YOU,
        "Look at the endpoint in Azure ML studio; then try again, or set the traffic again.",
    ),
}
"""Refusals of a call."""

ENDED: Mapping[str, Explanation] = {
    "ImageBuildFailure": Explanation(
        "image_failed",
        "Azure could not build the image that serves {name}.",
        Turn.YOU,
        "Read the cloud's words: most often two libraries of the model contradict each other. Save the "
        "model with versions that go together.",
    ),
    "OperationCanceled": Explanation(
        "cancelled",
        "Somebody or something in Azure cancelled the creation of {name}.",
        Turn.YOU,
        "Try again.",
    ),
    "InternalServerError": Explanation(
        "cloud_failed",
        "Azure could not start {name} for a reason of its own.",
        Turn.YOU,
        "Try again; if it happens again, show the cloud's words to Azure's support.",
    ),
}
"""Ends of an operation that has begun, by Azure's code."""

CRASHED = Explanation(
    "container_failed",
    "The serving container of {name} did not become healthy.",
    Turn.YOU,
    "Read its log with GET /deployments/{id}/logs. Where the model or its settings are the cause, correct "
    "them, and deploy with POST /deployments; where it was something outside, try again once it is mended.",
)
"""The end of an operation without a code that says more."""

RETRY = "To try again with the same settings: POST /deployments/{id}/retry"
REDEPLOY = "To make a new one with the same settings: POST /deployments/{id}/redeploy"
_CHANGE = "To deploy with the change: POST /deployments"
_UPLOAD = "To upload the model anew and deploy it: POST /models, then POST /deployments"

COMMANDS: Mapping[str, str] = {
    "endpoint_taken": _CHANGE,
    "deployment_name_taken": _CHANGE,
    "size_unavailable": _CHANGE,
    "image_failed": _UPLOAD,
    "model_not_found": _UPLOAD,
    "model_unsafe": _UPLOAD,
    "model_not_servable": _UPLOAD,
    "scoring_failed": _UPLOAD,
    **dict.fromkeys(UnreadableCode, _UPLOAD),
    "model_not_in_registry": REDEPLOY,  # a retry keeps the registered model and its name
    "region_mismatch": REDEPLOY,
    "registry_name_taken": REDEPLOY,
}
"""What to type, by a failure's code, where `RETRY` would fail again; {id} is the deployment's."""

SET_TRAFFIC = "To set the traffic again: PUT /endpoints/{name}/traffic"
"""What to type after a change of traffic that failed; {name} is the endpoint's."""
