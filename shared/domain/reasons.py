"""What Azure means, where it says one thing in many ways: `Reason`, found by its codes and words.

Codes are ARM's common ones (learn.microsoft.com, "Troubleshoot common Azure deployment errors") and
those of online endpoints ("Troubleshooting online endpoints deployment"); words are from public
issues where the code alone says nothing (`BadRequest`).
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Reason(StrEnum):
    """The code of a `CloudError` that Longshore understands; every other code is the cloud's own."""

    NOT_FOUND = "not_found"  # the thing asked for is not there
    NAME_TAKEN = "name_taken"  # somebody else in the region has an endpoint of this name
    QUOTA = "quota"  # more cores than the subscription may use
    CAPACITY = "capacity"  # Azure itself has no such machines left
    SIZE = "size"  # the instance type is not offered here
    REGION = "region"  # the service, or this resource, belongs to another region
    LOCKED = "locked"  # a lock on the workspace or its group
    POLICY = "policy"  # a policy of the organisation
    WORKSPACE = "workspace"  # the workspace, its group or its subscription cannot be used
    CHANGE_FAILED = "change_failed"  # an operation on the endpoint has begun, and failed
    BUSY = "busy"  # another operation has to end first
    THROTTLED = "throttled"  # too many calls


_CODES: Mapping[Reason, str] = {
    Reason.QUOTA: "OutOfQuota QuotaExceeded ResourceQuotaExceeded",
    Reason.CAPACITY: "OutOfCapacity AllocationFailed ZonalAllocationFailed "
    "OverconstrainedAllocationRequest OverconstrainedZonalAllocationRequest",
    Reason.SIZE: "SkuNotAvailable VMSizeNotSupported InvalidVMSize NotSupportedVMSize",
    Reason.REGION: "LocationNotAvailableForResourceType InvalidResourceLocation "
    "NoRegisteredProviderFound LocationRequired",
    Reason.LOCKED: "ScopeLocked",
    Reason.POLICY: "RequestDisallowedByPolicy RequestDisallowedByAzure",
    Reason.WORKSPACE: "MissingSubscriptionRegistration SubscriptionNotRegistered "
    "SubscriptionNotFound InvalidSubscriptionId ReadOnlyDisabledSubscription "
    "ResourceGroupNotFound ResourceGroupBeingDeleted WorkspaceNotFound",
    Reason.BUSY: "AnotherOperationInProgress ConflictingOperation OperationCanceled "
    "OperationPreempted",
    Reason.THROTTLED: "TooManyRequests SubscriptionRequestsThrottled ResourceRequestsThrottled",
}
_BY_CODE = {code.lower(): reason for reason, codes in _CODES.items() for code in codes.split()}
_WORDS: tuple[tuple[Reason, str], ...] = (
    (Reason.QUOTA, r"Not enough quota available.*?Additional needed: \d+"),
    (Reason.QUOTA, r".*exceeding approved .{1,80} quota.*"),
    (Reason.NAME_TAKEN, r".*name needs to be unique within a region.*"),
    (Reason.SIZE, r".*not supported vm ?size.*"),
    (Reason.SIZE, r".*(?:vm ?size|instance ?type|sku) .{1,80} not (?:supported|available).*"),
    (Reason.WORKSPACE, r"The Resource '[^'/]+/workspaces/[^'/]+' under .* was not found.*"),
    (Reason.WORKSPACE, r"^Workspace not found.*"),
    (Reason.BUSY, r".*in (?:Creating|Updating|Deleting) provisioning state.*"),
)


def find_reason(codes: Iterable[str], message: str) -> tuple[Reason | None, str]:
    """What an error with these codes means, and the part of its message that says so.

    The words come first: a code they are told under is often no more than `BadRequest`. None where
    neither is known.
    """
    for reason, pattern in _WORDS:
        if found := re.search(pattern, message, re.IGNORECASE):
            return reason, found.group()
    known = (_BY_CODE[code.lower()] for code in codes if code.lower() in _BY_CODE)
    return next(known, None), message
