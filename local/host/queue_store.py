"""One storage queue as the host uses it: take, keep, give back, remove, add.

Calls block, so listeners make them in threads. The host's own loops decide what to try again,
so the SDK's retries are off. Everything raises azure.core.exceptions.AzureError.
"""

import base64
import binascii
import contextlib
from dataclasses import dataclass
from datetime import datetime

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

_NOT_OURS = {400, 404}  # the receipt is out of date, or the message is gone


@dataclass(slots=True)
class Message:
    """A message taken from a queue; its receipt changes with every renewal."""

    id: str
    text: str
    body: bytes | None
    """None where the text is not in the queue's encoding."""
    receipt: str
    dequeue_count: int
    inserted: datetime | None = None
    expires: datetime | None = None
    next_visible: datetime | None = None


class QueueStore:
    """A queue that may not exist yet."""

    def __init__(self, connection: str, name: str, *, is_base64: bool) -> None:
        self.name = name
        self._is_base64 = is_base64
        self._client = QueueClient.from_connection_string(connection, name, retry_total=0)

    def receive(self, count: int, lease: int) -> list[Message] | None:
        """At most `count` messages, invisible to others for `lease` s; None: no such queue."""
        pages = self._client.receive_messages(messages_per_page=count, visibility_timeout=lease)
        try:
            page = next(pages.by_page(), ())
        except ResourceNotFoundError:
            return None
        return [self._taken(message) for message in page]

    def renew(self, message: Message, lease: float) -> bool:
        """Hides the message for `lease` s more (0: shows it); False if it is no longer ours."""
        try:
            updated = self._client.update_message(
                message.id, pop_receipt=message.receipt, visibility_timeout=int(lease)
            )
        except HttpResponseError as error:
            if error.status_code not in _NOT_OURS:
                raise
            return False
        message.receipt = updated.pop_receipt or message.receipt
        return True

    def delete(self, message: Message) -> bool:
        """Removes the message for good; False if it is no longer ours."""
        try:
            self._client.delete_message(message.id, pop_receipt=message.receipt)
        except HttpResponseError as error:
            if error.status_code not in _NOT_OURS:
                raise
            return False
        return True

    def send(self, body: bytes) -> None:
        """Adds a message in the queue's encoding, creating the queue if need be."""
        self.send_text(base64.b64encode(body).decode() if self._is_base64 else body.decode())

    def send_text(self, text: str) -> None:
        """Adds a message as it is, creating the queue if need be."""
        try:
            self._client.send_message(text)
        except ResourceNotFoundError:
            self._create()
            self._client.send_message(text)

    def _create(self) -> None:
        with contextlib.suppress(ResourceExistsError):  # somebody else was faster
            self._client.create_queue()

    def _taken(self, message: QueueMessage) -> Message:
        return Message(
            id=message.id,
            text=message.content,
            body=_decode(message.content) if self._is_base64 else message.content.encode(),
            receipt=message.pop_receipt or "",
            dequeue_count=message.dequeue_count or 0,
            inserted=message.inserted_on,
            expires=message.expires_on,
            next_visible=message.next_visible_on,
        )


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
