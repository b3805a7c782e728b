"""Failures in plain words: what happened, whose turn it is, and what to type next.

The cloud's own words are kept beside ours, shortened to what a table's property holds. What Azure
may mean is in `shared.domain.reasons`, and most texts in `shared.domain.explanations`.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from shared.domain.errors import CloudError, Trouble
from shared.domain.explanations import (
    COMMANDS,
    CRASHED,
    ENDED,
    REDEPLOY,
    REFUSED,
    RETRY,
    SET_TRAFFIC,
    Explanation,
)
from shared.domain.names import INSTANCE_TYPES
from shared.domain.reasons import Reason, find_reason
from shared.domain.records import Deployment, Endpoint, Failure, Status, Step, Turn

NOT_IN_REGISTRY = "model_not_in_registry"
MODEL_GONE = "Model not found in the registry. It may have been deleted."
_CLOUD_WORDS, _OUR_WORDS = 4000, 2000
_FEWER = {
    True: "use fewer instances (instance_count) by POST /deployments",
    False: "use another size (instance_type) by POST /deployments",
}
_QUOTA = re.compile(r"usage/limit: (\d+)/(\d+).*?[Nn]eeded: (\d+)", re.DOTALL)
_ACTION = re.compile(r"perform action '([^']{1,200})'")
_FIRST_NUMBER = re.compile(r"\d+")
_NAMED = 5
ROLE = "gives the worker's managed identity the role AzureML Data Scientist on the workspace"
_DOING = {
    Step.PREPARE: "preparing the model",
    Step.REGISTER: "registering the model",
    Step.ENDPOINT: "creating the endpoint",
    Step.DEPLOYMENT: "creating the deployment",
    Step.VERIFY: "scoring a first row",
    Step.TRAFFIC: "routing traffic",
    Step.ROUTE: "routing traffic",
    Step.FINISH: "finishing",
}


def shorten(text: str, limit: int = _CLOUD_WORDS) -> str:
    """The text, or its end where it is longer: a traceback's last lines tell the most.

    Half of a character, which JSON may hold and a table may not, becomes a question mark.
    """
    text = text.encode(errors="replace").decode()
    return text if len(text) <= limit else "... " + text[-(limit - 4) :]


def failure(code: str, cause: str, whose_turn: Turn, next_step: str, cloud: str = "") -> Failure:
    """A failure with its words shortened to what a row can hold."""
    return Failure(
        code=code,
        cause=shorten(cause, _OUR_WORDS),
        whose_turn=whose_turn,
        next=shorten(next_step, _OUR_WORDS),
        cloud=shorten(cloud),
    )


def with_command(record: Deployment) -> Failure | None:
    """A deployment's failure with what to type next, as it is shown.

    Only what has failed is tried again; what was deleted since is made anew.
    """
    if record.failure is None:
        return None
    command = COMMANDS.get(record.failure.code, RETRY)
    if command is RETRY and record.status is not Status.FAILED:
        command = REDEPLOY
    return _add(record.failure, command.format(id=record.id))


def with_traffic_command(endpoint: Endpoint) -> Failure | None:
    """Why an endpoint's last change of traffic failed, with what to type next, as it is shown."""
    trouble = endpoint.trouble
    if trouble is None or trouble.code == "endpoint_gone":
        return trouble
    return _add(trouble, SET_TRAFFIC.format(name=endpoint.name))


def _add(told: Failure, command: str) -> Failure:
    return replace(told, next=f"{told.next} {command}")


def name_users(record: Deployment, others: Iterable[Deployment]) -> str:
    """Some of the active deployments that use the quota of the record's family of sizes, as DELETE wants them."""
    family = _family(record.instance_type)
    users = (
        f"{each.endpoint_name}/{each.deployment_name} ({each.id})"
        for each in others
        if each.status is Status.ACTIVE and _family(each.instance_type) == family
    )
    return ", ".join(islice(users, _NAMED))


def _family(size: str) -> str:
    """The size without the number that tells its cores: those of one family share a quota."""
    return _FIRST_NUMBER.sub("", size, count=1)


