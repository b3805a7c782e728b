"""The HTTP server of a scoring process: one model, or many that are loaded when asked for.

`nursery` forks it; it answers `POST /` with predictions, `GET /` when it is alive. Which model
is meant comes in the header `x-model` where the process serves many.
"""

import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import waitress.server
from mlflow.models import Model

from local.azure_ml.scoring import environment, payload

_Start = Callable[[str, list[tuple[str, str]]], object]
_STATUS = {200: "200 OK", 400: "400 Bad Request", 500: "500 Internal Server Error"}
_THREADS = 4


@dataclass(frozen=True, slots=True)
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

    def get(self, folder: str) -> "Loaded":
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
    server = waitress.server.create_server(
        _application(models, folder), host="127.0.0.1", port=0, threads=_THREADS
    )
    announce(server.effective_port)
    server.run()


def _application(models: Models, folder: str | None) -> Callable[..., Iterable[bytes]]:
    def answer(environ: dict[str, Any], start: _Start) -> Iterator[bytes]:
        status, body = 200, b"healthy"
        if environ["REQUEST_METHOD"] == "POST":
            model = folder or environ["HTTP_X_MODEL"]
            status, body = _predict(models, model, environ["wsgi.input"].read())
        kind = "application/json" if status == 200 else "text/plain"
        start(_STATUS[status], [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return iter([body])

    return answer


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
