"""`Scorer`: calls a live endpoint over HTTP with its key, as its users do.

Not through azure-ai-ml, whose `invoke` keeps the deployment's name for all later calls. What
answers is a user's model, so the answer is bounded in time and length however it comes.
"""

import json
import time
from collections.abc import Iterator, Mapping

import requests
from urllib3.exceptions import HTTPError

from shared.adapters import cloud_errors, credentials
from shared.cloud_ports import Answer
from shared.domain.errors import CloudError, Trouble
from shared.domain.loopback import is_loopback

ROUTED = "azureml-model-deployment"
"""The header that names a deployment, in the call and in its answer."""

LONGEST_ANSWER = 4 * 1024 * 1024  # bytes
_PART = 65_536  # bytes


class HttpScorer:
    """Scores over https, or plain http on a loopback address."""

    def __init__(self, *, timeout: float = 30) -> None:
        """`timeout` is in seconds and for a whole call."""
        self._timeout = timeout

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
        headers = {
            "Authorization": f"Bearer {key}",
            ROUTED: deployment_name,
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
        }
        try:
            return self._post(uri, headers, payload)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise cloud_errors.from_error(error, changing=False) from error

    def _post(self, uri: str, headers: Mapping[str, str], payload: Mapping[str, object]) -> Answer:
        deadline = time.monotonic() + self._timeout
        with requests.Session() as session:
            session.trust_env = not is_loopback(uri)
            session.auth = _as_it_is
            with session.post(
                uri,
                data=json.dumps(payload),
                headers=headers,
                timeout=(self._timeout / 4, self._timeout * 3 / 4),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = b"".join(self._parts(response, deadline))
                return Answer(
                    status=response.status_code,
                    deployment_name=response.headers.get(ROUTED, ""),
                    text=content.decode(errors="replace"),
                )

    def _parts(self, response: requests.Response, deadline: float) -> Iterator[bytes]:
        """The answer as it arrives; not `iter_content`, which waits for a full part."""
        length = 0
        while part := response.raw.read1(_PART, decode_content=False):
            length += len(part)
            if length > LONGEST_ANSWER:
                message = f"the answer has more than {LONGEST_ANSWER} bytes"
                raise CloudError(Trouble.PERMANENT, "too_long", message)
            if time.monotonic() > deadline:
                message = f"the answer took longer than {self._timeout:g} s"
                raise CloudError(Trouble.TRANSIENT, "timeout", message)
            yield part


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps our key where a .netrc file would put a password in its place."""
    return request
