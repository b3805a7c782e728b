"""Who we are to Azure, and where that may be shown: https anywhere, plain http on loopback only.

The emulator speaks plain http. Nothing else does: an address is checked when a client is built,
and again on every request, because links and redirects bring new ones.
"""

import functools
import os
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from shared.domain.loopback import is_loopback, is_safe

_ARM = "https://management.azure.com"
_SECONDS = 10.0
"""How long a token service may take to connect, and then to answer."""


class Credential:
    """The identity of this process; azure-identity is loaded when a token is first wanted.

    The managed identity where the platform offers one (`IDENTITY_ENDPOINT`, on Azure and from the
    emulator), else whatever DefaultAzureCredential finds on a developer's machine.
    """

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token for the scopes. Raises ClientAuthenticationError."""
        return self._chosen.get_token(*scopes, **options)

    @functools.cached_property
    def _chosen(self) -> TokenCredential:
        from azure.identity import (  # noqa: PLC0415 - a quarter of a second, spent when needed
            DefaultAzureCredential,
            ManagedIdentityCredential,
        )

        limits: dict[str, Any] = {
            "retry_total": 1,
            "connection_timeout": _SECONDS,
            "read_timeout": _SECONDS,
        }
        if "IDENTITY_ENDPOINT" in os.environ:
            return ManagedIdentityCredential(**limits)
        return DefaultAzureCredential(**limits)


def require_safe(url: str) -> None:
    """Raises ValueError unless secrets may be sent to `url`."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise ValueError(f"{url} is not an address: write https://host")
    if not is_safe(url):
        raise ValueError(
            f"http://{parts.hostname} would send secrets unencrypted: use https, "
            "or a loopback address such as http://127.0.0.1:8701"
        )


def bearer(credential: TokenCredential, base_url: str) -> ARMChallengeAuthenticationPolicy:
    """The policy that adds our token to calls of `base_url`; raises ValueError if it is unsafe."""
    require_safe(base_url)
    if is_loopback(base_url):
        return LoopbackBearer(credential, f"{_ARM}/.default")
    return ARMChallengeAuthenticationPolicy(credential, f"{base_url.rstrip('/')}/.default")


class LoopbackBearer(ARMChallengeAuthenticationPolicy):
    """Sends the token over plain http too, as long as that does not leave this machine."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Adds the token. Raises ValueError where the request would carry it away in the open."""
        require_safe(request.http_request.url)
        request.context.options["enforce_https"] = False
        super().on_request(request)


def transport(url: str) -> RequestsTransport:
    """A transport for `url`; calls to this machine do not go through a proxy."""
    return RequestsTransport(use_env_settings=not is_loopback(url))
