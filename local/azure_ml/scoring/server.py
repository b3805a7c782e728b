"""The HTTP server of a scoring process: one model, or many that are loaded when asked for.

`nursery` forks it; it answers `POST /` with predictions, `GET /` when it is alive. Which model
is meant comes in the header `x-model` where the process serves many. Needs MLflow and Python 3.8 or later.
"""

from __future__ import annotations

import threading
import traceback
from collections import OrderedDict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING, Any

import mlflow.pyfunc
from mlflow.models import Model

from local.azure_ml.scoring import environment, payload

if TYPE_CHECKING:  # not to be subscribed before Python 3.9
    from collections.abc import Callable


@dataclass(frozen=True)
class Loaded:
    """A model, and what turns a request's `input_data` into what it takes."""

    model: Any
    take: payload.Take


class Models:
    """Loaded models by folder; the one not used for longest goes when `most` are in memory."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, folder: str) -> Loaded:
        """The model of this folder, loaded now if need be."""
        with self._lock:
            if folder not in self._loaded:
                self._loaded[folder] = _load(folder)
            self._loaded.move_to_end(folder)
            while len(self._loaded) > self._most:
                self._loaded.popitem(last=False)
            return self._loaded[folder]


def _load(folder: str) -> Loaded:
    take = payload.plan_take(Model.load(folder).signature)
    return Loaded(mlflow.pyfunc.load_model(folder), take)


def serve(folder: str | None, most: int, announce: Callable[[int], None]) -> None:
    """Serves until the process ends; `announce` gets the port once requests will be answered.

    With a `folder` its model is loaded first, and whatever that raises ends the process.
    """
    models = Models(most)
    if folder is not None:
        print(environment.report(Path(folder)), flush=True)
        models.get(folder)
        print(f"model loaded from {folder}", flush=True)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.models, server.folder = models, folder
        announce(server.server_address[1])
        server.serve_forever()


class _Server(ThreadingTCPServer):
    """Not `http.server`'s own, which asks for the machine's name as it starts."""

    daemon_threads = True
    request_queue_size = 128
    models: Models
    folder: str | None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
    server: _Server

    def do_GET(self) -> None:
        """That the process is alive."""
        self._answer(200, b"healthy")

    def do_POST(self) -> None:
        """Predictions."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        folder = self.server.folder or self.headers["x-model"]
        self._answer(*_predict(self.server.models, folder, body))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's word
        """Nothing: requests are not in the log of Azure's container either."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _predict(models: Models, folder: str, body: bytes) -> tuple[int, bytes]:
    try:
        loaded = models.get(folder)
        return 200, payload.render(loaded.model.predict(payload.read(body, loaded.take)))
    except payload.NotAScoringRequestError as error:
        print(f"refused: {error}", flush=True)
        return 400, str(error).encode()
    except Exception as error:  # noqa: BLE001 - whatever a model raises is its caller's to see
        traceback.print_exc()
        return 500, f"{type(error).__name__}: {error}".encode()
