"""An app of queue functions: each delivery is written down, and does what its message says."""

import json
import os
import threading
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()


def note(function: str, message: func.QueueMessage, **more: object) -> None:
    line = {"function": function, "body": message.get_body().decode(), "pid": os.getpid()}
    with Path(os.environ["NOTES"]).open("a") as notes:
        notes.write(json.dumps({**line, "count": message.dequeue_count, **more}) + "\n")


@app.queue_trigger(arg_name="msg", queue_name="%JOBS%", connection="Storage")
def work(msg: func.QueueMessage) -> None:
    note(
        "work",
        msg,
        id=msg.id,
        inserted=str(msg.insertion_time),
        expires=str(msg.expiration_time),
        next_visible=str(msg.time_next_visible),
        receipt=msg.pop_receipt,
    )
    body = msg.get_body().decode()
    if body == "fail":
        raise RuntimeError("told to")
    if body.startswith("wait"):
        go = Path(os.environ["GO"])
        while not go.exists():
            threading.Event().wait(0.01)
        note("work ended", msg)


@app.queue_trigger(arg_name="msg", queue_name="%JOBS%-poison", connection="Storage")
async def buried(msg: func.QueueMessage) -> None:
    note("buried", msg)
    raise RuntimeError("fails, too")


@app.queue_trigger(arg_name="msg", queue_name="%JOBS%-in", connection="Storage")
@app.queue_output(arg_name="out", queue_name="%JOBS%-out", connection="Storage")
def relay(msg: func.QueueMessage, out: func.Out[str]) -> None:
    out.set(msg.get_body().decode())
    if msg.get_body() == b"set, then fail":
        raise RuntimeError("told to")


@app.queue_trigger(arg_name="msg", queue_name="%JOBS%-out", connection="Storage")
async def done(msg: func.QueueMessage) -> None:
    note("done", msg)


@app.route(route="submit", methods=["POST"])
@app.queue_output(arg_name="$return", queue_name="%JOBS%-out", connection="Storage")
def submit(req: func.HttpRequest) -> str:
    return req.get_body().decode()
