"""How the account is reached, and what the SDK's errors are made into."""

import inspect
from datetime import UTC, datetime, timedelta

import pytest
from azure.core import exceptions

from shared.adapters import storage_account, storage_errors
from shared.adapters.storage_errors import translated as reading
from shared.adapters.system import SystemClock, SystemRandom
from shared.domain.errors import Changed

KEY = "c2VjcmV0LWtleQ=="


def test_every_error_class_of_azure_core_has_a_meaning() -> None:
    classes = {
        kind
        for _, kind in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == exceptions.__name__
    }
    assert classes == set(storage_errors.MEANING)


@pytest.mark.parametrize("kind", storage_errors.MEANING)
def test_every_error_comes_out_as_one_of_ours_with_its_cause(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    error.args = ("it went wrong",)
    error.__dict__.setdefault("message", "it went wrong")
    ours = storage_errors.MEANING[kind]
    with pytest.raises(ours, match=r"reading: .*went wrong") as caught, reading("reading"):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("code", ["ConditionNotMet", "SourceConditionNotMet"])
def test_a_condition_that_is_not_met_means_changed_also_at_the_source_of_a_copy(code: str) -> None:
    error = exceptions.ResourceModifiedError("it went wrong")
    error.error_code, error.status_code = code, 412  # type: ignore[attr-defined]  # as the SDK of blobs sets it
    with pytest.raises(Changed), reading("copying"):
        raise error


def test_an_error_that_is_not_the_storages_passes() -> None:
    with pytest.raises(ZeroDivisionError), storage_errors.translated("reading"):
        raise ZeroDivisionError


def test_a_connection_string_names_the_services() -> None:
    account = storage_account.from_connection_string(
        f"DefaultEndpointsProtocol=https;AccountName=store;AccountKey={KEY};EndpointSuffix=core.x.cn"
    )
    assert account.table_url == "https://store.table.core.x.cn"
    assert account.queue_url == "https://store.queue.core.x.cn"
    assert account.blob_url == "https://store.blob.core.x.cn"


@pytest.mark.parametrize("host", ["127.0.0.1:10002", "localhost:1", "[::1]:1", "127.9.9.9"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    text = f"AccountName=a;AccountKey={KEY}" + "".join(
        f";{each}Endpoint=http://{host}/a" for each in ("Table", "Queue", "Blob")
    )
    assert storage_account.from_connection_string(text).table_url == f"http://{host}/a"


@pytest.mark.parametrize(
    "parts",
    [
        "DefaultEndpointsProtocol=http",
        "BlobEndpoint=http://10.0.0.1/a",
        "QueueEndpoint=http://127.0.0.1.evil.example/a",
        "TableEndpoint=http://localhost@evil.example/a",
        "TableEndpoint=ftp://127.0.0.1/a",
    ],
)
def test_the_key_never_travels_in_the_clear(parts: str) -> None:
    with pytest.raises(ValueError, match="must be reached by https"):
        storage_account.from_connection_string(f"AccountName=a;AccountKey={KEY};{parts}")


@pytest.mark.parametrize("text", ["", "nonsense", "AccountName=a", f"AccountKey={KEY}", f"{KEY};x"])
def test_an_incomplete_connection_string_is_refused_without_telling_the_key(text: str) -> None:
    with pytest.raises(ValueError, match="connection string") as caught:
        storage_account.from_connection_string(text)
    assert KEY not in str(caught.value)


def test_the_key_is_not_in_the_accounts_description() -> None:
    account = storage_account.from_connection_string(f"AccountName=a;AccountKey={KEY}")
    assert KEY not in repr(account)


def test_a_retry_waits_briefly_whatever_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    account = storage_account.from_connection_string(f"AccountName=a;AccountKey={KEY}")
    account.transport.sleep(120)
    assert waited == [0.4]


def test_the_machines_clock_and_chance() -> None:
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(seconds=5)
    chance = SystemRandom()
    assert len({chance.nonce() for _ in range(1000)}) == 1000
    assert len(chance.nonce()) == 32
    assert {chance.jump() for _ in range(20_000)} <= set(range(1, 1001))
    assert all(0 <= chance.jitter() < 1 for _ in range(100))
