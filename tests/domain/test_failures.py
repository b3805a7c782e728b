"""What a failure tells to type next, and which deployments it names for a full quota."""

from dataclasses import replace

import pytest

from shared.domain import failures
from shared.domain.errors import CloudError, Trouble
from shared.domain.explanations import COMMANDS, ENDED, REFUSED
from shared.domain.failures import failure
from shared.domain.reasons import Reason
from shared.domain.records import Deployment, Status, Step, Turn
from tests.domain.examples import deployment, endpoint

PASSING = [
    "cancelled",
    "change_failed",
    "cloud_failed",
    "cloud_refused",
    "cloud_unavailable",
    "container_failed",
    "deadline",
    "endpoint_failed",
    "endpoint_lost",
    "locked",
    "no_capacity",
    "not_allowed",
    "policy",
    "quota",
    "turn_crashed",
    "workspace_unusable",
]


def failed(code: str, status: Status = Status.FAILED) -> Deployment:
    record = replace(deployment("blue", status), id="20260101000000000000")
    return replace(record, failure=failure(code, "Cause.", Turn.YOU, "Advice."))


def next_of(record: Deployment) -> str:
    shown = failures.with_command(record)
    assert shown is not None
    return shown.next


@pytest.mark.parametrize("code", PASSING)
def test_where_the_cause_can_pass_the_command_tries_again(code: str) -> None:
    told = next_of(failed(code))
    assert told.startswith("Advice. ")
    assert told.endswith(" POST /deployments/20260101000000000000/retry")


@pytest.mark.parametrize("code", COMMANDS)
def test_where_the_same_would_fail_again_no_retry_is_told(code: str) -> None:
    told = next_of(failed(code))
    assert told.endswith((" POST /deployments", "/20260101000000000000/redeploy"))
    assert "{" not in told


def test_what_was_deleted_since_is_made_anew() -> None:
    told = next_of(failed("quota", Status.DELETED))
    assert told.endswith("POST /deployments/20260101000000000000/redeploy")


def test_a_change_of_traffic_that_failed_tells_how_to_ask_for_it_again() -> None:
    trouble = failure("change_failed", "Cause.", Turn.YOU, "Advice.")
    shown = failures.with_traffic_command(replace(endpoint("blue"), trouble=trouble))
    assert shown is not None
    assert shown.next.endswith(" PUT /endpoints/shop/traffic")


def test_without_a_failure_nothing_is_told() -> None:
    assert failures.with_command(deployment()) is None
    assert failures.with_traffic_command(endpoint("blue")) is None


def test_no_text_says_to_deploy_again_without_saying_how() -> None:
    told = [each.next for each in (*REFUSED.values(), *ENDED.values())]
    told += [failures.past_deadline(deployment()).next]
    for trouble in Trouble:
        error = CloudError(trouble, "Oops", "words")
        told.append(failures.failure_of(deployment(), Step.ENDPOINT, error, "").next)
    assert not [each for each in told if "eploy again" in each]


def test_a_full_quota_names_five_of_the_same_family_as_they_are_deleted() -> None:
    own = replace(deployment("red"), instance_type="Standard_DS3_v2")
    live = [deployment(f"number-{number}", Status.ACTIVE) for number in range(7)]
    other = replace(deployment("other", Status.ACTIVE), instance_type="Standard_F4s_v2")
    named = failures.name_users(own, [own, other, *live])
    assert named.split(", ") == [f"shop/number-{number} (number-{number})" for number in range(5)]
    error = CloudError(Trouble.PERMANENT, Reason.QUOTA, "full")
    told = failures.failure_of(own, Step.DEPLOYMENT, error, named)
    assert "DELETE /deployments/ID: shop/number-0 (number-0)" in told.next