def failure_of(record: Deployment, step: Step, error: CloudError, active: str) -> Failure:
    """What a cloud error that will not go away means for the deployment.

    `active` is what `name_users` gives, for the way out of a full quota.
    """
    if error.code == Reason.QUOTA:
        return _quota(record, error.message, str(error), active)
    if error.code in REFUSED:
        return _tell(record, REFUSED[Reason(error.code)], str(error))
    doing = _DOING.get(step, step)
    if error.trouble is Trouble.AUTH:
        return _not_allowed(error, doing)
    if error.trouble is Trouble.PERMANENT:
        return failure(
            "cloud_refused",
            f"Azure ML refused the request while {doing}: {shorten(error.message, 300)}",
            Turn.YOU,
            "Correct what it names; other settings of a deployment need POST /deployments.",
            str(error),
        )
    return failure(
        "cloud_unavailable",
        f"Azure ML did not answer clearly while {doing}, many times over.",
        Turn.YOU,
        "Wait until Azure is well again (https://status.azure.com).",
        str(error),
    )


def not_registered() -> Failure:
    """The failure where the registered version that a deployment stands for is not there any more."""
    return failure(
        "model_not_in_registry",
        MODEL_GONE,
        Turn.YOU,
        "Deploy the model again: it is registered anew under a name of its own.",
    )


def endpoint_taken(name: str) -> Failure:
    """The failure where the endpoint of this name in the cloud is somebody else's."""
    told = REFUSED[Reason.NAME_TAKEN]
    return failure(told.code, told.cause.format(endpoint=name), told.whose_turn, told.next)


def not_started(record: Deployment, state: str, error: str, active: str = "") -> Failure:
    """Why a deployment that Azure had begun to create has failed, or was cancelled.

    `error` is the cloud's own account: a code, a colon, and words. Without a known one its
    container did not become healthy.
    """
    code, _, words = error.partition(": ")
    reason, _ = find_reason([code], words)
    if reason is Reason.QUOTA:
        return _quota(record, words, error, active)
    if reason is not None and reason in REFUSED:
        return _tell(record, REFUSED[reason], error)
    if state == "Canceled" or reason is Reason.BUSY:
        code = "OperationCanceled"
    return _tell(record, ENDED.get(code, CRASHED), error)


def past_deadline(record: Deployment) -> Failure:
    """What was to be done was not done by its deadline."""
    step = record.work.step
    doing = _DOING.get(step, step) if step else "working"
    return failure(
        "deadline",
        f"Its time was over while it was still {doing}.",
        Turn.YOU,
        f"Look at what it waited for with GET /deployments/{record.id}/events.",
        record.work.trouble or record.work.waiting,
    )


def _tell(record: Deployment, told: Explanation, cloud: str) -> Failure:
    about = {
        "id": record.id,
        "name": record.deployment_name,
        "endpoint": record.endpoint_name,
        "size": record.instance_type,
    }
    cause, next_step = told.cause.format(**about), told.next.format(**about)
    return failure(told.code, cause, told.whose_turn, next_step, cloud)


def lacking(words: str) -> str:
    """The right that Azure misses, as far as it says which."""
    action = _ACTION.search(words)
    return f"the right to {action[1]}" if action else "a right it needs, or its identity"


def _not_allowed(error: CloudError, doing: str) -> Failure:
    return failure(
        "not_allowed",
        f"Azure ML refused Longshore while {doing}, for ten minutes: it lacks "
        f"{lacking(error.message)}.",
        Turn.OPERATOR,
        f"An operator {ROLE}.",
        str(error),
    )


def _quota(record: Deployment, words: str, cloud: str, active: str) -> Failure:
    figures = _QUOTA.search(words)
    if figures:
        used, limit, needed = figures.groups()
        against = f"it needs {needed} cores, and {used} of the {limit} you may use are in use"
    else:
        against = "it needs more cores than are left"
    smaller = [each for each in INSTANCE_TYPES if each < record.instance_type][:1]
    ways = [
        f"use a smaller size (instance_type {smaller[0]}) by POST /deployments"
        if smaller
        else _FEWER[record.instance_count > 1],
        "ask for more at https://portal.azure.com > Quotas > Machine learning",
        f"delete what you no longer need, by DELETE /deployments/ID: {active}" if active else "",
        "use a workspace in another region",
    ]
    return failure(
        "quota",
        f"There is no quota left for {record.instance_count} x {record.instance_type}: {against}. "
        "Azure keeps 20 % more than the instances use, for upgrades.",
        Turn.YOU,
        "Choose one: " + "; ".join(way for way in ways if way) + ".",
        cloud,
    )
