"""Tables in Azure Table Storage, or in Azurite.

Every write is conditional and sent once: the SDK's own retry would meet the first try's success
and call it a conflict. Whoever gets `Unavailable` from `commit` reads back by nonce.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceExistsError
from azure.data.tables import EdmType, EntityProperty, TableClient, TableEntity, UpdateMode

from shared.adapters import table_operations
from shared.adapters.storage_account import StorageAccount
from shared.adapters.storage_errors import error_code, translated
from shared.adapters.storage_session import RETRIES
from shared.domain import limits
from shared.domain.codec import Value
from shared.domain.errors import Missing
from shared.ports import Delete, Insert, Operation, Replace, Row

_INT32 = range(-(2**31), 2**31)
_NO_ECHO = {"Prefer": "return-no-content"}  # the service need not send back what was inserted
_IF_SAME = MatchConditions.IfNotModified


class AzureTables:
    """Rows in Table Storage; safe to share between threads. Tables come to be by their first use."""

    def __init__(self, account: StorageAccount) -> None:
        self._account = account
        self._clients: dict[str, TableClient] = {}

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        limits.check_key(partition)
        limits.check_key(key)
        client = self._client(table)
        try:
            with translated(f"reading {table} {partition} {key}"):
                return _row(client.get_entity(partition, key))
        except Missing:
            return None

    def scan(
        self,
        table: str,
        partition: str | None,
        *,
        first: str = "",
        last: str = "",
        since: str = "",
        select: Sequence[str] = (),
    ) -> Iterator[Row]:
        """Rows in key order with `first` <= key < `last`, a page of 1000 at a time."""
        bounds = {"partition": partition, "first": first, "last": last, "since": since}
        parameters = {name: value for name, value in bounds.items() if value}
        query = " and ".join(_CONDITIONS[name] for name in parameters)
        wanted = ["PartitionKey", "RowKey", *select] if select else None
        return self._scan(self._client(table), query, parameters, wanted)

    def commit(self, table: str, operations: Sequence[Operation]) -> list[str]:
        """Does all or nothing, sent once; the new etags in that order, empty for a deleted row."""
        table_operations.check(table, operations)
        client = self._client(table)
        with translated(f"writing {table} {operations[0].row.partition}"):
            try:
                return _send(client, operations)
            except AzureError as error:
                if error_code(error) != "TableNotFound":
                    raise
                _create(client)
                return _send(client, operations)

    def _scan(
        self,
        client: TableClient,
        query: str,
        parameters: Mapping[str, str],
        wanted: list[str] | None,
    ) -> Iterator[Row]:
        what = f"listing {client.table_name}"
        pages = client.query_entities(query, parameters=dict(parameters), select=wanted).by_page()
        try:
            with translated(what):
                rows = _next_page(pages)
        except Missing:  # no table yet; once it has begun, a listing that breaks off is an error
            return
        while rows is not None:
            yield from rows
            with translated(what):
                rows = _next_page(pages)

    def _client(self, table: str) -> TableClient:
        client = self._clients.get(table)
        if client is None:
            limits.check_table(table)
            client = self._clients[table] = TableClient(
                self._account.table_url,
                table,
                credential=self._account.credential,
                transport=self._account.transport,
                retry_total=RETRIES,
            )
        return client


_CONDITIONS = {
    "partition": "PartitionKey eq @partition",
    "since": "PartitionKey ge @since",
    "first": "RowKey ge @first",
    "last": "RowKey lt @last",
}


def _send(client: TableClient, operations: Sequence[Operation]) -> list[str]:
    """One operation by the single call, which costs a quarter of a transaction."""
    if len(operations) == 1:
        match operations[0]:
            case Insert(row):
                told = client.create_entity(_entity(row), headers=dict(_NO_ECHO), retry_total=0)
                return [_etag(told)]
            case Replace(row):
                told = client.update_entity(
                    _entity(row),
                    UpdateMode.REPLACE,
                    etag=row.etag,
                    match_condition=_IF_SAME,
                    retry_total=0,
                )
                return [_etag(told)]
    # a single delete too: the SDK's own call is silent about a row that is not there
    parts = client.submit_transaction([_part(each) for each in operations], retry_total=0)
    if len(parts) != len(operations):
        raise ValueError(f"{len(parts)} answers to {len(operations)} operations")
    return [
        "" if isinstance(operation, Delete) else _etag(part)
        for operation, part in zip(operations, parts, strict=True)
    ]


def _etag(told: Mapping[str, Any]) -> str:
    """The etag of an answer; ValueError, which means an unclear answer, where it has none."""
    etag = told.get("etag")
    if not isinstance(etag, str) or not etag:
        raise ValueError("it has no etag")
    return etag


def _part(operation: Operation) -> tuple[str, Mapping[str, object], Mapping[str, object]]:
    match operation:
        case Insert(row):
            return "create", _entity(row), {"headers": dict(_NO_ECHO)}
        case Replace(row):
            same = {"mode": UpdateMode.REPLACE, "etag": row.etag, "match_condition": _IF_SAME}
            return "update", _entity(row), same
    row = operation.row
    keys = {"PartitionKey": row.partition, "RowKey": row.key}
    return "delete", keys, {"etag": row.etag, "match_condition": _IF_SAME}


def _create(client: TableClient) -> None:
    try:
        client.create_table()
    except ResourceExistsError as error:
        if error_code(error) != "TableAlreadyExists":  # somebody was quicker
            raise


def _next_page(pages: Iterator[Iterator[TableEntity]]) -> list[Row] | None:
    page = next(pages, None)
    return None if page is None else [_row(entity) for entity in page]


def _entity(row: Row) -> dict[str, object]:
    entity: dict[str, object] = {"PartitionKey": row.partition, "RowKey": row.key}
    for name, value in row.values.items():
        entity[name] = value if _is_plain(value) else EntityProperty(value, EdmType.INT64)
    return entity


def _is_plain(value: Value) -> bool:
    return type(value) is not int or value in _INT32


def _row(entity: TableEntity) -> Row:
    values = {
        name: value.value if isinstance(value, EntityProperty) else value
        for name, value in entity.items()
        if value is not None
    }
    partition, key = values.pop("PartitionKey"), values.pop("RowKey")
    return Row(partition=partition, key=key, values=values, etag=_etag(entity.metadata))
