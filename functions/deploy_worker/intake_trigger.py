"""The queue functions of files on their way in: our own hints, and those that failed."""

import azure.functions as func

from shared.domain.policy import INTAKE_JOBS, INTAKE_JOBS_POISON

blueprint = func.Blueprint()
_STORAGE = "AzureWebJobsStorage"


@blueprint.function_name("intake_jobs")
@blueprint.queue_trigger(arg_name="message", queue_name=INTAKE_JOBS, connection=_STORAGE)
def intake_jobs(message: func.QueueMessage) -> None:
    """Runs one turn for the file that the hint points to."""
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service.queues import inbox  # noqa: PLC0415 - see above

    intake = wiring.intake()
    inbox.take_intake_hint(intake.ports, intake.mint, intake.settings.policy, message.get_body())


@blueprint.function_name("intake_jobs_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=INTAKE_JOBS_POISON, connection=_STORAGE)
def intake_jobs_poison(message: func.QueueMessage) -> None:
    """Tells of a hint that failed five times; the sweep sends another one."""
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service.queues import inbox  # noqa: PLC0415 - see above

    inbox.take_poisoned_intake_hint(wiring.front().ports, message.get_body())
