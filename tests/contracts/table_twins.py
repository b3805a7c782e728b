"""Both twins of Tables, and rows to put into them."""

from collections.abc import Mapping

import pytest

from local.azurite import Azurite
from shared.adapters import azure_tables, memory_tables, storage_account
from shared.domain.codec import Value
from shared.ports import Row, Tables


def open_twin(request: pytest.FixtureRequest) -> Tables:
    """The twin that the fixture's parameter names: `memory` or `azurite`."""
    if request.param == "memory":
        return memory_tables.MemoryTables()
    azurite: Azurite = request.getfixturevalue("azurite")
    account = storage_account.from_connection_string(azurite.connection_string)
    return azure_tables.AzureTables(account)


def row(key: str = "k", *, partition: str = "p", etag: str = "", **values: Value) -> Row:
    return Row(partition=partition, key=key, values=values, etag=etag)


def holding(values: Mapping[str, Value], key: str = "k", etag: str = "") -> Row:
    return Row(partition="p", key=key, values=values, etag=etag)
