"""The queue functions: our own hints, deploy requests of training pipelines, and what failed of both."""

import azure.functions as func

from shared.domain.policy import (
    DEPLOY_JOBS,
    DEPLOY_JOBS_POISON,
    DEPLOY_REQUESTS,
    DEPLOY_REQUESTS_POISON,
)

blueprint = func.Blueprint()
_STORAGE = "AzureWebJobsStorage"


@blueprint.function_name("deploy_jobs")
@blueprint.queue_trigger(arg_name="message", queue_name=DEPLOY_JOBS, connection=_STORAGE)
def deploy_jobs(message: func.QueueMessage) -> None:
    """Runs one turn for the deployment that the hint points to."""
    from shared import wiring  # noqa: PLC0415 - seconds of import that HTTP must not pay
    from shared.service.queues import inbox  # noqa: PLC0415 - see above

    worker = wiring.worker()
    inbox.take_hint(worker.ports, worker.settings.policy, message.get_body())


@blueprint.function_name("deploy_jobs_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=DEPLOY_JOBS_POISON, connection=_STORAGE)
def deploy_jobs_poison(message: func.QueueMessage) -> None:
    """Gives the deployment of a hint that failed five times its second chance."""
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service.queues import inbox  # noqa: PLC0415 - see above

    inbox.take_poisoned_hint(wiring.front().ports, message.get_body())


@blueprint.function_name("deploy_requests")
@blueprint.queue_trigger(arg_name="message", queue_name=DEPLOY_REQUESTS, connection=_STORAGE)
def deploy_requests(message: func.QueueMessage) -> None:
    """Accepts one CloudEvent."""
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service.queues import inbox  # noqa: PLC0415 - see above

    front = wiring.front()
    inbox.take_event(
        front.ports,
        front.mint,
        front.settings.policy,
        front.settings.producer_users,
        front.settings.auth_mode,
        message.get_body(),
    )


@blueprint.function_name("deploy_requests_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=DEPLOY_REQUESTS_POISON, connection=_STORAGE)
def deploy_requests_poison(message: func.QueueMessage) -> None:
    """Gives an event that failed five times its second chance, or its refusal."""
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service.queues import inbox  # noqa: PLC0415 - see above

    front = wiring.front()
    inbox.take_poisoned_event(
        front.ports, front.settings.producer_users, front.settings.auth_mode, message.get_body()
    )
