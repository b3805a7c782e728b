"""Longshore's app with a stop watch around each turn; `bench.observed` copies it as `function_app.py`.

It writes a line of JSON for each turn to the file that BENCH_TURNS names.
"""

import dataclasses
import json
import logging
import os
import time
from pathlib import Path

import azure.functions as func

from bench.turns import Heard, Turn
from functions.deploy_http.trigger import blueprint as deploy_http
from functions.deploy_worker import trigger
from functions.reconcile_timer.trigger import blueprint as reconcile_timer
from shared.domain.policy import DEPLOY_JOBS

logging.getLogger("longshore").setLevel(logging.INFO)
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(deploy_http)
app.register_functions(reconcile_timer)


@app.function_name("deploy_jobs")
@app.queue_trigger(arg_name="message", queue_name=DEPLOY_JOBS, connection="AzureWebJobsStorage")
def deploy_jobs(message: func.QueueMessage) -> None:
    """The worker's own function, timed."""
    with Heard() as heard:
        wall, cpu = time.perf_counter(), time.process_time()
        trigger.deploy_jobs(message)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    turn = Turn(deployment_id=heard.deployment_id, kind=heard.kind, wall=wall, cpu=cpu)
    with Path(os.environ["BENCH_TURNS"]).open("a") as file:
        file.write(json.dumps(dataclasses.asdict(turn)) + "\n")
