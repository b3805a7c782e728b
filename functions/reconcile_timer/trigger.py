"""The timer functions, and the queue of runs. Their schedules are settings, NCRONTAB expressions in UTC."""

import azure.functions as func

from shared.domain.policy import RECONCILE_JOBS, RECONCILE_JOBS_POISON

blueprint = func.Blueprint()
_STORAGE = "AzureWebJobsStorage"


@blueprint.function_name("sweep")
@blueprint.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%", use_monitor=False)
def sweep(timer: func.TimerRequest) -> None:
    """Sends a new hint to whatever has lost its hint or its worker: deployments, files on their way in, runs."""
    del timer  # late, merged and repeated ticks all do the same
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service import sweep_all  # noqa: PLC0415 - see above

    front = wiring.front()
    sweep_all.sweep_all(front.ports, front.settings.policy)


@blueprint.function_name("artifacts")
@blueprint.timer_trigger(arg_name="timer", schedule="%ARTIFACTS_SCHEDULE%", use_monitor=True)
def artifacts(timer: func.TimerRequest) -> None:
    """Begins the nightly run over what is kept in the stores; a tick that comes late does, too."""
    del timer
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service.reconcile import begin  # noqa: PLC0415 - see above

    front = wiring.front()
    begin.begin_nightly(front.ports, front.mint, front.settings.policy, begin.ARTIFACTS)


@blueprint.function_name("reconcile")
@blueprint.timer_trigger(arg_name="timer", schedule="%RECONCILE_SCHEDULE%", use_monitor=True)
def reconcile(timer: func.TimerRequest) -> None:
    """Begins the nightly run over all else; it waits for one under way, and a tick that comes late begins it, too."""
    del timer
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service.reconcile import begin  # noqa: PLC0415 - see above

    front = wiring.front()
    begin.begin_nightly(front.ports, front.mint, front.settings.policy, begin.NIGHTLY)


@blueprint.function_name("reconcile_jobs")
@blueprint.queue_trigger(arg_name="message", queue_name=RECONCILE_JOBS, connection=_STORAGE)
def reconcile_jobs(message: func.QueueMessage) -> None:
    """Runs one turn of the run that the hint points to."""
    from shared import wiring  # noqa: PLC0415 - seconds of import that HTTP must not pay
    from shared.service.reconcile import inbox  # noqa: PLC0415 - see above

    reconciler = wiring.reconciler()
    inbox.take_hint(reconciler.ports, reconciler.settings.policy, message.get_body())


@blueprint.function_name("reconcile_jobs_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=RECONCILE_JOBS_POISON, connection=_STORAGE)
def reconcile_jobs_poison(message: func.QueueMessage) -> None:
    """Tells of a hint that failed five times; the sweep sends another one."""
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service.reconcile import inbox  # noqa: PLC0415 - see above

    inbox.take_poisoned_hint(wiring.front().ports, message.get_body())


@blueprint.function_name("usage")
@blueprint.timer_trigger(arg_name="timer", schedule="%USAGE_SCHEDULE%")
def usage(timer: func.TimerRequest) -> None:
    """Writes down how each deployment was used on the days before; a tick that was missed is made up for."""
    del timer  # a late tick does the same, and a repeated one finds it done
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service import usage as measuring  # noqa: PLC0415 - see above

    front = wiring.front()
    measuring.record_usage(front.ports, front.settings.policy)
