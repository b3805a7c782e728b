"""`Scorer`: calls a live endpoint over HTTP with its key, as its users do.

Not through azure-ai-ml: its `invoke` keeps the deployment's name for all later calls.
"""

import time
from collections.abc import Mapping
from typing import Any

from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest, HttpResponse

from shared.adapters import cloud_errors, credentials
from shared.domain.errors import CloudError, Trouble
from shared.ports import Answer

ROUTED = "azureml-model-deployment"
"""The header that names a deployment, in the call and in its answer."""

LONGEST_ANSWER = 4 * 1024 * 1024  # bytes; Azure's own limit is 1.5 MB


class HttpScorer:
    """Scores over https, or plain http on a loopback address."""

    def __init__(self, *, timeout: float = 30) -> None:
        """`timeout` is in seconds and for a whole call."""
        self._timeout = timeout
        self._clients = {
            is_local: PipelineClient[HttpRequest, HttpResponse](
                "", policies=[], transport=credentials.transport(url)
            )
            for is_local, url in ((True, "http://127.0.0.1"), (False, "https://"))
        }

    def score(
        self, uri: str, *, key: str, deployment_name: str, payload: Mapping[str, object]
    ) -> Answer:
        """One scoring call to a named deployment; every HTTP status is an answer.

        Raises CloudError: TRANSIENT where nothing answers, PERMANENT for an address that a key
        must not be sent to (`unsafe_address`) and an answer without end (`too_long`).
        """
        try:
            credentials.require_safe(uri)
        except ValueError as error:
            raise CloudError(Trouble.PERMANENT, "unsafe_address", str(error)) from error
        headers = {"Authorization": f"Bearer {key}", ROUTED: deployment_name}
        request = HttpRequest("POST", uri, json=dict(payload), headers=headers)
        try:
            return self._answer(request)
        except (AzureError, OSError) as error:
            raise cloud_errors.from_error(error, changing=False) from error

    def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.values():
            client.close()

    def _answer(self, request: HttpRequest) -> Answer:
        deadline = time.monotonic() + self._timeout
        limits: dict[str, Any] = {
            "connection_timeout": self._timeout / 4,
            "read_timeout": self._timeout * 3 / 4,
        }
        client = self._clients[credentials.is_loopback(request.url)]
        with client.send_request(request, stream=True, **limits) as response:
            content = bytearray()
            for part in response.iter_bytes():
                content += part
                if len(content) > LONGEST_ANSWER:
                    message = f"the answer has more than {LONGEST_ANSWER} bytes"
                    raise CloudError(Trouble.PERMANENT, "too_long", message)
                if time.monotonic() > deadline:
                    message = f"the answer took longer than {self._timeout:g} s"
                    raise CloudError(Trouble.TRANSIENT, "timeout", message)
            return Answer(
                status=response.status_code,
                deployment_name=response.headers.get(ROUTED, ""),
                text=content.decode(errors="replace"),
            )
