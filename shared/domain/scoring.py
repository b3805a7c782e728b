"""How a live endpoint is called: Azure ML's MLflow contract, and the line to paste.

The payload is `{"input_data": {"columns": [...], "index": [...], "data": [[...]]}}`; Azure's MLflow
serving needs all three.
"""

import json
import shlex
from typing import Any

from shared.domain.inspection import Inspection


def sample_payload(inspection: Inspection) -> dict[str, Any] | None:
    """A payload of one row that the model takes; None where its inputs are not known."""
    if inspection.sample_input is not None:
        return {"input_data": inspection.sample_input}
    if inspection.sample_row is None:
        return None
    columns: list[str | int] = [
        number if column.name is None else column.name
        for number, column in enumerate(inspection.features)
    ]
    row = list(inspection.sample_row)
    return {
        "input_data": {"columns": columns or list(range(len(row))), "index": [0], "data": [row]}
    }


def sample_call(
    scoring_uri: str, deployment_name: str, payload: dict[str, Any] | None, *, has_traffic: bool
) -> str:
    """A curl command ready to paste; it takes the key from `$ENDPOINT_KEY`.

    A deployment without traffic is called by the header `azureml-model-deployment`.
    """
    body = payload or {"input_data": {"columns": [0], "index": [0], "data": [[0.0]]}}
    lines = [
        f"curl -sS {shlex.quote(scoring_uri)}",
        '-H "Authorization: Bearer $ENDPOINT_KEY"',
        "-H 'Content-Type: application/json'",
        *([] if has_traffic else [f"-H 'azureml-model-deployment: {deployment_name}'"]),
        f"-d {shlex.quote(json.dumps(body))}",
    ]
    return " \\\n  ".join(lines)
