"""The timer functions. The sweep's schedule is the setting SWEEP_SCHEDULE, an NCRONTAB expression."""

import azure.functions as func

blueprint = func.Blueprint()


@blueprint.function_name("sweep")
@blueprint.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%", use_monitor=False)
def sweep(timer: func.TimerRequest) -> None:
    """Sends a new hint to whatever has lost its hint or its worker, deployments and files on their way in."""
    del timer  # late, merged and repeated ticks all do the same
    from shared import wiring  # noqa: PLC0415 - storage SDKs are for invocations only
    from shared.service import sweep as sweeping  # noqa: PLC0415 - see above
    from shared.service.intake import sweep as intake_sweep  # noqa: PLC0415 - see above

    front = wiring.front()
    try:
        sweeping.sweep(front.ports, front.settings.policy)
    finally:  # what stops the one is no reason to leave the other
        intake_sweep.sweep_intakes(front.ports, front.settings.policy)
