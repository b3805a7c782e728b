"""The durable writes of one acceptance, as our own code does them, and the same by the bare SDK.

What is written is recorded from `submit.accept_deploy` on ports in memory, so the floor does as many
calls as we do, of the same sizes, whatever the service comes to write.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient, TextBase64EncodePolicy

TABLES = ("claims", "inflight", "records")
QUEUE = "deploy-jobs"
_LARGEST = 10**20 - 1


class BareWrites:
    """The writes with Microsoft's clients, shared and as they come."""

    def __init__(self, connection_string: str, template: str) -> None:
        self._template = template
        tables = TableServiceClient.from_connection_string(connection_string)
        queues = QueueServiceClient.from_connection_string(connection_string)
        self._tables = {name: tables.get_table_client(name) for name in TABLES}
        self._queue = queues.get_queue_client(QUEUE, message_encode_policy=TextBase64EncodePolicy())

    def accept(self, deployment_id: str) -> None:
        """All writes of one acceptance, in the order of the service."""
        filled = fill(self._template, deployment_id)
        for write in filled["writes"]:
            client, rows = self._tables[write["table"]], write["rows"]
            if len(rows) == 1:
                client.create_entity(rows[0])
            else:
                client.submit_transaction([("create", row) for row in rows])
        self._queue.send_message(filled["message"])


def fill(template: str, deployment_id: str) -> dict[str, Any]:
    """The recorded writes with another deployment's id in every place of the recorded one."""
    old, rest = template[:20], template[20:]
    for before, after in ((old, deployment_id), (_descending(old), _descending(deployment_id))):
        rest = rest.replace(before, after)
    filled: dict[str, Any] = json.loads(rest)
    return filled


def record() -> str:
    """Accepts one request in memory; its id, and behind it what was written, as JSON."""
    from bench.memory import (  # noqa: PLC0415 - the bare app fills a template and needs no service
        Recorded,
        accept_in_memory,
    )

    recorded: Recorded = accept_in_memory(datetime.now(UTC))
    writes = [{"table": table, "rows": list(rows)} for table, rows in recorded.writes]
    document: Mapping[str, object] = {"writes": writes, "message": recorded.message}
    return recorded.deployment_id + json.dumps(document)


def count(template: str) -> str:
    """What the writes are, in words."""
    writes: Sequence[Mapping[str, Any]] = fill(template, template[:20])["writes"]
    told = [f"{write['table']} x{len(write['rows'])}" for write in writes]
    return ", ".join([*told, f"{QUEUE} x1"])


def _descending(deployment_id: str) -> str:
    return f"{_LARGEST - int(deployment_id):020d}"
