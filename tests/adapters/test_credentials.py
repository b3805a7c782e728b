"""Secrets go over https, or nowhere beyond this machine."""

import sys
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.rest import HttpRequest

from shared.adapters import credentials
from shared.adapters.arm_rest import Workspace
from tests.local.azure_ml import running


class Anybody:
    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("token", sys.maxsize)


def a_request(url: str) -> PipelineRequest[HttpRequest]:
    return PipelineRequest(HttpRequest("GET", url), PipelineContext(None))


@pytest.mark.parametrize(
    "url",
    [
        "https://management.azure.com",
        "https://127.0.0.1:8701",
        "http://127.0.0.1:8701",
        "http://127.9.9.9",
        "http://[::1]:8701",
        "http://localhost:8701",
    ],
)
def test_https_and_loopback_addresses_are_safe(url: str) -> None:
    credentials.require_safe(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://management.azure.com",
        "http://10.0.0.1:8701",
        "http://0.0.0.0:8701",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com",
        "ftp://127.0.0.1",
        "127.0.0.1:8701",
        "",
    ],
)
def test_anything_else_is_refused_when_a_workspace_is_named(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Workspace(base_url=url, subscription="s", resource_group="g", name="w")
    with pytest.raises(ValueError, match="https"):
        credentials.bearer(Anybody(), url)


def test_a_token_does_not_follow_a_link_into_the_open() -> None:
    policy = credentials.bearer(Anybody(), "http://127.0.0.1:8701")
    inside = a_request("http://127.0.0.1:8701/subscriptions")
    policy.on_request(inside)
    assert inside.http_request.headers["Authorization"] == "Bearer token"
    outside = a_request("http://example.com/subscriptions")
    with pytest.raises(ValueError, match="unencrypted"):
        policy.on_request(outside)
    assert "Authorization" not in outside.http_request.headers


def test_the_managed_identity_gives_the_token_where_there_is_one(emulator: running.Running) -> None:
    assert emulator.url
    token = credentials.Credential().get_token("https://management.azure.com/.default")
    assert token.token.startswith("emulator.")


def test_without_an_identity_endpoint_the_developers_own_sign_in_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    assert type(credentials.Credential()._chosen).__name__ == "DefaultAzureCredential"
