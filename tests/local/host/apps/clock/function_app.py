"""An app of timers: each run is written down."""

import json
import os
import threading
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()


def note(function: str, timer: func.TimerRequest, moment: str = "start") -> None:
    line = {"function": function, "moment": moment, "pid": os.getpid(), "at": time.time()}
    with Path(os.environ["NOTES"]).open("a") as notes:
        notes.write(json.dumps({**line, "past_due": timer.past_due}) + "\n")


@app.timer_trigger(arg_name="timer", schedule="%OFTEN%")
def often(timer: func.TimerRequest) -> None:
    note("often", timer)
    threading.Event().wait(float(os.environ.get("TAKES", "0")))
    note("often", timer, "end")


@app.timer_trigger(arg_name="timer", schedule="0 0 4 * * *")
async def nightly(timer: func.TimerRequest) -> None:
    note("nightly", timer)


@app.timer_trigger(arg_name="timer", schedule="0 4 1 1 *", run_on_startup=True, use_monitor=False)
async def at_start(timer: func.TimerRequest) -> None:
    note("at_start", timer)
    raise RuntimeError("a failed run is not tried again")
