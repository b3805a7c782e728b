"""An app of HTTP functions only: a FastAPI app behind the catch-all, plain ones before it."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import azure.functions as func
import fastapi
from fastapi.responses import StreamingResponse

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
web = fastapi.FastAPI()
asgi = func.AsgiMiddleware(web)


@app.function_name("zz_everything_else")
@app.route(route="{*route}")
async def everything_else(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    answer: func.HttpResponse = await asgi.handle_async(req, context)
    return answer


@app.route(route="plain/{id:int}/{extra?}", methods=["GET"])
def plain(req: func.HttpRequest) -> func.HttpResponse:
    seen = {
        "route": dict(req.route_params),
        "query": dict(req.params),
        "headers": dict(req.headers),
        "url": req.url,
        "sync": threading.current_thread() is not threading.main_thread(),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="plain/fails")
async def plain_fails(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError(f"no answer for {req.url}")


@app.route(route="plain/text")
async def plain_text(req: func.HttpRequest) -> str:
    return f"{req.method} {len(req.get_body())}"


@app.route(route="plain/waits")
def plain_waits(req: func.HttpRequest) -> func.HttpResponse:
    """Answers once the file named by WAIT_FOR exists; says so by making one beside it."""
    go = Path(os.environ["WAIT_FOR"])
    with go.with_suffix(".started").open("a") as started:
        started.write(f"{req.method}\n")
    while not go.exists():
        threading.Event().wait(0.01)
    return func.HttpResponse("waited")


@web.post("/upload")
async def upload(
    file: fastapi.UploadFile, name: Annotated[str, fastapi.Form()]
) -> dict[str, object]:
    content = await file.read()
    return {"name": name, "file": file.filename, "size": len(content), "head": content[:4].hex()}


@web.get("/stream")
def stream() -> StreamingResponse:
    def parts() -> Iterator[bytes]:
        for number in range(3):
            yield f"part {number}\n".encode()

    return StreamingResponse(parts(), media_type="text/plain")


@web.get("/echo")
def echo(request: fastapi.Request) -> dict[str, object]:
    return {
        "query": request.query_params.multi_items(),
        "headers": request.headers.items(),
        "path": request.url.path,
    }


@web.get("/items/{name}")
def item(name: str) -> str:
    return name


@web.delete("/nothing", status_code=204)
def nothing() -> None:
    return None


@web.get("/unchanged")
def unchanged() -> fastapi.Response:
    return fastapi.Response(status_code=304, headers={"ETag": '"7"'})


@web.get("/cookies")
def cookies(response: fastapi.Response) -> str:
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    return "baked"
