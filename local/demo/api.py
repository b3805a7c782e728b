"""The API as the demo calls it: every call is shown in one line, so that a viewer learns it."""

import time
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from local.demo.failure import DemoFailure

Json = dict[str, Any]
SECONDS = 30


class Api:
    """Longshore's HTTP API, and the endpoints it makes. Raises DemoFailure for every error."""

    def __init__(self, base_url: str, console: Console) -> None:
        self._base_url = base_url
        self._console = console
        self._http = httpx.Client(timeout=SECONDS, trust_env=False)

    def close(self) -> None:
        """Ends its connections."""
        self._http.close()

    def get(self, path: str, *, quiet: bool = False) -> Json:
        """A GET; not shown where `quiet`."""
        found: Json = self._send("GET", path, "", quiet=quiet)
        return found

    def upload(self, file: Path, **fields: str) -> Json:
        """POST /models."""
        shown = f"file={file.name} ({file.stat().st_size / 1000:.1f} kB) " + _show(fields)
        with file.open("rb") as content:
            answer: Json = self._send(
                "POST", "/models", shown, files={"file": (file.name, content)}, data=fields
            )
        return answer

    def post(self, path: str, body: Json) -> Json:
        """A POST of JSON."""
        answer: Json = self._send("POST", path, _show(body), json=body)
        return answer

    def delete(self, path: str) -> Json:
        """A DELETE."""
        answer: Json = self._send("DELETE", path, "")
        return answer

    def score(self, uri: str, key: str, payload: Json, *, deployment: str = "") -> list[Any]:
        """Asks a live endpoint for predictions; `deployment` names one that has no traffic."""
        headers = {"Authorization": f"Bearer {key}"}
        if deployment:
            headers["azureml-model-deployment"] = deployment
        named = f" azureml-model-deployment: {deployment}" if deployment else ""
        shown = f"Authorization: Bearer <primary_key>{named}"
        answer: list[Any] = self._send("POST", uri, shown, json=payload, headers=headers)
        return answer

    def _send(
        self, method: str, address: str, shown: str, *, quiet: bool = False, **options: Any
    ) -> Any:
        url = address if address.startswith("http") else self._base_url + address
        start = time.monotonic()
        try:
            answer = self._http.request(method, url, **options)
        except httpx.TransportError as error:
            raise DemoFailure(f"{method} {address}: no answer ({error!r})") from error
        if not quiet:
            took = time.monotonic() - start
            line = f"  [bold cyan]{method:<6} {address}[/]" + (
                f"  [dim]{shown}[/]" if shown else ""
            )
            self._console.print(f"{line}  -> {answer.status_code} in {took:.2f} s")
        if answer.is_error:
            raise DemoFailure(_explain(method, address, answer))
        return answer.json()


def _show(fields: Json) -> str:
    return " ".join(f"{name}={value}" for name, value in fields.items())


def _explain(method: str, address: str, answer: httpx.Response) -> str:
    """The problem document in two lines, or whatever else came."""
    said = f"{method} {address} was answered {answer.status_code}"
    if "problem+json" not in answer.headers.get("content-type", ""):
        return f"{said}: {answer.text[:500]}"
    problem = answer.json()
    return f"{said}, {problem['code']}: {problem['detail']}\n{problem['next']}"
