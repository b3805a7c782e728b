"""Failures in plain words: what happened, whose turn it is, and what to type next.

The cloud's own words are kept beside ours, shortened to what a table's property holds.
"""

import re

from shared.domain.errors import CloudError, Trouble
from shared.domain.names import INSTANCE_TYPES
from shared.domain.records import Deployment, Failure, Step, Turn

MODEL_GONE = "Model not found in the registry. It may have been deleted."
_CLOUD_WORDS, _OUR_WORDS = 4000, 2000
_FEWER = {True: "use fewer instances", False: "use another size (instance_type)"}
_QUOTA = re.compile(r"usage/limit: (\d+)/(\d+).*?[Nn]eeded: (\d+)", re.DOTALL)
_DOING = {
    Step.PREPARE: "preparing the model",
    Step.REGISTER: "registering the model",
    Step.ENDPOINT: "creating the endpoint",
    Step.DEPLOYMENT: "creating the deployment",
    Step.VERIFY: "scoring a first row",
    Step.TRAFFIC: "routing traffic",
    Step.FINISH: "finishing",
}


def shorten(text: str, limit: int = _CLOUD_WORDS) -> str:
    """The text, or its end where it is longer: a traceback's last lines tell the most."""
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


def failure_of(record: Deployment, step: Step, error: CloudError, active: str) -> Failure:
    """What a cloud error that will not go away means for the deployment.

    `active` names the user's live deployments, for the way out of a full quota.
    """
    if error.code == "quota":
        return _quota(record, error, active)
    if error.trouble is Trouble.AUTH:
        return failure(
            "not_allowed",
            f"Azure ML refused Longshore while {_DOING.get(step, step)}.",
            Turn.OPERATOR,
            "An operator gives the worker's managed identity the role AzureML Data Scientist on the "
            "workspace; then deploy again.",
            str(error),
        )
    if error.trouble is Trouble.PERMANENT:
        return failure(
            "cloud_refused",
            f"Azure ML refused the request while {_DOING.get(step, step)}: {shorten(error.message, 300)}",
            Turn.YOU,
            "Correct what it names and deploy again.",
            str(error),
        )
    return failure(
        "cloud_unavailable",
        f"Azure ML did not answer clearly while {_DOING.get(step, step)}, many times over.",
        Turn.YOU,
        "Deploy again later; the registered model is kept.",
        str(error),
    )


def past_deadline(record: Deployment) -> Failure:
    """The deployment made no way until its deadline."""
    step = record.work.step
    doing = _DOING.get(step, step) if step else "working"
    return failure(
        "deadline",
        f"The deployment was not ready in time; it was still {doing}.",
        Turn.YOU,
        "Look at the events for what it waited for, then deploy again.",
        record.work.trouble or record.work.waiting,
    )


def _quota(record: Deployment, error: CloudError, active: str) -> Failure:
    figures = _QUOTA.search(error.message)
    if figures:
        used, limit, needed = figures.groups()
        against = f"it needs {needed} cores, and {used} of the {limit} you may use are in use"
    else:
        against = "it needs more cores than are left"
    smaller = [each for each in INSTANCE_TYPES if each < record.instance_type][:1]
    ways = [
        f"use a smaller size (instance_type {smaller[0]})"
        if smaller
        else _FEWER[record.instance_count > 1],
        "ask for more at https://portal.azure.com > Quotas > Machine learning",
        f"delete deployments you no longer need ({active})" if active else "",
        "use a workspace in another region",
    ]
    return failure(
        "quota",
        f"There is no quota left for {record.instance_count} x {record.instance_type}: {against}. "
        "Azure keeps 20 % more than the instances use, for upgrades.",
        Turn.YOU,
        "Choose one: " + "; ".join(way for way in ways if way) + ". Then deploy again.",
        str(error),
    )
