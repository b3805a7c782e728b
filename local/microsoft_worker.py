"""One app in this process, run by Microsoft's worker library; see `local.microsoft_runtime`.

`python -m local.microsoft_worker APP [--invoke NAME [--given JSON]]` prints JSON. The library
takes its protocol classes as a value, so plain objects stand in for them: no gRPC, no protobuf.
"""

import argparse
import asyncio
import contextlib
import importlib
import json
import os
import sys
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local.host import settings
from local.microsoft_runtime import Indexed, Invocation, RuntimeLibraryError, install


class _Worker:
    """The library in this process, with one app loaded."""

    def __init__(self) -> None:
        sys.path.insert(0, str(install()))
        self._library: Any = importlib.import_module("azure_functions_runtime")
        self._native: Any = importlib.import_module("azure_functions_runtime.native_invocation")
        self._datum: Any = importlib.import_module(
            "azure_functions_runtime.bindings.datumdef"
        ).Datum
        self._ids: dict[str, str] = {}
        self._functions: dict[str, Indexed] = {}

    async def load(self, app: Path) -> list[Indexed]:
        """Indexes and loads every function, as the host would ask for it."""
        os.chdir(app)
        sys.path.insert(0, str(app))
        self._library.start_threadpool_executor()
        init = SimpleNamespace(capabilities={}, function_app_directory=str(app))
        request = SimpleNamespace(
            request=SimpleNamespace(worker_init_request=init),
            properties={"host": "127.0.0.1", "protos": _protocol()},
        )
        _require_success(await self._library.worker_init_request(request))
        answer = await self._library.functions_metadata_request(request)
        found = answer.function_metadata_results or []
        if not found:
            raise RuntimeLibraryError(f"it finds no function in {app}")
        for each in found:
            wanted = SimpleNamespace(function_id=each.function_id)
            load = SimpleNamespace(request=SimpleNamespace(function_load_request=wanted))
            _require_success(await self._library.function_load_request(load))
            self._ids[each.name] = each.function_id
            bindings = [json.loads(raw) for raw in each.raw_bindings]
            self._functions[each.name] = Indexed(each.name, bindings)
        return list(self._functions.values())

    async def invoke(self, name: str, given: Mapping[str, Any]) -> Invocation:
        """Runs a function on a trigger made of `given`."""
        if name not in self._functions:
            raise RuntimeLibraryError(f"the app has no function {name}")
        bindings = self._functions[name].bindings
        trigger = next(each for each in bindings if each["type"].endswith("Trigger"))
        value, metadata = self._trigger_value(trigger["type"], given)
        _, returned, outputs, error, trace = await self._native.invocation_request_native(
            str(uuid.uuid4()), self._ids[name], [(trigger["name"], value)], metadata
        )
        return Invocation(
            error=f"{error}\n{trace}" if error else "",
            returned=_plain(returned),
            outputs={name: _plain(datum) for name, datum in outputs},
        )

    def _trigger_value(self, kind: str, given: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        match kind:
            case "httpTrigger":
                return self._datum(self._http(given), "http"), {}
            case "queueTrigger":
                metadata = {"Id": str(uuid.uuid4()), "PopReceipt": "receipt"}
                metadata["DequeueCount"] = str(given.get("dequeue_count", 1))
                texts = {name: self._datum(text, "string") for name, text in metadata.items()}
                return self._datum(given.get("message", "{}"), "string"), texts
            case "timerTrigger":
                timer = {"IsPastDue": bool(given.get("past_due")), "Schedule": {}}
                return self._datum(json.dumps(timer), "json"), {}
        raise RuntimeLibraryError(f"no value can be made here for a {kind}")

    def _http(self, given: Mapping[str, Any]) -> dict[str, Any]:
        url = f"http://127.0.0.1{given.get('url', '/')}"

        def texts(pairs: Mapping[str, str]) -> dict[str, Any]:
            return {name: self._datum(text, "string") for name, text in pairs.items()}

        return {
            "method": self._datum(given.get("method", "GET"), "string"),
            "url": self._datum(url, "string"),
            "headers": texts(given.get("headers", {})),
            "params": texts(given.get("route", {})),
            "query": texts(dict(parse_qsl(urlsplit(url).query))),
            "body": self._datum(given.get("body", "").encode(), "bytes"),
        }


def _protocol() -> SimpleNamespace:
    """What the library asks of its protocol module: classes that hold what they are given."""
    constants: dict[str, dict[str, int]] = {
        "StatusResult": {"Failure": 0, "Success": 1},
        "BindingInfo": {"undefined": 0, "out": 1, "inout": 2},
    }
    names = ["FunctionLoadResponse", "FunctionMetadataResponse", "RpcException", "RpcRetryOptions"]
    names += ["RpcFunctionMetadata", "WorkerInitResponse", "WorkerMetadata", *constants]
    return SimpleNamespace(
        **{name: type(name, (SimpleNamespace,), constants.get(name, {})) for name in names}
    )


def _require_success(response: Any) -> None:
    if response.result.status != 1:
        raise RuntimeLibraryError(response.result.exception.stack_trace)


def _plain(datum: Any) -> Any:
    """A value of the library's own form as JSON can hold it."""
    value = getattr(datum, "value", datum)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [str(each) for each in value]
    return value


async def _answer(options: argparse.Namespace) -> dict[str, Any]:
    app = options.app.resolve()
    problems: list[str] = []
    os.environ.update(settings.read(app, os.environ, problems).values)
    if problems:
        return {"refused": "\n".join(problems)}
    worker = _Worker()
    try:
        functions = await worker.load(app)
        if options.invoke is None:
            return {"functions": [asdict(function) for function in functions]}
        return {"invocation": asdict(await worker.invoke(options.invoke, options.given))}
    except RuntimeLibraryError as error:
        return {"refused": str(error)}


def main() -> int:
    """`python -m local.microsoft_worker APP [--invoke NAME [--given JSON]]`; prints JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app", type=Path, help="folder of function_app.py")
    parser.add_argument("--invoke", metavar="NAME", help="run this function")
    parser.add_argument(
        "--given", type=json.loads, default={}, metavar="JSON", help="what triggers it"
    )
    options = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):  # what the app prints is not the answer
        answer = asyncio.run(_answer(options))
    print(json.dumps(answer, indent=1))
    return 1 if "refused" in answer or answer.get("invocation", {}).get("error") else 0


if __name__ == "__main__":
    sys.exit(main())
