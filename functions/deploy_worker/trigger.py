"""The queue functions: our own hints, and deploy requests of training pipelines."""

import azure.functions as func

from shared.domain.policy import DEPLOY_JOBS, DEPLOY_REQUESTS

blueprint = func.Blueprint()


@blueprint.function_name("deploy_jobs")
@blueprint.queue_trigger(
    arg_name="message", queue_name=DEPLOY_JOBS, connection="AzureWebJobsStorage"
)
def deploy_jobs(message: func.QueueMessage) -> None:
    """Runs one turn for the deployment that the hint points to."""
    from shared import wiring  # noqa: PLC0415 - seconds of import that HTTP must not pay
    from shared.service import hints, run  # noqa: PLC0415 - see above

    worker = wiring.worker()
    hint = hints.Hint.model_validate_json(message.get_body())
    run.run_turn(worker.ports, worker.settings.policy, hint)


@blueprint.function_name("deploy_requests")
@blueprint.queue_trigger(
    arg_name="message", queue_name=DEPLOY_REQUESTS, connection="AzureWebJobsStorage"
)
def deploy_requests(message: func.QueueMessage) -> None:
    """Accepts one CloudEvent."""
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service import produce  # noqa: PLC0415 - see above

    front = wiring.front()
    produce.accept_event(
        front.ports,
        front.mint,
        front.settings.policy,
        front.settings.producer_users,
        front.settings.auth_mode,
        message.get_body().decode(),
    )
