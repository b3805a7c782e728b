"""A process of its own: imports the app, serves requests as the host does, tells what was loaded.

Reads a JSON list of {method, url, headers, body (base64)} from standard input and writes, as JSON,
for the import and for each request, its status, its body and the names of all modules there are by then.
"""

import asyncio
import base64
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.functions as func
from azure.functions.http import HttpRequest

_CONTEXT = SimpleNamespace(
    function_directory="",
    function_name="deploy_http",
    invocation_id="1",
    thread_local_storage=None,
    trace_context=None,
    retry_context=None,
)


def _told(answer: func.HttpResponse | None) -> dict[str, Any]:
    loaded = {"modules": sorted(sys.modules)}
    if answer is None:
        return loaded
    return {"status": answer.status_code, "body": answer.get_body().decode(), **loaded}


async def _serve(app: func.FunctionApp) -> list[dict[str, Any]]:
    seen = [_told(None)]
    functions = {each.get_function_name(): each for each in app.get_functions()}
    serve = functions["deploy_http"].get_user_function()
    for each in json.load(sys.stdin):
        body = base64.b64decode(each.pop("body"))
        each |= {"params": {}, "route_params": {}, "body_type": "bytes", "body": body}
        request = HttpRequest(**each)
        seen.append(_told(await serve(request, _CONTEXT)))
    return seen


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from function_app import app  # what is measured begins here

    sys.stdout.write(json.dumps(asyncio.run(_serve(app))))
