"""The floor of the cold start: FastAPI on functions as people write it, with the same durable writes.

`bench.cold_start` copies it into a folder of its own as `function_app.py`.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import azure.functions as func
from fastapi import FastAPI
from pydantic import BaseModel

from bench.writes import BareWrites

api = FastAPI(title="Bare")
writes = BareWrites(
    os.environ["AzureWebJobsStorage"],  # noqa: SIM112 - the host's own name for it
    Path(os.environ["BENCH_TEMPLATE"]).read_text(),
)


class DeployRequest(BaseModel):
    """What is to be deployed."""

    model_id: str


@api.post("/deployments/deploy", status_code=202)
def deploy(request: DeployRequest) -> dict[str, str]:
    """Writes what an acceptance writes."""
    micros = time.time_ns() // 1000 % 1_000_000
    deployment_id = f"{datetime.now(UTC):%Y%m%d%H%M%S}{micros:06d}"
    writes.accept(deployment_id)
    return {"deployment_id": deployment_id, "model_id": request.model_id}


app = func.AsgiFunctionApp(app=api, http_auth_level=func.AuthLevel.ANONYMOUS)
